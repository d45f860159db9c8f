package access

import "errors"

// Error is an answer for people: a code that programs branch on, a sentence, and the remedy where there is one.
// Anything else that reaches the edge is internal: its text goes to the log, never to the caller.
type Error struct {
	Code    string // NOT_FOUND, FORBIDDEN, QL_UNKNOWN_FIELD, UNAVAILABLE, ... as in extensions.code
	Message string // one sentence
	Fix     string // what to do instead; may be empty
	From    int    // byte range in the query the error is about; From == To when there is none
	To      int
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Message
	}
	return e.Message + " " + e.Fix
}

// Extensions puts code, fix and position into a GraphQL error.
func (e *Error) Extensions() map[string]any {
	m := map[string]any{"code": e.Code}
	if e.Fix != "" {
		m["fix"] = e.Fix
	}
	if e.To > e.From {
		m["from"], m["to"] = e.From, e.To
	}
	return m
}

// Code is the code of the first *Error in err's chain, INTERNAL when there is none, "" for nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "INTERNAL"
}
