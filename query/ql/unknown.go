package ql

import (
	"fmt"
	"strings"
)

// unknown answers a word with an operator whose left side is no field.
func (p *parser) unknown(from, end int, op string) (Expr, error) {
	run := p.runEnd(end)
	whole, name := p.text[from:run], p.text[from:end]
	if isAddress(whole) {
		return p.finish(&Text{Text: whole, From: from, To: run})
	}
	lower := strings.ToLower(name)
	key := lower
	if head, _, dotted := strings.Cut(lower, "."); dotted && later[key] == "" {
		key = head
	}
	if later[key] != "" {
		fix := instead[key]
		if fix == "" {
			fix = "Leave it out."
		}
		return nil, p.fail(CodeUnsupported, from, end, fix, "%s: cannot be asked yet: %s, in a later version.", name, later[key])
	}
	var names []string
	for _, f := range registry {
		if f.on(p.opts.Page) {
			names = append(append(names, f.name), f.aliases...)
		}
	}
	for _, d := range directives {
		names = append(names, d.name)
	}
	for _, d := range prefixes {
		names = append(names, d.name)
	}
	rest, asText, fix := p.text[end:run], quote(whole), ""
	host, _, port := strings.Cut(whole, ":")
	prefix, key, dotted := strings.Cut(name, ".")
	near := nearest(name, names)
	if above := nearest(prefix, []string{"label", "annotation", "cluster"}); dotted && key != "" && above != "" {
		near = above + "." + key
	}
	switch {
	case near != "":
		fix = fmt.Sprintf("Did you mean %s%s? To search for the text, write %s.", near, rest, asText)
	case op == "": // has:, no:
		fix = fmt.Sprintf("Write label.%s for a label.", name)
	case port && isAddress(host):
		fix = fmt.Sprintf("Write %s for the address, or %s for the text.", host, asText)
	case strings.HasPrefix(rest, "://"):
		fix = fmt.Sprintf("Write %s for the text.", asText)
	case looksLikeImage(name, strings.TrimPrefix(rest, ":")):
		fix = fmt.Sprintf("Write image:%s for an image, or %s for the text.", asText, asText)
	default:
		fix = fmt.Sprintf("Write label.%s%s for a label, or %s for the text.", name, rest, asText)
	}
	return nil, p.fail(CodeUnknownField, from, end, fix, "There is no field %q.", name)
}

func looksLikeImage(name, tag string) bool {
	return tag != "" && (tag == "latest" || '0' <= tag[0] && tag[0] <= '9' || len(tag) > 1 && tag[0] == 'v' && '0' <= tag[1] && tag[1] <= '9' || strings.Contains(name, "/"))
}

// elsewhere answers a field of another page.
func (p *parser) elsewhere(f *field, from, end int) error {
	var where []string
	for _, other := range registry {
		if other.name == f.name {
			where = append(where, map[Page]string{Changes: "changes", Events: "events"}[other.pages[0]])
		}
	}
	return p.fail(CodeUnsupported, from, end, "Ask it there, or leave it out.", "%s: is a field of %s.", f.name, strings.Join(where, " and of "))
}
