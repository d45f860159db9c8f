package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
)

// Query is a question to the audit, in a small part of the hub's language: FIELD:VALUE, several values by comma, globs
// with * and ?, quotes, a minus before what must not match, and bare words that are looked for everywhere. All must hold.
type Query struct {
	terms []term
}

type term struct {
	field  string // "" for a bare word
	values []string
	not    bool
	at     time.Time // since, until
}

// fields are what can be asked for, with the columns that answer.
var fields = map[string][]string{
	"actor":   {"actor"},
	"verb":    {"verb"},
	"cluster": {"cluster_name", "cluster"},
	"ns":      {"namespace"},
	"name":    {"name"},
	"kind":    {"resource"},
	"uid":     {"uid"},
	"result":  {"result"},
	"phase":   {"phase"},
	"action":  {"action_id"},
	"reason":  {"reason"},
	"source":  {"source"},
	"seq":     nil,
	"ref":     nil,
	"since":   nil,
	"until":   nil,
}

var synonyms = map[string]string{"namespace": "ns", "resource": "kind", "by": "actor", "user": "actor", "id": "action", "c": "cluster"}

// fieldNames are the fields as people are told of them.
const fieldNames = "actor, verb, cluster, ns, kind, name, uid, ref, result, phase, action, reason, source, seq, since, until"

// Parse reads a query as of now.
func (l *Log) Parse(text string) (*Query, error) { return parse(text, l.now()) }

func parse(text string, now time.Time) (*Query, error) {
	q := &Query{}
	for from := 0; ; {
		from += len(text[from:]) - len(strings.TrimLeftFunc(text[from:], unicode.IsSpace))
		if from == len(text) {
			return q, nil
		}
		to := wordEnd(text, from)
		t, err := readTerm(text, from, to, now)
		if err != nil {
			return nil, err
		}
		q.terms = append(q.terms, t)
		from = to
	}
}

// wordEnd is where the word that begins at from ends: at a space outside of quotes.
func wordEnd(text string, from int) int {
	quoted := false
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			return i
		}
	}
	return len(text)
}

func bad(code string, from, to int, fix, format string, args ...any) error {
	return &access.Error{Code: code, Message: fmt.Sprintf(format, args...), Fix: fix, From: from, To: to}
}

func readTerm(text string, from, to int, now time.Time) (term, error) {
	word := text[from:to]
	var t term
	rest, not := strings.CutPrefix(word, "-")
	t.not = not
	name, value, keyed := strings.Cut(rest, ":")
	if strings.HasPrefix(rest, `"`) {
		keyed = false
	}
	if keyed {
		t.field = strings.ToLower(name)
		if s, ok := synonyms[t.field]; ok {
			t.field = s
		}
		if _, ok := fields[t.field]; !ok {
			return t, bad("QL_UNKNOWN_FIELD", from, to, "There are "+fieldNames+".", "The audit has no field %q.", name)
		}
	} else {
		value = rest
	}
	if strings.Count(value, `"`)%2 == 1 {
		return t, bad("QL_SYNTAX", from, to, "Close it.", "A quote is open.")
	}
	t.values = split(value)
	if slices.Contains(t.values, "") {
		return t, bad("QL_SYNTAX", from, to, `Write as in actor:anna, verb:SCALE,RESTART or reason:"rotate certificates".`, "A value is missing.")
	}
	switch t.field {
	case "since", "until":
		if len(t.values) != 1 || t.not {
			return t, bad("QL_BAD_VALUE", from, to, "Write since:2h or since:2026-11-20T09:00:00Z.", "%s takes one moment.", t.field)
		}
		at, ok := moment(t.values[0], now)
		if !ok {
			return t, bad("QL_BAD_VALUE", from, to, "Write since:2h, since:7d, since:2026-11-20 or since:2026-11-20T09:00:00Z.", "%q is no moment.", t.values[0])
		}
		t.at = at
	case "seq":
		for _, v := range t.values {
			if _, err := strconv.ParseUint(v, 10, 64); err != nil {
				return t, bad("QL_BAD_VALUE", from, to, "Write seq:17.", "%q is no row's number.", v)
			}
		}
	case "ref":
		for _, v := range t.values {
			if _, err := kube.ParseRef(v); err != nil {
				return t, bad("QL_BAD_VALUE", from, to, "Write it as CLUSTER:NAMESPACE/RESOURCE.GROUP/NAME.", "%q is no reference.", v)
			}
		}
	}
	return t, nil
}

// split takes a value apart at commas outside of quotes, and takes the quotes off.
func split(value string) []string {
	var list []string
	var b strings.Builder
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && quoted && i+1 < len(value):
			i++
			b.WriteByte(value[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			list = append(list, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(list, b.String())
}

// moment reads 90m, 2h, 7d, 3w before now, a date or a time.
func moment(s string, now time.Time) (time.Time, bool) {
	if n := len(s) - 1; n > 0 && strings.IndexByte("smhdw", s[n]) >= 0 {
		if count, err := strconv.ParseUint(s[:n], 10, 32); err == nil {
			unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[n]]
			if count > uint64(200*365*24*time.Hour/unit) {
				return time.Time{}, false
			}
			return now.Add(-time.Duration(count) * unit), true
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// sql is the query as a condition.
func (q *Query) sql(p *clickhouse.Params) string {
	all := []string{"1"}
	for _, t := range q.terms {
		var any []string
		switch t.field {
		case "since":
			any = append(any, "at >= "+p.Time(t.at))
		case "until":
			any = append(any, "at < "+p.Time(t.at))
		case "seq":
			for _, v := range t.values {
				n, _ := strconv.ParseUint(v, 10, 64) // read before
				any = append(any, "seq = "+p.Uint(n))
			}
		case "ref":
			for _, v := range t.values {
				r, _ := kube.ParseRef(v) // read before
				any = append(any, fmt.Sprintf("(cluster_name = %s AND namespace = %s AND api_group = %s AND resource = %s AND name = %s)",
					p.String(r.Cluster), p.String(r.Namespace), p.String(r.Group), p.String(r.Resource), p.String(r.Name)))
			}
		case "":
			for _, v := range t.values {
				at := p.String(v)
				var in []string
				for _, column := range []string{"action_id", "actor", "verb", "cluster_name", "namespace", "name", "reason", "detail"} {
					in = append(in, "positionCaseInsensitiveUTF8("+column+", "+at+") > 0")
				}
				any = append(any, "("+strings.Join(in, " OR ")+")")
			}
		case "reason":
			for _, v := range t.values {
				any = append(any, like("reason", "*"+v+"*", p))
			}
		default:
			for _, v := range t.values {
				for _, column := range fields[t.field] {
					any = append(any, like(column, v, p))
				}
			}
		}
		condition := "(" + strings.Join(any, " OR ") + ")"
		if t.not {
			condition = "NOT " + condition
		}
		all = append(all, condition)
	}
	return strings.Join(all, " AND ")
}

// like compares whatever the case, with * and ? for any text and any character.
func like(column, glob string, p *clickhouse.Params) string {
	pattern := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(glob)
	return column + " ILIKE " + p.String(pattern)
}
