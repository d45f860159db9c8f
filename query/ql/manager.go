package ql

import (
	"regexp"
	"slices"
	"strings"
)

// nobody is what managedby: asks of objects that no system manages.
const nobody = "none"

func (v *Value) isNobody() bool { return v.Kind == Literal && strings.EqualFold(v.Text, nobody) }

// systemOf is the system of argocd/shop.
func systemOf(manager string) string {
	system, _, _ := strings.Cut(manager, "/")
	return system
}

// manager compares a value with one manager: with all of it, or with its system.
func (v *Value) manager(op Op, s string) bool { return v.text(op, s) || v.text(op, systemOf(s)) }

// manager checks that a system is one of those that are known: another would never be found.
func (p *parser) manager(f *field, v *Value) error {
	switch v.Kind {
	case Regex:
		return nil
	case Glob:
		v.re = regexp.MustCompile(v.anchored())
		return nil
	}
	var names []string
	for _, s := range systems {
		if strings.EqualFold(s.name, systemOf(v.Text)) {
			return nil
		}
		names = append(names, s.name)
	}
	fix := "Systems are " + strings.Join(names, ", ") + "; a name follows a slash: " + f.name + ":argocd/shop, " + f.name + ":*/shop."
	near := nearest(systemOf(v.Text), names)
	for _, name := range names {
		if strings.HasPrefix(name, strings.ToLower(systemOf(v.Text))) {
			near = name
		}
	}
	if near != "" {
		fix = "Did you mean " + f.name + ":" + near + strings.TrimPrefix(v.Text, systemOf(v.Text)) + "?"
	}
	return p.fail(CodeBadValue, v.From, v.To, fix, "There is no system %s.", quote(systemOf(v.Text)))
}

// managed is managedby: of an object with these managers.
func (x *Filter) managed(managers []string) bool {
	if x.Op == OpHas {
		return len(managers) > 0
	}
	return x.any(func(v *Value) bool {
		if v.isNobody() {
			return len(managers) == 0
		}
		return slices.ContainsFunc(managers, func(s string) bool { return v.manager(x.Op, s) })
	})
}

func (c *compiler) managers(x *Filter, column string) string {
	if x.Op == OpHas {
		return "notEmpty(" + column + ")"
	}
	var either, parts []string
	for i := range x.Values {
		v := &x.Values[i]
		if v.isNobody() {
			either = append(either, "empty("+column+")")
			continue
		}
		parts = append(parts, c.compare("x", x.Op, v), c.compare("substringIndex(x, '/', 1)", x.Op, v))
	}
	if len(parts) > 0 {
		either = append(either, "arrayExists(x -> "+anyOf(parts)+", "+column+")")
	}
	return anyOf(either)
}

// systems are what managedby: completes to when nothing else is known.
var systems = []struct{ name, detail string }{
	{"argocd", "an Argo CD Application"}, {"flux", "a Flux Kustomization or HelmRelease"}, {"helm", "a Helm release"}, {"karmada", "a copy that Karmada placed"},
	{"ocm", "a ManifestWork of Open Cluster Management"}, {"clusternet", "a Description of Clusternet"}, {"fleet", "a Bundle of Fleet"},
	{"configsync", "Config Sync"}, {"kubefed", "KubeFed"}, {"terraform", "Terraform wrote it"}, {"kustomize", "built by Kustomize"},
	{"kubectl", "applied by kubectl"}, {"controller", "its owner makes it"}, {nobody, "no system is known to manage it"},
}
