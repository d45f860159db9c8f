package ql

import (
	"net/netip"
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foretop/foretop/internal/records"
)

// Expr is a node of the tree: And, Or, Not, *Filter, *Text or *Selector.
type Expr interface{ isExpr() }

// And holds when all do. It has at least two members.
type And []Expr

// Or holds when any does. It has at least two members.
type Or []Expr

// Not holds when its member does not. Its member is an And, an Or, a *Text or a *Selector: a Filter carries its own negation.
type Not struct{ X Expr }

// Op is how a filter compares.
type Op string

// Operators, after normalisation.
const (
	OpMatch   Op = ":"  // any of Values, without case, wildcards and regular expressions allowed
	OpEqual   Op = "="  // byte-exact
	OpLess    Op = "<"  //
	OpAtMost  Op = "<=" //
	OpMore    Op = ">"  //
	OpAtLeast Op = ">=" //
	OpHas     Op = "has"
)

// Filter is a condition on one field.
type Filter struct {
	Field    string // canonical name: ns, label, changed.by
	Key      string // of label, annotation and cluster labels
	Op       Op
	Not      bool
	Values   []Value // one for every operator but OpMatch; none for OpHas
	From, To int     // byte range in the query's text

	def   *field
	homes map[string]string // of a place: what labels of clusters say, by identity
}

// ValueKind is the form in which a value was written.
type ValueKind int

// Forms of values.
const (
	Literal ValueKind = iota
	Glob              // Text holds * and ?, literal ones escaped by a backslash
	Regex             // Text is RE2, unanchored
	Span              // Text is LOW..HIGH, either may be *
)

// Value is one value of a filter, read as its field's type wants it.
type Value struct {
	Kind     ValueKind
	Text     string
	NoCase   bool // of a Regex: /re/i
	From, To int

	re       *regexp.Regexp // Regex and Glob
	kinds    []records.Kind // kind: what the value names
	ids      []string       // cluster: identities of the members that match
	low      int64          // numbers and Span of numbers, inclusive
	high     int64          //
	since    time.Time      // times: at or after
	until    time.Time      // times: before
	patterns []string       // owner, uses: patterns of KIND/NAME
	refs     []string       // the same of a Literal with a kind, in lower case
	prefix   netip.Prefix   // ip: a Literal's address, as a range of one, or its range

	least, most *resource.Quantity // paths: what a number or quantity is compared with; a Span has one or both
}

// Text is free text: every token must be among the object's, or the text is the name of its cluster.
type Text struct {
	Text     string
	Quoted   bool
	Fuzzy    bool     // word~
	Glob     bool     // holds * or ?
	Prefix   bool     // still being typed
	Tokens   []string // lower case; one pattern when Glob
	From, To int

	glob     *regexp.Regexp
	clusters []string // identities of members with this very name: their objects match too
}

// Selector is a Kubernetes label selector, with Kubernetes' semantics.
type Selector struct {
	Selector     labels.Selector
	Requirements labels.Requirements
	From, To     int
}

func (And) isExpr()       {}
func (Or) isExpr()        {}
func (Not) isExpr()       {}
func (*Filter) isExpr()   {}
func (*Text) isExpr()     {}
func (*Selector) isExpr() {}
