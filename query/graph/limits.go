package graph

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"text/scanner"

	"github.com/graph-gophers/graphql-go"
	gqlerrors "github.com/graph-gophers/graphql-go/errors"

	"github.com/foretop/foretop/internal/access"
)

// Limits on what one request may have the hub do, beside the library's on its text. Each field of the root is a read
// of the database, each alias may be one more, and each node of a list may carry a whole object.
const (
	maxAliases    = 50
	maxRootFields = 30
	maxNodes      = 2000     // of all lists together
	maxBytes      = 64 << 20 // of the objects that are written out, as they are, as YAML or compared
)

// outline is what the text of a request says of its cost before anything is read.
type outline struct {
	aliases    int
	rootFields int // of all operations and of all fragments on a root type
	operations []operation
}

type operation struct{ kind, name string }

// outlineOf reads a request's text, token by token as the library does. What is no GraphQL it reads somehow: the
// library refuses it.
func outlineOf(text string) outline {
	var o outline
	s := newTokens(text)
	var (
		root   []bool   // of the selection sets that are open: its fields are those of the root
		header []string // words since the last definition ended: query NAME, fragment NAME on TYPE
		parens int      // arguments and variables: nothing in them selects
		before rune     // token
		inline bool     // the next selection set is an inline fragment's
	)
	for t := s.next(); t != scanner.EOF; t = s.next() {
		switch {
		case t == '(':
			parens++
		case t == ')':
			parens--
		case parens > 0:
		case t == '{' && len(root) == 0:
			root = append(root, o.define(header))
			header = nil
		case t == '{':
			root = append(root, inline && root[len(root)-1])
			inline = false
		case t == '}' && len(root) > 0:
			root = root[:len(root)-1]
		case t == ':' && len(root) > 0:
			o.aliases++
		case t == '.':
			inline = true
		case t == scanner.Ident && len(root) == 0:
			if before != '@' {
				header = append(header, s.TokenText())
			}
		case t == scanner.Ident && before == '.':
			inline = s.TokenText() == "on" // else it is a spread, whose fragment counts where it is defined
			if inline {
				s.next() // the type
			}
		case t == scanner.Ident && before != '@' && before != ':':
			inline = false
			if root[len(root)-1] {
				o.rootFields++
			}
		}
		before = t
	}
	return o
}

// define notes a definition by the words before its selection set, and reports whether that is one of a root type.
func (o *outline) define(header []string) (root bool) {
	word := func(i int) string {
		if i < len(header) {
			return header[i]
		}
		return ""
	}
	switch kind := word(0); kind {
	case "fragment":
		switch word(3) {
		case "Query", "Mutation", "Subscription":
			return true
		}
		return false
	case "":
		o.operations = append(o.operations, operation{kind: "query"})
	default:
		o.operations = append(o.operations, operation{kind: kind, name: word(1)})
	}
	return true
}

// tokens are those of a request's text, without comments and commas.
type tokens struct{ scanner.Scanner }

func newTokens(text string) *tokens {
	s := &tokens{}
	s.Init(strings.NewReader(text)) // sets the mode to Go's
	s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats | scanner.ScanStrings
	s.Error = func(*scanner.Scanner, string) {} // of escapes and unended strings, which are the library's to refuse
	return s
}

func (s *tokens) next() rune {
	for {
		switch t := s.Scan(); t {
		case ',':
		case '#':
			for c := s.Next(); c != '\n' && c != '\r' && c != scanner.EOF; {
				c = s.Next()
			}
		case scanner.String:
			if s.TokenText() == `""` && s.Peek() == '"' {
				s.skipBlockString()
			}
			return t
		default:
			return t
		}
	}
}

// skipBlockString goes on behind the end of a block string, of which the first two quotes were read.
func (s *tokens) skipBlockString() {
	s.Next()
	for quotes := 0; quotes < 3; {
		switch s.Next() {
		case '"':
			quotes++
		case scanner.EOF:
			return
		default:
			quotes = 0
		}
	}
}

// subscribes reports whether the operation that is asked for is a subscription.
func (o outline) subscribes(name string) bool {
	for _, op := range o.operations {
		if op.name == name || name == "" {
			return op.kind == "subscription"
		}
	}
	return false
}

// refused is nil for a request of bearable size, else the answer to it.
func (o outline) refused() *graphql.Response {
	var e *access.Error
	switch {
	case o.aliases > maxAliases:
		e = &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The request has %d aliases; at most %d are taken.", o.aliases, maxAliases)}
	case o.rootFields > maxRootFields:
		e = &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The request asks %d questions at once; at most %d are taken.", o.rootFields, maxRootFields)}
	default:
		return nil
	}
	e.Fix = "Ask in several requests."
	return &graphql.Response{Errors: []*gqlerrors.QueryError{{Message: e.Message, Extensions: e.Extensions()}}}
}

// answer is what one query or mutation may still cost, and the objects that it is given. A subscription has none: it
// sends one object at a time.
type answer struct {
	nodes, bytes atomic.Int64
	texts        *verbatim
}

type answerKey struct{}

func withAnswer(ctx context.Context) (context.Context, *answer) {
	a := &answer{texts: newVerbatim()}
	a.nodes.Store(maxNodes)
	a.bytes.Store(maxBytes)
	return context.WithValue(ctx, answerKey{}, a), a
}

func answerOf(ctx context.Context) *answer {
	a, _ := ctx.Value(answerKey{}).(*answer)
	return a
}

func spendNodes(ctx context.Context, n int) error {
	if a := answerOf(ctx); a != nil && a.nodes.Add(-int64(n)) < 0 {
		return &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The lists of this request ask for more than %d entries together.", maxNodes), Fix: "Ask for smaller pages, or in several requests."}
	}
	return nil
}

// spendBytes is called before objects of so many bytes are written out.
func spendBytes(ctx context.Context, n int) error {
	if a := answerOf(ctx); a != nil && a.bytes.Add(-int64(n)) < 0 {
		return tooLarge()
	}
	return nil
}

func tooLarge() error {
	return &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The objects of this answer are larger than %d MiB together.", maxBytes>>20), Fix: "Ask for smaller pages, or without object, yaml and diff."}
}

// object is an object as a field's value. It answers no error, since the library starts a goroutine for each field that
// may: settled has it.
func (a *answer) object(text []byte) JSON {
	if a == nil || len(text) == 0 {
		return JSON{text}
	}
	if a.bytes.Add(-int64(len(text))) < 0 {
		return JSON{[]byte(`""`)}
	}
	return JSON{a.texts.marked(text)}
}

// settled is resp, or an error when its objects are too large.
func (a *answer) settled(resp *graphql.Response) *graphql.Response {
	if a.bytes.Load() >= 0 || len(resp.Errors) > 0 {
		return resp
	}
	err := tooLarge()
	return &graphql.Response{Errors: []*gqlerrors.QueryError{{Message: err.Error(), ResolverError: err}}}
}
