package ql

import (
	"encoding/json"
	"strings"

	"github.com/foretop/foretop/internal/kube"
)

// content: finds text anywhere in the stored JSON of an object, in values and in keys. It is the text as people know it,
// which is looked for as JSON writes it. A to Z stand for a to z; other letters mind case.

// shortest is the least text worth reading every object for.
const shortest = 3

func (p *parser) content(f *field, v *Value) error {
	if v.Kind != Literal {
		return p.fail(CodeBadValue, v.From, v.To, `Write content:"text" with the text as it stands; paths and names take wildcards and expressions.`, "content takes a text, no pattern.")
	}
	if len(v.Text) < shortest {
		return p.fail(CodeBadValue, v.From, v.To, "Write at least three letters.", "%s is too short to be looked for in whole manifests.", quote(v.Text))
	}
	return nil
}

// inJSON is the value as it stands in stored objects.
func (v *Value) inJSON() string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v.Text); err != nil {
		return v.Text
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// foldASCII writes A to Z as a to z.
func foldASCII(s []byte) []byte {
	out := make([]byte, len(s))
	for i, c := range s {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		out[i] = c
	}
	return out
}

func (c *compiler) content(x *Filter, column string) string {
	parts := make([]string, len(x.Values))
	for i := range x.Values {
		parts[i] = "positionCaseInsensitive(" + column + ", " + c.p.String(x.Values[i].inJSON()) + ") > 0"
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ")"
	}
	return anyOf(parts)
}

// trait reads what limits: and requests: are asked of.
func (p *parser) trait(f *field, v *Value) error {
	if v.Kind == Literal {
		switch strings.ToLower(v.Text) {
		case "cpu":
			v.Text = "cpu"
			return nil
		case "memory", "mem":
			v.Text = "memory"
			return nil
		}
	}
	return p.fail(CodeBadValue, v.From, v.To, "Write has:"+f.name+", no:"+f.name+", "+f.name+":cpu or "+f.name+":memory; for amounts ask a path, as in spec.template.spec.containers[*].resources."+f.name+".memory>2Gi.",
		"%s tells whether containers have them, of cpu or memory.", f.name)
}

// traitOf is the trait that a value of limits: or requests: asks for; v is nil for has:.
func traitOf(f *field, v *Value) string {
	switch {
	case v == nil && f.name == "limits":
		return kube.TraitLimits
	case v == nil:
		return kube.TraitRequests
	}
	return f.name + "." + v.Text
}

func (c *compiler) traits(x *Filter, column string) string {
	if x.Op == OpHas {
		return "has(" + column + ", " + c.p.String(traitOf(x.def, nil)) + ")"
	}
	if len(x.Values) == 1 {
		return "has(" + column + ", " + c.p.String(traitOf(x.def, &x.Values[0])) + ")"
	}
	wanted := make([]string, len(x.Values))
	for i := range x.Values {
		wanted[i] = traitOf(x.def, &x.Values[i])
	}
	return "hasAny(" + column + ", " + c.p.Strings(wanted) + ")"
}
