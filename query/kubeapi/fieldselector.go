package kubeapi

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/foretop/foretop/internal/kube"
)

// fieldTerms reads a field selector of a kind as conditions in the query language. Beside what Kubernetes takes, fields
// are any path of the object (spec.containers[].name, metadata.annotations['a.b/c']), and operators those of label
// selectors. clusterIn, which may be nil, finds the cluster that a value tells.
func fieldTerms(text string, gr kube.GroupResource, clusterIn func(field, value string) (cluster, rest string)) (terms []string, err error) {
	p := &fieldParser{text: text, of: gr, clusterIn: clusterIn}
	for p.space(); p.i < len(p.text); p.space() {
		term, err := p.requirement()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
		if p.space(); p.i < len(p.text) {
			if p.text[p.i] != ',' {
				return nil, p.fail("a comma is missing before %q", p.text[p.i:])
			}
			p.i++
		}
	}
	return terms, nil
}

type fieldParser struct {
	text string
	i    int
	of   kube.GroupResource

	clusterIn func(field, value string) (cluster, rest string)
}

// is writes the condition that a field has a value, which may stand for the same of one cluster.
func (p *fieldParser) is(f selected, value string) string {
	if p.clusterIn != nil {
		if cluster, rest := p.clusterIn(f.name, value); cluster != "" {
			return "(" + f.is(value) + " OR (cluster=" + quoted(cluster) + " " + f.is(rest) + "))"
		}
	}
	return f.is(value)
}

func (p *fieldParser) fail(format string, args ...any) error {
	return apierrors.NewBadRequest(fmt.Sprintf("the field selector %q cannot be read: %s. Write FIELD=VALUE, FIELD!=VALUE, FIELD in (A,B), FIELD notin (A,B), FIELD or !FIELD, such as spec.containers[].name=web.", p.text, fmt.Sprintf(format, args...)))
}

func (p *fieldParser) space() {
	for p.i < len(p.text) && p.text[p.i] == ' ' {
		p.i++
	}
}

// word takes w when it stands here as a word of its own.
func (p *fieldParser) word(w string) bool {
	rest := p.text[p.i:]
	if !strings.HasPrefix(rest, w) || len(rest) > len(w) && rest[len(w)] != ' ' && rest[len(w)] != '(' {
		return false
	}
	p.i += len(w)
	return true
}

func (p *fieldParser) requirement() (string, error) {
	absent := p.text[p.i] == '!'
	if absent {
		p.i++
		p.space()
	}
	f, err := p.field()
	if err != nil {
		return "", err
	}
	p.space()
	rest := p.text[p.i:]
	if rest == "" || rest[0] == ',' {
		if absent {
			return "-has:" + f.name, nil
		}
		return "has:" + f.name, nil
	}
	if absent {
		return "", p.fail("%q follows a field that is to be absent", rest)
	}
	for _, op := range []string{"==", "!=", "="} {
		if strings.HasPrefix(rest, op) {
			p.i += len(op)
			v, err := p.value()
			if err != nil {
				return "", err
			}
			if op == "!=" {
				return negated(p.is(f, v)), nil
			}
			return p.is(f, v), nil
		}
	}
	not := p.word("notin")
	switch {
	case not, p.word("in"):
	default:
		return "", p.fail("there is no operator %q", rest)
	}
	values, err := p.list()
	if err != nil {
		return "", err
	}
	var any []string
	for _, v := range values {
		any = append(any, p.is(f, v))
	}
	term := "(" + strings.Join(any, " OR ") + ")"
	if not {
		term = negated(term)
	}
	return term, nil
}

func negated(term string) string {
	if positive, is := strings.CutPrefix(term, "-"); is {
		return positive
	}
	return "-" + term
}

// value is the rest of a requirement, with the escapes that Kubernetes has for commas, equal signs and backslashes.
func (p *fieldParser) value() (string, error) {
	from := p.i
	for p.i < len(p.text) && p.text[p.i] != ',' {
		if p.text[p.i] == '\\' {
			p.i++
		}
		p.i++
	}
	p.i = min(p.i, len(p.text))
	v, err := fields.UnescapeValue(strings.TrimSpace(p.text[from:p.i]))
	if err != nil {
		return "", p.fail("%s", err.Error())
	}
	return unquoted(v), nil
}

func (p *fieldParser) list() (values []string, err error) {
	p.space()
	if p.i >= len(p.text) || p.text[p.i] != '(' {
		return nil, p.fail("a list in parentheses is missing")
	}
	end := strings.IndexByte(p.text[p.i:], ')')
	if end < 0 {
		return nil, p.fail("a parenthesis is never closed")
	}
	for _, v := range strings.Split(p.text[p.i+1:p.i+end], ",") {
		values = append(values, unquoted(strings.TrimSpace(v)))
	}
	p.i += end + 1
	return values, nil
}

