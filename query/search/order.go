package search

import (
	"strconv"
	"strings"

	"github.com/foretop/foretop/internal/clickhouse"
)

// term is one expression that a list is ordered by: SQL that yields Int64, or String when text.
type term struct {
	sql  string
	text bool
	desc bool
}

// order is a total order over objects: whatever leads, the key decides in the end.
type order []term

// keyOrder ends every order. Same-named objects of different clusters stand side by side.
func keyOrder(f *fleet, p *clickhouse.Params) order {
	return order{{sql: "toString(api_group)", text: true}, {sql: "toString(resource)", text: true}, {sql: "toString(namespace)", text: true}, {sql: "name", text: true}, {sql: f.clusterName(p), text: true}}
}

// kindWeight puts what people run before what runs for them, and that before all else.
const kindWeight = `multiIf(api_group = 'apps' AND resource IN ('deployments', 'statefulsets', 'daemonsets'), 0, api_group = 'batch' AND resource IN ('cronjobs', 'jobs'), 1, ` +
	`api_group = '' AND resource = 'pods', 2, api_group = '' AND resource IN ('services', 'nodes', 'namespaces', 'configmaps', 'secrets', 'persistentvolumeclaims'), 3, 4)`

// remember is an array of what a cursor has to remember.
func (o order) remember() string {
	values := make([]string, len(o))
	for i, t := range o {
		values[i] = "toString(" + t.sql + ")"
	}
	return "[" + strings.Join(values, ", ") + "]"
}

func (o order) by() string {
	terms := make([]string, len(o))
	for i, t := range o {
		terms[i] = t.sql
		if t.desc {
			terms[i] += " DESC"
		}
	}
	return strings.Join(terms, ", ")
}

// after is the predicate of rows behind the values, empty at the start.
func (o order) after(p *clickhouse.Params, c *cursor) (string, error) {
	if c == nil {
		return "1", nil
	}
	predicate := "0"
	for i := len(o) - 1; i >= 0; i-- {
		t, v := o[i], ""
		if t.text {
			v = p.String(c.Values[i])
		} else {
			n, err := strconv.ParseInt(c.Values[i], 10, 64)
			if err != nil {
				return "", badCursor()
			}
			v = p.Int(n)
		}
		op := " > "
		if t.desc {
			op = " < "
		}
		if predicate == "0" {
			predicate = t.sql + op + v
			continue
		}
		predicate = "(" + t.sql + op + v + " OR (" + t.sql + " = " + v + " AND " + predicate + "))"
	}
	return predicate, nil
}
