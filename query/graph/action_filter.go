package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

// maxScanned bounds how many actions one page of a narrowed list looks at; its cursor goes on behind them.
const maxScanned = 1000

// actionFilter narrows a list of actions: FIELD:VALUE terms and words, of which all must hold.
type actionFilter []actionTerm

type actionTerm struct {
	field  string // "" is a word
	values []string
	not    bool
}

// actionFields are what of an action can be asked for.
var actionFields = map[string]func(*actions.Action) []string{
	"state":  func(a *actions.Action) []string { return []string{a.State} },
	"verb":   func(a *actions.Action) []string { return []string{a.Verb} },
	"actor":  func(a *actions.Action) []string { return []string{a.Actor, a.RunBy} },
	"source": func(a *actions.Action) []string { return []string{a.Source} },
	"cluster": func(a *actions.Action) []string {
		var names []string
		for _, t := range a.Targets {
			if name, _, ok := strings.Cut(t.Ref, ":"); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	},
	"": func(a *actions.Action) []string { return []string{a.ID, a.Title, a.Reason, a.Actor} },
}

func parseActionFilter(text string) (actionFilter, error) {
	var f actionFilter
	for _, word := range strings.Fields(text) {
		t := actionTerm{values: []string{word}}
		if rest, ok := strings.CutPrefix(word, "-"); ok && rest != "" {
			t.not, t.values = true, []string{rest}
		}
		if field, value, ok := strings.Cut(t.values[0], ":"); ok {
			if field == "" || actionFields[field] == nil {
				return nil, &access.Error{Code: "QL_UNKNOWN_FIELD", Message: fmt.Sprintf("Actions have no field %q.", field), Fix: "Use state, verb, actor, source, cluster, or words of the title or reason."}
			}
			t.field, t.values = field, strings.Split(value, ",")
		}
		f = append(f, t)
	}
	return f, nil
}

func (f actionFilter) holds(a *actions.Action) bool {
	for _, t := range f {
		if t.matches(actionFields[t.field](a)) == t.not {
			return false
		}
	}
	return true
}

// matches compares whole values of a field, and looks for words anywhere, whatever their case.
func (t actionTerm) matches(have []string) bool {
	for _, h := range have {
		for _, v := range t.values {
			if t.field == "" && strings.Contains(strings.ToLower(h), strings.ToLower(v)) || t.field != "" && strings.EqualFold(h, v) {
				return true
			}
		}
	}
	return false
}

// narrowed lists actions that the filter holds for. The cursor is that of the last one that was looked at.
func (r *resolver) narrowed(ctx context.Context, f actionFilter, first int, after string) (*actionConnection, error) {
	c := &actionConnection{cursor: after, nodes: []*actionResolver{}}
	scope := access.FromContext(ctx)
	for scanned := 0; scanned < maxScanned; {
		list, more, err := r.actions.Actions(ctx, scope, 100, c.cursor)
		if err != nil {
			return nil, err
		}
		for i, a := range list {
			c.cursor = a.ID
			if f.holds(a) {
				c.nodes = append(c.nodes, &actionResolver{a})
			}
			if len(c.nodes) == first {
				c.more = more || i < len(list)-1
				return c, nil
			}
		}
		c.more = more
		if !more {
			return c, nil
		}
		scanned += len(list)
	}
	return c, nil
}