// unquoted is a value without the quotes around it.
func unquoted(s string) string {
	if len(s) > 1 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// selected is a field in the query language.
type selected struct {
	name string
	or   string // the field that says the same when the first is empty
	zero string // the value that API servers write by leaving the field out
}

func (f selected) is(value string) string {
	switch {
	case value == "" && f.or != "":
		return "(-has:" + f.name + " -has:" + f.or + ")"
	case f.or != "":
		return "(" + f.name + "=" + quoted(value) + " OR (-has:" + f.name + " " + f.or + "=" + quoted(value) + "))"
	case value == "":
		return "-has:" + f.name
	case value == f.zero:
		return "(-has:" + f.name + " OR " + f.name + "=" + quoted(value) + ")"
	}
	return f.name + "=" + quoted(value)
}

// field reads a path: steps behind dots, in quotes or in brackets; [] or [*] is any element of a list.
func (p *fieldParser) field() (f selected, err error) {
	from := p.i
	var steps []string // keys as they are; brackets as they are written
	var keys []string
	add := func(key string) {
		steps, keys = append(steps, "."+plainOrQuoted(key)), append(keys, key)
	}
	for p.i < len(p.text) {
		switch c := p.text[p.i]; {
		case c == '.':
			p.i++
		case c == '\'' || c == '"':
			end := strings.IndexByte(p.text[p.i+1:], c)
			if end < 0 {
				return f, p.fail("a quote is never closed")
			}
			add(p.text[p.i+1 : p.i+1+end])
			p.i += end + 2
		case c == '[':
			end := strings.IndexByte(p.text[p.i:], ']')
			if end < 0 {
				return f, p.fail("a bracket is never closed")
			}
			inside := p.text[p.i+1 : p.i+end]
			p.i += end + 1
			switch key := unquoted(inside); {
			case inside == "" || inside == "*":
				steps = append(steps, "[*]")
			case key != inside:
				add(key)
			case strings.Trim(inside, "0123456789") == "":
				steps = append(steps, "["+inside+"]")
			default:
				return f, p.fail("brackets hold a key in quotes, the place of an element, or nothing for all of a list, and not %s", inside)
			}
		case strings.IndexByte(" =!,()<>", c) >= 0:
			return p.named(from, steps, keys)
		default:
			at := p.i
			for p.i < len(p.text) && strings.IndexByte(" =!,()<>.['\"", p.text[p.i]) < 0 {
				p.i++
			}
			add(p.text[at:p.i])
		}
	}
	return p.named(from, steps, keys)
}

func (p *fieldParser) named(from int, steps, keys []string) (selected, error) {
	if len(keys) == 0 {
		return selected{}, p.fail("a field is missing")
	}
	if renamed := asStored(p.of, keys[0]); steps[0] == "."+keys[0] {
		steps[0], keys[0] = "."+renamed, renamed
	}
	path := strings.Join(keys, ".")
	f := selected{name: strings.Join(steps, ""), zero: zeros[p.of][path]}
	if path == "status.successful" && p.of == jobs { // the name of the field for selectors alone
		f.name = ".status.succeeded"
		return f, nil
	}
	if len(steps) != len(keys) {
		return f, nil
	}
	switch {
	case path == "source" && stored(p.of) == coreEvents: // the name of the field for selectors alone
		f.name, f.or = ".source.component", ".reportingComponent"
	case path == "metadata.name":
		f.name = "name"
	case path == "metadata.namespace":
		f.name = "ns"
	case path == "metadata.uid":
		f.name = "uid"
	case path == "spec.nodeName" && p.of == pods:
		f.name = "node"
	case len(keys) > 2 && keys[0] == "metadata" && (keys[1] == "labels" || keys[1] == "annotations"):
		f.name = strings.TrimSuffix(keys[1], "s") + "." + quoted(strings.Join(keys[2:], "."))
	}
	return f, nil
}

var (
	pods = kube.GroupResource{Resource: "pods"}
	jobs = kube.GroupResource{Group: "batch", Resource: "jobs"}
)

// zeros are fields that Kubernetes selects by although objects do not have them: what they are then.
var zeros = map[kube.GroupResource]map[string]string{
	{Resource: "nodes"}:                      {"spec.unschedulable": "false"},
	pods:                                     {"spec.hostNetwork": "false"},
	{Resource: "replicationcontrollers"}:     {"status.replicas": "0"},
	{Group: "apps", Resource: "replicasets"}: {"status.replicas": "0"},
	{Group: "batch", Resource: "jobs"}:       {"status.successful": "0"},
}

// plainOrQuoted is a key of a path.
func plainOrQuoted(key string) string {
	for _, c := range key {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return quoted(key)
		}
	}
	return key
}
