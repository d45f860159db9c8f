// Package saved keeps searches that people gave a name, for themselves or for everybody.
//
// Invariant: a name stands once per owner, whatever its case; what is not shared exists for its owner alone, and only
// the owner changes or deletes a search.
package saved

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/state"
)

// Limits. A search is a line in a menu: what is longer was not meant to be one.
const (
	maxName        = 100 // characters
	maxDescription = 1000
	maxQuery       = 4096 // bytes, as many as the language takes
	maxPerOwner    = 500
)

// Pages that a search can be of.
var Pages = []string{"resources", "changes", "events"}

// Search is a saved search.
type Search struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Query       string    `json:"query"`
	Page        string    `json:"page"`
	Owner       string    `json:"owner"`
	Shared      bool      `json:"shared,omitempty"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

// Input is what a person says of a search. With an ID it replaces that search.
type Input struct {
	ID, Name, Description, Query, Page string
	Shared                             bool
}

// Check answers what is wrong with a query of one of Pages, as *access.Error.
type Check func(ctx context.Context, scope access.Scope, query, page string) error

// Searches are all saved searches of a hub. All methods are safe for concurrent use, also by several hubs on one store.
type Searches struct {
	store *state.Store
	check Check
	now   func() time.Time
}

// New keeps searches in store.
func New(store *state.Store, check Check) *Searches {
	return &Searches{store: store, check: check, now: time.Now}
}

// A search stands under its id. That its name is taken stands beside it, with the id as value: both change in one write.
const prefix = "saved/search/"

func idKey(id string) string         { return prefix + id }
func ownerPrefix(user string) string { return "saved/name/" + url.PathEscape(user) + "/" }
func nameKey(owner, name string) string {
	return ownerPrefix(owner) + url.PathEscape(strings.ToLower(name))
}

// List answers the caller's searches and those that others share, by name.
func (s *Searches) List(ctx context.Context, scope access.Scope) ([]*Search, error) {
	if scope.Nothing() {
		return nil, nil
	}
	entries, err := s.store.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var list []*Search
	for _, e := range entries {
		x, err := decode(e)
		if err != nil {
			return nil, err
		}
		if x.visible(scope) {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *Search) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Owner, b.Owner))
	})
	return list, nil
}

func decode(e state.Entry) (*Search, error) {
	x := &Search{}
	if err := json.Unmarshal(e.Value, x); err != nil {
		return nil, fmt.Errorf("read saved search %s: %w", e.Key, err)
	}
	return x, nil
}

func (x *Search) visible(scope access.Scope) bool {
	return !scope.Nothing() && (x.Shared || x.Owner == scope.User())
}

// Save creates a search, or replaces the caller's one with in.ID.
func (s *Searches) Save(ctx context.Context, scope access.Scope, in Input) (*Search, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not save searches here."}
	}
	in.Name, in.Query = strings.TrimSpace(in.Name), strings.TrimSpace(in.Query)
	in.Description = strings.TrimSpace(in.Description)
	if in.Page == "" {
		in.Page = Pages[0]
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.ID == "" {
		return s.create(ctx, scope, in)
	}
	return s.replace(ctx, scope, in)
}

func (in Input) check() error {
	bad := func(fix, format string, args ...any) error {
		return &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf(format, args...), Fix: fix}
	}
	switch {
	case in.Name == "":
		return bad("Give it one, such as \"broken in prod\".", "A saved search needs a name.")
	case utf8.RuneCountInString(in.Name) > maxName:
		return bad("Say more in its description.", "The name has %d characters; at most %d are kept.", utf8.RuneCountInString(in.Name), maxName)
	case strings.ContainsFunc(in.Name, unprintable):
		return bad("", "The name holds characters that cannot be shown.")
	case utf8.RuneCountInString(in.Description) > maxDescription:
		return bad("", "The description has %d characters; at most %d are kept.", utf8.RuneCountInString(in.Description), maxDescription)
	case len(in.Query) > maxQuery:
		return bad("Name groups of objects by label, app or wildcard.", "The query has %d bytes; at most %d are kept.", len(in.Query), maxQuery)
	case !slices.Contains(Pages, in.Page):
		return bad("", "A search is of %s, not of %q.", strings.Join(Pages, ", "), in.Page)
	}
	return nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func (s *Searches) create(ctx context.Context, scope access.Scope, in Input) (*Search, error) {
	if err := s.check(ctx, scope, in.Query, in.Page); err != nil {
		return nil, err
	}
	had, err := s.store.List(ctx, ownerPrefix(scope.User()))
	if err != nil {
		return nil, err
	}
	if len(had) >= maxPerOwner {
		return nil, &access.Error{Code: "TOO_MANY", Message: fmt.Sprintf("You have %d saved searches, the most there can be.", len(had)), Fix: "Delete one that you no longer use."}
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	x := &Search{ID: uuid.NewString(), Owner: scope.User(), CreatedAt: now}
	x.take(in, now)
	name := nameKey(x.Owner, x.Name)
	_, err = s.store.Commit(ctx, []state.Condition{state.Absent(name)}, state.Set(idKey(x.ID), x.encode()), state.Set(name, []byte(x.ID)))
	if errors.Is(err, state.ErrConflict) {
		return nil, taken(x.Name)
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (s *Searches) replace(ctx context.Context, scope access.Scope, in Input) (*Search, error) {
	x, revision, err := s.own(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	// A query that was good when it was saved may name a kind that is gone: it can still be renamed.
	if in.Query != x.Query || in.Page != x.Page {
		if err := s.check(ctx, scope, in.Query, in.Page); err != nil {
			return nil, err
		}
	}
	before := nameKey(x.Owner, x.Name)
	x.take(in, s.now().UTC().Truncate(time.Millisecond))
	after := nameKey(x.Owner, x.Name)
	conditions, writes := []state.Condition{state.At(idKey(x.ID), revision)}, []state.Op{state.Set(idKey(x.ID), x.encode())}
	if before != after {
		if _, err := s.store.Get(ctx, after); err == nil {
			return nil, taken(x.Name)
		} else if !errors.Is(err, state.ErrNotFound) {
			return nil, err
		}
		conditions = append(conditions, state.Absent(after))
		writes = append(writes, state.Unset(before), state.Set(after, []byte(x.ID)))
	}
	if _, err = s.store.Commit(ctx, conditions, writes...); err != nil {
		return nil, meanwhile(err)
	}
	return x, nil
}

// Delete removes the caller's search.
func (s *Searches) Delete(ctx context.Context, scope access.Scope, id string) error {
	x, revision, err := s.own(ctx, scope, id)
	if err != nil {
		return err
	}
	_, err = s.store.Commit(ctx, []state.Condition{state.At(idKey(id), revision)}, state.Unset(idKey(id)), state.Unset(nameKey(x.Owner, x.Name)))
	return meanwhile(err)
}

// own reads the caller's search. Another's that is not shared is as absent as one that never was.
func (s *Searches) own(ctx context.Context, scope access.Scope, id string) (*Search, int64, error) {
	absent := &access.Error{Code: "NOT_FOUND", Message: "There is no saved search " + id + ".", Fix: "Ask for savedSearches; it may have been deleted."}
	if uuid.Validate(id) != nil {
		return nil, 0, absent
	}
	e, err := s.store.Get(ctx, idKey(id))
	if errors.Is(err, state.ErrNotFound) {
		return nil, 0, absent
	}
	if err != nil {
		return nil, 0, err
	}
	x, err := decode(e)
	switch {
	case err != nil:
		return nil, 0, err
	case !x.visible(scope):
		return nil, 0, absent
	case x.Owner != scope.User():
		return nil, 0, &access.Error{Code: "FORBIDDEN", Message: fmt.Sprintf("The search %q is %s's.", x.Name, x.Owner), Fix: "Save a copy of your own and change that."}
	}
	return x, e.Revision, nil
}

func (x *Search) take(in Input, now time.Time) {
	x.Name, x.Description, x.Query, x.Page, x.Shared, x.UpdatedAt = in.Name, in.Description, in.Query, in.Page, in.Shared, now
}

func (x *Search) encode() []byte {
	raw, err := json.Marshal(x)
	if err != nil {
		panic(err) // texts, a flag and times always marshal
	}
	return raw
}

func taken(name string) error {
	return &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("You have a saved search named %q already.", name), Fix: "Choose another name, or change that one."}
}

func meanwhile(err error) error {
	if errors.Is(err, state.ErrConflict) {
		return &access.Error{Code: "CONFLICT", Message: "The saved search was changed at the same moment.", Fix: "Look at it again, then try once more."}
	}
	return err
}
