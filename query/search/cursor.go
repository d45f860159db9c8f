package search

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// cursor is a place in an ordered list: the values that the order compares, of the last row handed out.
// It is bound to its list, so that a cursor of another question is an error and not a wrong page.
type cursor struct {
	List   string   `json:"l"`
	Values []string `json:"v"`
	// Now freezes what ages are measured against, so that a list does not slide under its reader.
	Now  int64 `json:"n,omitempty"`
	Seen int   `json:"s,omitempty"`
}

// listID names a list by everything that decides its content and order.
func listID(parts ...string) string {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and an integer always marshal
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads what String wrote. "" is the start: nil.
func parseCursor(text string) (*cursor, error) {
	if text == "" {
		return nil, nil
	}
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return nil, badCursor()
	}
	return &c, nil
}

func badCursor() error {
	return &access.Error{Code: "BAD_CURSOR", Message: "The cursor in after is not one that a page of this list gave.", Fix: "Leave it out to begin with the first page."}
}

// of refuses a cursor of another list. It may be nil.
func (c *cursor) of(list string, values int) error {
	if c != nil && (c.List != list || len(c.Values) != values) {
		return &access.Error{Code: "BAD_CURSOR", Message: "The cursor in after belongs to another query.", Fix: "Leave it out to begin with the first page of this one."}
	}
	return nil
}

// now is the moment that the first page measured ages against; zero on the first page itself.
func (c *cursor) now() time.Time {
	if c == nil || c.Now == 0 {
		return time.Time{}
	}
	return time.UnixMilli(c.Now)
}

// seen is how many rows the pages before held.
func (c *cursor) seen() int {
	if c == nil {
		return 0
	}
	return c.Seen
}

// pageSize checks how many rows are asked for.
func pageSize(first int) (int, error) {
	if first < 1 || first > 1000 {
		return 0, &access.Error{Code: "BAD_PAGE_SIZE", Message: "first is " + strconv.Itoa(first) + ", but a page holds 1 to 1000.", Fix: "Ask for at most 1000 and follow the cursor."}
	}
	return first, nil
}
