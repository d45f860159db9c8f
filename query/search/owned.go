package search

import (
	"context"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// owned are the rows of a set that belong to an owner. ok is false when columns cannot tell.
func (r *reading) owned(set columns.Set, o *records.Owner, owners *ql.Query) (_ columns.Set, ok bool) {
	uids := o.UIDs
	if owners != nil {
		roots, ok := r.matching(owners)
		if !ok {
			return nil, false
		}
		uids = r.uids(roots)
	}
	for range o.Levels {
		uids = r.uids(r.v.OwnedBy(r.scoped, uids))
	}
	return r.v.OwnedBy(set, uids), true
}

func (r *reading) uids(set columns.Set) []string {
	uids := make([]string, 0, set.Count())
	set.Each(func(row uint32) { uids = append(uids, r.v.UIDOf(row)) })
	return uids
}

// ownersOf reads the query of an owner; nil when it is known by UID.
func (a *question) ownersOf(ctx context.Context, o *records.Owner) (*ql.Query, error) {
	if o == nil {
		return nil, nil
	}
	if !a.q.At().IsZero() || a.q.Deleted() {
		return nil, &access.Error{Code: ql.CodeUnsupported, Message: "Who belongs to whom is known of what is there now.", Fix: "Leave at: and deleted: out, or use owner: in the query."}
	}
	if len(o.UIDs) > 0 {
		return nil, nil
	}
	return ql.Parse(o.Query, a.s.options(ctx, a.f, ql.Resources, a.now))
}
