package action

import (
	"context"
	"strconv"
	"strings"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

// Watch sends the action now and each time it moves on, and closes when it has ended or ctx does. A slow receiver
// gets the newest state, not every one.
func (s *Service) Watch(ctx context.Context, scope access.Scope, id string) (<-chan *actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "NOT_FOUND", Message: "There is no such action."}
	}
	if _, err := s.existing(ctx, id); err != nil {
		return nil, err
	}
	out := make(chan *actions.Action) // closed by the goroutine below
	ctx, cancel := context.WithCancel(ctx)
	heads, targets := s.Store.Watch(ctx, headKey(id)), s.Store.Watch(ctx, targetPrefix+id+"/")
	go func() {
		defer close(out)
		defer cancel()
		v := view{targets: map[int]*actions.Target{}}
		var next *actions.Action
		for {
			var to chan<- *actions.Action
			if next != nil {
				to = out
			}
			select {
			case c, ok := <-heads:
				if !ok {
					return
				}
				for _, e := range c.Entries {
					if e.Key != headKey(id) {
						continue
					}
					a, err := decodeHead(e)
					if err != nil {
						s.Log.Error("watched action cannot be read", "action_id", id, "err", err)
						return
					}
					v.head = a
				}
			case c, ok := <-targets:
				if !ok {
					return
				}
				for _, e := range c.Entries {
					t, err := decodeTarget(e)
					i, indexErr := strconv.Atoi(e.Key[strings.LastIndex(e.Key, "/")+1:])
					if err != nil || indexErr != nil {
						s.Log.Error("watched action cannot be read", "action_id", id, "err", err)
						return
					}
					v.targets[i] = t
				}
			case to <- next:
				if v.ended() && next.State == v.head.State {
					return
				}
				next = nil
				continue
			}
			if whole := v.whole(); whole != nil {
				next = s.shown(whole)
			}
		}
	}()
	return out, nil
}

// view is one action as its watches have told it so far. Targets are never changed in place.
type view struct {
	head    *actions.Action
	targets map[int]*actions.Target
}

// whole is nil until every target has been heard of.
func (v *view) whole() *actions.Action {
	if v.head == nil || len(v.targets) < v.head.Count {
		return nil
	}
	a := *v.head
	a.Targets = make([]*actions.Target, a.Count)
	for i := range a.Targets {
		a.Targets[i] = v.targets[i]
		if a.Targets[i] == nil {
			return nil
		}
	}
	if v.ended() && v.behind(&a) {
		return nil
	}
	return &a
}

// behind: the head's watch may run ahead of the targets'. An ended action has no target under way.
func (v *view) behind(a *actions.Action) bool {
	for _, t := range a.Targets {
		if t.State == running || t.State == ready {
			return true
		}
	}
	return false
}

func (v *view) ended() bool {
	switch v.head.State {
	case succeeded, failed, stopped:
		return true
	}
	return false
}
