package ql

import (
	"slices"
	"sort"
	"strings"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Expect is what can stand at the cursor.
type Expect string

// What can stand at the cursor.
const (
	ExpectTerm  Expect = "term"  // a field, a flag, a kind or a word
	ExpectKey   Expect = "key"   // the key behind label. or annotation.
	ExpectValue Expect = "value" // a value of Field
)

// Types of suggestions.
const (
	suggestField    = "field"
	suggestOperator = "operator" // has:, no:, is:, and the directives
	suggestKind     = "kind"
	suggestValue    = "value"
)

// Completion says what is being typed at the cursor, and what of that needs no data to be suggested.
type Completion struct {
	Expect   Expect
	Field    string               // canonical name, of ExpectValue and ExpectKey
	Key      string               // of label.KEY and annotation.KEY
	Prefix   string               // what is typed of it, without quotes
	From, To int                  // byte range that a suggestion replaces
	Rest     string               // the query without the term under the cursor: what values are counted over; "" when that cannot be read
	Static   []records.Suggestion // best first; Count is -1
}

// Complete says what can stand at the cursor, a byte offset. The caller adds values of Field with their counts over
// Rest (FacetColumn has their column, ValueText writes them), keys of labels, and objects for a word. Names of
// clusters are the caller's; kinds and healths are in Static and may come again, counted, from the caller.
func Complete(text string, cursor int, o Options) Completion {
	c := complete(text, cursor, o)
	for i := range c.Static {
		c.Static[i].From, c.Static[i].To = c.From, c.To
	}
	return c
}

func complete(text string, cursor int, o Options) Completion {
	cursor = max(0, min(cursor, len(text)))
	start, end := termAt(text, cursor)
	p := newParser(text, o)
	c := Completion{Expect: ExpectTerm, From: start, To: end, Rest: rest(text, start, end, o)}
	at := start
	if at < cursor && (text[at] == '-' || text[at] == '!') {
		at++
	}
	c.From = at
	if at < end && text[at] == '"' {
		c.Prefix = strings.Trim(text[at:max(at, cursor)], `"`)
		return c
	}
	name, key, keyed, stop, err := p.fieldName(at)
	if path, _ := p.pathEnd(at); path > at { // what stands there is known to no list
		name, key, keyed, stop = text[at:path], "", false, path
	}
	op, value := "", stop
	if err == nil {
		op, value = p.operator(stop)
	}
	if op == "" || cursor < value || err != nil || op == "~" && p.ends(value) {
		if op != "" && cursor < value { // in the name of a finished filter: leave its value alone
			c.To = value
		}
		c.Prefix = text[at:max(at, min(cursor, end))]
		if name, typed, ok := split(c.Prefix); ok && name != "cluster" {
			c.Expect, c.Field, c.Prefix, c.From = ExpectKey, name, strings.TrimPrefix(typed, `"`), at+strings.IndexByte(c.Prefix, '.')+1
			if op != "" {
				c.To = stop
			}
			return c
		}
		c.Static = p.offers(c.Prefix)
		return c
	}
	c.Expect, c.Field, c.Key = ExpectValue, strings.ToLower(name), key
	f := lookup(name, o.Page)
	if f != nil && (keyed == (f.typ == typMap) || f.typ == typCluster) {
		c.Field = f.name
	}
	c.From, c.To = piece(text, value, cursor, end)
	c.Prefix = strings.Trim(text[c.From:max(c.From, cursor)], `"`)
	if inner, typed, ok := split(c.Prefix); ok && (c.Field == "has" || c.Field == "no" || c.Field == "group") && inner != "cluster" {
		c.Expect, c.From, c.Field, c.Prefix = ExpectKey, c.From+strings.IndexByte(c.Prefix, '.')+1, inner, typed
		return c
	}
	c.Static = p.valuesOf(c.Field, key, f, c.Prefix)
	if strings.HasSuffix(op, "!") {
		c.Static = slices.DeleteFunc(c.Static, func(s records.Suggestion) bool { return strings.HasPrefix(s.Text, "!") })
	}
	return c
}

// termAt is the term that the cursor stands in or behind; an empty range when it stands between terms.
func termAt(text string, cursor int) (start, end int) {
	for i := 0; i < len(text); {
		if c := text[i]; isSpace(c) || c == '(' || c == ')' || c == ',' {
			i++
			continue
		}
		start = i
		for i < len(text) && !isSpace(text[i]) && text[i] != ')' {
			switch {
			case text[i] == '"':
				i = closing(text, i, '"')
			case text[i] == '/' && i > start && strings.IndexByte(":!~,", text[i-1]) >= 0:
				i = closing(text, i, '/')
			case text[i] == '(':
				if i == start || strings.IndexByte(":!", text[i-1]) < 0 || i-1 == start {
					goto done
				}
				for i < len(text) && text[i] != ')' {
					if text[i] == '"' {
						i = closing(text, i, '"')
						continue
					}
					i++
				}
			}
			if i < len(text) {
				i++
			}
		}
	done:
		if start <= cursor && cursor <= i {
			return start, i
		}
		if start > cursor {
			break
		}
		if i == start {
			i++
		}
	}
	return cursor, cursor
}

// closing is the place of the delimiter that closes the one at i, or the end.
func closing(text string, i int, delimiter byte) int {
	for i++; i < len(text); i++ {
		if text[i] == '\\' {
			i++
		} else if text[i] == delimiter {
			return i
		}
	}
	return len(text)
}

// piece is the one value of a list that the cursor stands in.
func piece(text string, value, cursor, end int) (from, to int) {
	stops := func(c byte) bool { return c == ',' || c == '(' || c == ')' || isSpace(c) }
	from, to = value, value
	for i := value; i < end; i++ {
		if text[i] == '"' {
			i = min(closing(text, i, '"'), end-1)
		}
		if stops(text[i]) {
			if i >= cursor {
				return from, i
			}
			from = i + 1
		}
	}
	if to = end; from > to {
		from = to
	}
	return from, to
}

func rest(text string, start, end int, o Options) string {
	s := strings.TrimSpace(strings.TrimSpace(text[:start]) + " " + strings.TrimSpace(text[end:]))
	q, err := Parse(s, o)
	if err != nil {
		return ""
	}
	return q.Canonical()
}

// offers are fields, flags, kinds and directives that begin with what is typed.
func (p *parser) offers(prefix string) []records.Suggestion {
	typed := strings.ToLower(prefix)
	var out []records.Suggestion
	add := func(text, label, kind, detail string) {
		out = append(out, records.Suggestion{Text: text, Label: label, Type: kind, Detail: detail, Count: -1})
	}
	for _, f := range registry {
		if !f.on(p.opts.Page) || p.opts.Page == Events && (f.name == "replicas" || f.name == "readyreplicas") {
			continue
		}
		named := strings.HasPrefix(f.name, typed)
		for _, a := range f.aliases {
			named = named || a == typed || len(typed) > 1 && strings.HasPrefix(a, typed)
		}
		if !named {
			continue
		}
		switch f.typ {
		case typMap:
			add(f.name+".", f.name+".", suggestField, f.detail)
		case typAge, typTime:
			if f.name == "deleted" {
				add("deleted:", "deleted", suggestField, f.detail)
				break
			}
			add(f.name+"<", f.name, suggestField, f.detail)
		case typNumber:
			add(f.name+">", f.name, suggestField, f.detail)
		case typTrait:
			add("no:"+f.name, f.name, suggestField, f.detail)
		case typContent:
			add(f.name+`:"`, f.name, suggestField, f.detail)
		default:
			add(f.name+":", f.name, suggestField, f.detail)
		}
	}
	if len(typed) > 1 {
		for _, k := range p.kindsLike(typed) {
			add("kind:"+k.Text, "kind:"+k.Label, suggestKind, k.Detail)
		}
	}
	for _, d := range prefixes {
		if strings.HasPrefix(d.name, typed) {
			add(d.name+":", d.name, suggestOperator, d.detail)
		}
	}
	for _, d := range directives {
		if strings.HasPrefix(d.name, typed) && !(d.name == "at" && p.opts.Page != Resources) {
			add(d.name+":", d.name, suggestOperator, d.detail)
		}
	}
	if typed != "" {
		for _, fl := range flags {
			if strings.HasPrefix(fl.name, typed) {
				add("is:"+fl.name, "is:"+fl.name, suggestValue, fl.detail)
			}
		}
	}
	return out
}

// kindsLike are kinds with a name that begins with what is typed, those that are called so first.
func (p *parser) kindsLike(typed string) []records.Suggestion {
	var exact, like []records.Suggestion
	for i := range p.kinds {
		k := &p.kinds[i]
		best := -1
		for _, name := range kindNames(k) {
			if name == typed {
				best = 1
			} else if best < 0 && strings.HasPrefix(name, typed) {
				best = 0
			}
		}
		word := p.kinds.write(*k)
		detail := strings.Join(append([]string{k.GroupResource.String()}, k.ShortNames...), ", ")
		s := records.Suggestion{Text: word, Label: word, Type: suggestKind, Detail: detail, Count: -1}
		switch best {
		case 1:
			exact = append(exact, s)
		case 0:
			like = append(like, s)
		}
	}
	if typed == "" { // in the order of how often people ask
		slices.SortStableFunc(like, func(a, b records.Suggestion) int { return common(a.Text) - common(b.Text) })
	}
	return append(exact, like...)
}

// common is the place of a kind among Kubernetes' own, which are listed from the common to the rare.
func common(kind string) int {
	for i := range kube.Builtins {
		if kube.Builtins[i].Kind == kind {
			return i
		}
	}
	return len(kube.Builtins)
}

// valuesOf are the values of a field that are known without data.
func (p *parser) valuesOf(name, key string, f *field, prefix string) []records.Suggestion {
	typed := strings.ToLower(prefix)
	var out []records.Suggestion
	add := func(value, kind, detail string) {
		if strings.HasPrefix(strings.ToLower(strings.TrimPrefix(value, "!")), typed) {
			out = append(out, records.Suggestion{Text: value, Label: value, Type: kind, Detail: detail, Count: -1})
		}
	}
	switch name {
	case "has", "no":
		for _, f := range registry {
			if !f.on(p.opts.Page) || f.typ == typOp || f.typ == typBool || f.typ == typCluster || f.typ == typKind || f.typ == typContent {
				continue
			}
			if f.typ == typMap {
				add(f.name+".", suggestField, f.detail)
			} else {
				add(f.name, suggestField, f.detail)
			}
		}
		return out
	case "is":
		for _, fl := range flags {
			add(fl.name, suggestValue, fl.detail)
		}
		return out
	case "sort":
		var names []string
		for n := range sorts {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			add(n, suggestOperator, "smallest first")
			add(n+"-desc", suggestOperator, "largest first")
		}
		return out
	case "group":
		for _, f := range registry {
			if !f.on(p.opts.Page) || !f.counted(p.opts.Page) {
				continue
			}
			if f.typ == typMap {
				add(f.name+".", suggestField, f.detail)
			} else {
				add(f.name, suggestField, f.detail)
			}
		}
		return out
	case "at":
		for _, v := range [...][2]string{{"-15m", "15 minutes ago"}, {"-1h", "an hour ago"}, {"-1d", "a day ago"}, {"yesterday", "at its first moment"}} {
			add(v[0], suggestValue, v[1])
		}
		return out
	case "limit":
		for _, v := range [...]string{"100", "500", "1000"} {
			add(v, suggestValue, "")
		}
		return out
	}
	if f == nil || !f.on(p.opts.Page) {
		return nil
	}
	switch f.typ {
	case typKind:
		return p.kindsLike(typed)
	case typCluster:
		seen := map[string]bool{}
		for _, c := range p.opts.Clusters {
			if value, ok := c.Labels[key]; key != "" && ok && !seen[value] {
				seen[value] = true
				add(ValueText(value), suggestValue, "")
			}
		}
	case typStatus:
		add("!Ready", suggestValue, "should be ready and is not")
		add("Ready", suggestValue, "is ready")
		for _, h := range healths {
			add(h, suggestValue, "health")
		}
	case typHealth:
		for _, h := range healths {
			add(h, suggestValue, "")
		}
	case typManager:
		for _, s := range systems {
			add(s.name, suggestValue, s.detail)
		}
	case typTrait:
		add("cpu", suggestValue, "")
		add("memory", suggestValue, "")
	case typReady:
		add("true", suggestValue, "is ready")
		add("false", suggestValue, "should be ready and is not")
	case typBool:
		add("true", suggestValue, "")
		add("false", suggestValue, "")
	case typOp:
		for _, v := range [...]string{"create", "update", "delete", "snapshot"} {
			add(v, suggestValue, "")
		}
	case typAge, typTime:
		if f.name == "deleted" {
			add("true", suggestValue, "tombstones alone")
			add("any", suggestValue, "tombstones too")
			break
		}
		for _, v := range [...]string{"15m", "1h", "1d", "7d"} {
			add(v, suggestValue, "")
		}
	}
	return out
}
