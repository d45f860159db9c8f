// Package ql is the language in which people ask for objects, changes and events of the fleet: one parser,
// one tree, and three ways to answer it.
//
// Invariant: for every query and every object, Eval, the condition for ClickHouse and the rows of columns agree, with a
// vocabulary and without.
//
//	text --Parse--> Query --ClickHouse--> condition on the columns of resources, resource_history or events
//	                      --Rows--------> rows of columns in memory, words by a Vocabulary in bleve
//	                      --Eval--------> the reference, in plain Go
//
// Semantics that surprise:
//   - f:v compares whole values without case, with * and ?; f=v and f!=v compare bytes.
//   - A negation is NOT(match), so label.x!=v holds for objects without the label, as with kubectl. The one exception
//     is readiness, which has three values: true, false, and none for kinds that cannot be ready. status:!Ready,
//     -status:Ready, ready:!true and -is:ready all mean "should be ready and is not", so that Services and ConfigMaps
//     never show up among broken workloads. Only a negation directly on the filter counts: NOT (status:Ready ns:a)
//     is a plain NOT.
//   - A number that a kind does not have (replicas of a Node) is neither below nor above anything.
//   - A label or annotation is present when its key is, even with an empty value.
//   - is:unhealthy and the other flags are short for filters, and Canonical writes those.
//   - env:, region:, zone: and provider: are told by labels: of the object or its Node for zone: and region:, else of the
//     cluster.
//   - A word that is the name of a cluster finds all that is in it.
//   - Free text is a set of words: those of a "quoted phrase" may stand anywhere in the object.
//   - A path steps into lists by itself, one list at a time, and holds when any element does. A text is neither above
//     nor below a number.
//   - In an object with a number beyond 64 bits that is written without an exponent, or beyond a double, ClickHouse reads
//     no path at all, where Eval does: the one known exception to the invariant. No kind of Kubernetes has such numbers.
//   - Tombstones are left out unless the query has a deleted: filter.
package ql

import (
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// Page says what rows a query is asked of. Most fields mean the same on every page.
type Page int

// Pages.
const (
	Resources Page = iota // objects as they are, or were at a moment
	Changes               // versions: rows of resource_history
	Events                // Kubernetes events; filters on object state ask the object the event is about
)

// ReadPage reads the name of a page: resources, changes or events.
func ReadPage(name string) (Page, error) {
	switch name {
	case "resources":
		return Resources, nil
	case "changes":
		return Changes, nil
	case "events":
		return Events, nil
	}
	return 0, &access.Error{Code: "BAD_PAGE", Message: "There is no page " + quote(name) + ".", Fix: "Pages are resources, changes and events."}
}

// Options is what a query is read against.
type Options struct {
	Now      time.Time      // when the question is asked; zero means now. Its location is the zone of clock times
	Page     Page           //
	Kinds    []records.Kind // what members serve; Kubernetes' own kinds are always known
	Clusters []Cluster      // members; nil means unknown, then names are not checked and match nothing in ClickHouse
	Typing   bool           // the last bare word is still being typed: it matches as a prefix
}

// Cluster is a member as cluster: and cluster.LABEL: see it.
type Cluster struct {
	Name, UID string
	Labels    map[string]string
}

// Sort is the order a query asks for.
type Sort struct {
	Field  string // as the user names it, in canonical form
	Column string // of resources and resource_history
	Desc   bool   // of Column: sort:age-asc is created_at descending
}

// GroupBy is a field that results are counted by, as FacetColumn reads it: cluster, ns, image.tag, label.KEY.
type GroupBy struct{ Field string }

// Query is a parsed query. It does not change, and is safe for concurrent use.
type Query struct {
	page     Page
	now      time.Time
	root     Expr // nil matches everything
	at       time.Time
	atText   string // as written back
	sort     *Sort
	sortText string
	group    []GroupBy
	limit    int
}

// Root is the tree of conditions; nil matches everything.
func (q *Query) Root() Expr { return q.root }

// Page is what the query is asked of.
func (q *Query) Page() Page { return q.page }

// Now is the moment all relative times were computed from, in whole milliseconds. Pages after the first parse the
// query with the Now of the first (in the same zone, which clock times are in), so that bounds do not move.
func (q *Query) Now() time.Time { return q.now }

// At is the moment that at: names; zero means now.
func (q *Query) At() time.Time { return q.at }

// Sort is the order that sort: names; nil means the page's own.
func (q *Query) Sort() *Sort { return q.sort }

// Group is what group: names, in its order; empty means none.
func (q *Query) Group() []GroupBy { return q.group }

// Limit is the number that limit: names; 0 means none.
func (q *Query) Limit() int { return q.limit }
