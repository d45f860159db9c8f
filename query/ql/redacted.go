package ql

import (
	"slices"
	"strings"
)

// What is secret never leaves a cluster, so a question for it would find nothing, or everything. These say so.

// credentials end the names of fields whose texts collectors leave out wherever they stand, in lower case without
// dashes. Collectors know more; these are beyond doubt.
var credentials = []string{"password", "passwd", "passphrase", "privatekey", "apikey", "secretkey", "secretaccesskey", "accesstoken", "authtoken", "clientsecret"}

var plainKey = strings.NewReplacer("-", "", "_", "", ".", "")

// redacted refuses a path to what is never collected.
func (p *parser) redacted(x *Filter) error {
	steps := x.def.steps
	if x.def.typ != typObject || steps[0].kind != stepKey {
		return nil
	}
	switch first := steps[0].key; {
	case first == "stringData" || first == "binaryData":
		return p.fail(CodeRedacted, x.From, x.To, "Search for the name of the key as a word.", "%s is never collected, only the names of its keys.", first)
	case first == "metadata" && len(steps) > 1 && steps[1].key == "managedFields":
		return p.fail(CodeRedacted, x.From, x.To, "Ask who made the last change, as in changed.by:helm.", "metadata.managedFields is not kept.")
	}
	last := steps[len(steps)-1]
	for i := len(steps) - 1; i > 0 && last.kind != stepKey; i-- {
		last = steps[i-1]
	}
	if x.Op == OpHas {
		return nil
	}
	key := plainKey.Replace(strings.ToLower(last.key))
	if !slices.ContainsFunc(credentials, func(end string) bool { return strings.HasSuffix(key, end) }) {
		return nil
	}
	for i := range x.Values {
		switch strings.ToLower(x.Values[i].Text) {
		case "", "true", "false", "none", "null", "0", "1", "[redacted]":
			continue
		}
		fix := "Write has:" + x.Field + " to find where there is one."
		if steps[0].key == "data" {
			fix = "Search for the name of the key as a word."
		}
		return p.fail(CodeRedacted, x.From, x.To, fix, "The text of %s is taken out before it leaves the cluster.", x.Field)
	}
	return nil
}

// ofSecrets refuses a path into data beside a condition that leaves Secrets alone.
func (p *parser) ofSecrets(root Expr) error {
	members, ok := root.(And)
	if !ok {
		return nil
	}
	alone := false
	for _, m := range members {
		f, ok := m.(*Filter)
		if ok && f.def.typ == typKind && !f.Not && f.Op != OpHas {
			secrets := true
			for i := range f.Values {
				for _, k := range f.Values[i].kinds {
					secrets = secrets && k.Group == "" && k.Resource == "secrets"
				}
			}
			alone = alone || secrets
		}
	}
	if !alone {
		return nil
	}
	var err error
	walk(root, func(x Expr) {
		if f, ok := x.(*Filter); ok && err == nil && f.def.typ == typObject && f.def.steps[0].key == "data" {
			err = p.fail(CodeRedacted, f.From, f.To, "Search for the name of the key as a word.", "What Secrets hold is never collected, only the names of their keys.")
		}
	})
	return err
}
