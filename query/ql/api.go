package ql

import (
	"errors"
	"time"

	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Params binds values; *clickhouse.Params satisfies it. Every method returns the placeholder to put into the SQL.
type Params interface {
	String(string) string
	Strings([]string) string
	Int(int64) string
	Time(time.Time) string
}

// Env is what conditions need of their surroundings.
type Env struct {
	// UIDs makes a subquery of one column, the uids of the objects for which where holds: objects as of the query's
	// moment, within the caller's scope, tombstones included. owner: and filters on the objects of events use it.
	// It may be called several times, also with the result of an earlier call inside where.
	UIDs func(where string) string
}

// Parse reads a query. Errors are *access.Error with a code (QL_SYNTAX, QL_UNKNOWN_FIELD, QL_BAD_VALUE,
// QL_TOO_COMPLEX, QL_UNSUPPORTED), a position and, where there is one, a fix.
func Parse(text string, o Options) (*Query, error) { return nil, errors.New("ql: not yet") }

// Canonical writes the query so that Parse reads it back as the same query. "" matches everything.
func (q *Query) Canonical() string { return "" }

// Deleted reports whether the query has a deleted: filter. Without one, ClickHouse and Eval leave tombstones out
// (but not on the Changes page, where a deletion is a change).
func (q *Query) Deleted() bool { return false }

// HasText reports whether the query has free text, so that an index can rank.
func (q *Query) HasText() bool { return false }

// Words are the tokens of free text that must match, for highlighting.
func (q *Query) Words() []string { return nil }

// Terms says in words how each condition is understood.
func (q *Query) Terms() []string { return nil }

// Without is the query without its top-level filters on field: what a facet of that field counts over.
func (q *Query) Without(field string) *Query { return q }

// ClickHouse is the query as a boolean SQL expression over the columns of resources or resource_history (events on
// the Events page), in parentheses, every value bound by p. It holds everything but scope, at:, sort: and limit:,
// in particular `deleted = 0` where that is meant. A query without conditions is "1".
func (q *Query) ClickHouse(p Params, env Env) (string, error) { return "", errors.New("ql: not yet") }

// Bleve is the whole query for the text index, text ranked; false when the index cannot answer all of it (times,
// numbers, annotations, owners, regular expressions, leading wildcards, at:, deleted:). Then BleveText gives
// candidates and ClickHouse decides.
func (q *Query) Bleve() (query.Query, bool) { return nil, false }

// BleveText is a query for the text index that every matching object matches: the part the index can answer. It is
// false when nothing of the query narrows the index.
func (q *Query) BleveText() (query.Query, bool) { return nil, false }

// Document is o as the text index wants it.
func Document(o *records.Object) map[string]any { return nil }

// IndexMapping declares the fields that Document fills.
func IndexMapping() *mapping.IndexMappingImpl { return nil }

// Eval says whether o matches, in plain Go. owners finds an object by its uid in a cluster for owner: filters beyond
// the direct owner; nil means that direct owners are all there is.
func (q *Query) Eval(o *records.Object, owners func(clusterUID, uid string) *records.Object) bool {
	return false
}

// FacetColumn is the SQL expression whose distinct values a facet of field counts; array says that it is an array
// to be joined first. field is a name or alias, or label.KEY. The key is bound by p.
func FacetColumn(field string, p Params) (expr string, array bool, err error) { return "", false, nil }

// Completion says what is being typed at the cursor.
type Completion struct {
	Field    string // canonical name of the field whose value is typed; "" for a field or a word
	Key      string // of label and annotation
	Prefix   string // what is typed of it so far
	From, To int    // byte range that a suggestion replaces
	Rest     string // the query without the term under the cursor: what values are counted over
	Static   []records.Suggestion
}

// Complete says what can stand at the cursor (a byte offset): fields, flags, kinds and directives as Static, values
// of Field for the caller to fill.
func Complete(text string, cursor int, o Options) Completion { return Completion{} }

// ValueText writes a value so that it can stand behind a field's colon.
func ValueText(v string) string { return v }

// ResolveKind is what kind: understands a word as: pods, po, Pod, deployments.apps. Empty when it is unknown.
func ResolveKind(word string, served []records.Kind) []kube.GroupResource { return nil }
