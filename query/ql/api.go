package ql

import (
	"github.com/foretop/foretop/internal/records"
)

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
