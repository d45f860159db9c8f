package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

const (
	// askedCap bounds the objects whose neighbourhood is looked at, the broken ones first.
	askedCap = 100
	// suspectsCap bounds the changes that are weighed: those of related objects first, then the newest.
	suspectsCap = 5000
	// suspectsWindow is the longest stretch of time that is looked at.
	suspectsWindow = 7 * 24 * time.Hour
	// leastScore is what a change needs to be called a suspect: just having happened in the namespace is not enough.
	leastScore = 0.25
)

// followedKinds are written by controllers after what happens to other objects: they tell of a breakage and cause none.
const followedKinds = `(api_group = 'discovery.k8s.io' AND resource = 'endpointslices' OR api_group = '' AND resource IN ('endpoints', 'events') OR api_group = 'events.k8s.io' OR
	api_group = 'coordination.k8s.io' AND resource = 'leases' OR api_group = 'apps' AND resource = 'controllerrevisions')`

// Suspects answers the meaningful changes of the window before a moment that may have broken what query asks for, the
// most suspect first. Every part of a score is a reason that people can read; suspect_reasons.go has the weights.
func (s *Service) Suspects(ctx context.Context, scope access.Scope, query string, before time.Time, window time.Duration, first int) ([]*records.Suspect, error) {
	defer s.metrics.observe("suspects")()
	switch {
	case first < 1 || first > 100:
		return nil, &access.Error{Code: "BAD_PAGE_SIZE", Message: "first is " + strconv.Itoa(first) + ", but there are 1 to 100 suspects.", Fix: "Ask for at most 100."}
	case window < time.Second || window > suspectsWindow:
		return nil, &access.Error{Code: "BAD_REQUEST", Message: "The window must be from one second to seven days.", Fix: "Ask for the hour before the breakage first."}
	}
	a, err := s.ask(ctx, scope, query, ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	if a.f.empty() {
		return []*records.Suspect{}, nil
	}
	asked, err := s.asked(ctx, scope, a, before)
	if err != nil || len(asked) == 0 {
		return []*records.Suspect{}, err
	}
	c, err := s.circle(ctx, a.f, asked)
	if err != nil {
		return nil, err
	}
	c.before, c.window = before, window
	if err := s.breakages(ctx, c); err != nil {
		return nil, err
	}
	changes, err := s.suspectChanges(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, ch := range changes {
		c.weigh(ch)
	}
	changes = slices.DeleteFunc(changes, func(ch *suspectChange) bool { return ch.score < leastScore })
	slices.SortStableFunc(changes, func(x, y *suspectChange) int { // the newest stands first among equals
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return 0
	})
	changes = changes[:min(len(changes), first)]
	wanted := make([]keyVersion, len(changes))
	for i, ch := range changes {
		wanted[i] = ch.keyVersion
	}
	versions, err := s.readVersions(ctx, a.f, wanted)
	if err != nil {
		return nil, err
	}
	read := make(map[keyVersion]*records.Version, len(versions))
	for _, v := range versions {
		if k, ok := a.f.key(v.Ref); ok {
			read[keyVersion{k, v.Ver}] = v
		}
	}
	suspects := make([]*records.Suspect, 0, len(changes))
	for _, ch := range changes {
		if v := read[ch.keyVersion]; v != nil {
			suspects = append(suspects, &records.Suspect{Version: v, Score: ch.score, Reasons: ch.reasons})
		}
	}
	return suspects, nil
}

// asked is the objects that people are worried about: those that query finds now, or else found at that moment.
// When some of them are broken, it is these.
func (s *Service) asked(ctx context.Context, scope access.Scope, a *question, before time.Time) ([]*records.Object, error) {
	find := func(query string) ([]*records.Object, error) {
		r, err := s.Search(ctx, scope, records.Request{Query: query, First: 500, Bare: true})
		if err != nil {
			return nil, err
		}
		return r.Objects, nil
	}
	objects, err := find(a.text)
	if err == nil && len(objects) == 0 && a.q.At().IsZero() {
		objects, err = find(a.text + " at:" + before.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(objects, broken) {
		objects = slices.DeleteFunc(objects, func(o *records.Object) bool { return !broken(o) })
	}
	return objects[:min(len(objects), askedCap)], nil
}

func broken(o *records.Object) bool {
	return bad(string(o.Health), o.Ready) || !o.DeletedAt.IsZero()
}

// bad holds for what is not as wanted; a rollout that is under way counts, since a breakage begins as one.
func bad(health, ready string) bool {
	switch kube.Health(health) {
	case kube.Degraded, kube.Failed, kube.Progressing:
		return true
	}
	return ready == "false"
}

// breakages finds the moments in the window at which what was asked for stopped being as wanted.
func (s *Service) breakages(ctx context.Context, c *circle) error {
	var keys []key
	for k, t := range c.ties {
		switch t.how {
		case tieSelf, tieOwner, tieOwned:
			keys = append(keys, k)
		}
	}
	p := new(clickhouse.Params)
	type state struct {
		bad, good bool // good: it was seen well within the window
		since     time.Time
	}
	states := map[key]*state{}
	err := s.read(ctx, `SELECT `+keyColumns+`, observed_at, toString(health), toString(ready), deleted FROM `+s.db.Table("resource_history")+` WHERE `+keySet(p, keys)+
		` AND `+c.f.bounds(p)+` AND observed_at >= `+p.Time(c.before.Add(-c.window))+` AND observed_at <= `+p.Time(c.before)+` ORDER BY `+keyColumns+`, ver`, p,
		func(rows driver.Rows) error {
			var k key
			var at time.Time
			var health, ready string
			var deleted uint8
			if err := rows.Scan(append(k.dest(), &at, &health, &ready, &deleted)...); err != nil {
				return err
			}
			st := states[k]
			if st == nil {
				st = &state{}
				states[k] = st
			}
			isBad := bad(health, ready) || deleted != 0
			if isBad && !st.bad {
				st.since = at
			}
			st.bad, st.good = isBad, st.good || !isBad
			return nil
		})
	if err != nil {
		return err
	}
	for _, st := range states {
		if st.bad && st.good {
			c.broke = append(c.broke, st.since)
		}
	}
	slices.SortFunc(c.broke, time.Time.Compare)
	return nil
}

// suspectChange is a change that is weighed.
type suspectChange struct {
	keyVersion
	op, kind, app, by, status string
	at                        time.Time
	paths, owners             []string
	score                     float64
	reasons                   []records.SuspectReason
}

// suspectChanges reads what changed in the window around what was asked for: related objects, the same namespaces and
// applications, and what belongs to a whole cluster.
func (s *Service) suspectChanges(ctx context.Context, c *circle) ([]*suspectChange, error) {
	p := new(clickhouse.Params)
	var keys []key
	for k := range c.ties {
		keys = append(keys, k)
	}
	related := keySet(p, keys)
	near := `cluster IN ` + p.Strings(c.clusters) + ` AND namespace IN ` + p.Strings(append([]string{""}, c.namespaces...))
	if len(c.apps) > 0 {
		near = `(` + near + ` OR app IN ` + p.Strings(c.apps) + `)`
	}
	var changes []*suspectChange
	err := s.read(ctx, `SELECT `+keyColumns+`, ver, toString(op), kind, app, toString(changed_by), toString(status), observed_at, changed_paths, owner_refs, `+related+` AS related
		FROM `+s.db.Table("resource_history")+` PREWHERE meaningful = 1 AND observed_at >= `+p.Time(c.before.Add(-c.window))+` AND observed_at <= `+p.Time(c.before)+` WHERE `+c.f.bounds(p)+
		` AND NOT `+followedKinds+` AND (related OR `+near+`) ORDER BY related DESC, observed_at DESC, ver DESC LIMIT 1 BY `+keyColumns+`, ver LIMIT `+p.Int(suspectsCap), p,
		func(rows driver.Rows) error {
			ch := &suspectChange{}
			var related uint8
			err := rows.Scan(append(ch.dest(), &ch.ver, &ch.op, &ch.kind, &ch.app, &ch.by, &ch.status, &ch.at, &ch.paths, &ch.owners, &related)...)
			changes = append(changes, ch)
			return err
		})
	slices.SortStableFunc(changes, func(x, y *suspectChange) int { return y.at.Compare(x.at) })
	return changes, err
}

// named is how a reason speaks of an object.
func named(o *records.Object) string { return fmt.Sprintf("%s %s", o.Kind, o.Ref.Name) }
