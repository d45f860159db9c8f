// Package tokens keeps the tokens by which people and programs log in under names of their own.
//
// Invariant: nothing that is stored lets its reader in, and a name belongs to one token at a time.
package tokens

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/state"
)

const (
	prefix = "tokens/" // NAME -> Token
	start  = "ftt_"    // of every token: ftt_NAME.SECRET
)

// Token is what is kept of one.
type Token struct {
	Name      string    `json:"name"`
	SHA256    string    `json:"sha256"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
	Expires   time.Time `json:"expires,omitzero"` // zero: never
}

// ID tells a token from an earlier one of the same name. Sessions that began with it carry it.
func (t *Token) ID() string { return t.SHA256[:16] }

// Expired reports whether it is good no more.
func (t *Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// Store is all tokens, as this process sees them. All methods are safe for concurrent use.
type Store struct {
	store *state.Store
	audit *audit.Log
	log   *slog.Logger
	now   func() time.Time

	mu     sync.RWMutex
	byName map[string]held
}

type held struct {
	token    *Token // nil: revoked
	revision int64
}

// New makes a Store; it follows other hubs in Run.
func New(store *state.Store, trail *audit.Log, log *slog.Logger) *Store {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Store{store: store, audit: trail, log: log, now: time.Now, byName: map[string]held{}}
}

// Run follows what is made and revoked until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	for c := range s.store.Watch(ctx, prefix) {
		if c.Reset {
			s.mu.Lock()
			for name, h := range s.byName {
				if h.revision <= c.Revision {
					delete(s.byName, name)
				}
			}
			s.mu.Unlock()
		}
		for _, e := range c.Entries {
			t, err := decode(e)
			if err != nil {
				s.log.Error("token cannot be read, it opens nothing", "key", e.Key, "err", err)
			}
			s.hold(strings.TrimPrefix(e.Key, prefix), t, e.Revision)
		}
		for _, e := range c.Deleted {
			s.hold(strings.TrimPrefix(e.Key, prefix), nil, e.Revision)
		}
	}
	return nil
}

func decode(e state.Entry) (*Token, error) {
	var t Token
	if err := json.Unmarshal(e.Value, &t); err != nil {
		return nil, fmt.Errorf("read token from %s: %w", e.Key, err)
	}
	if len(t.SHA256) != 2*sha256.Size {
		return nil, fmt.Errorf("read token from %s: it has no digest", e.Key)
	}
	return &t, nil
}

func (s *Store) hold(name string, t *Token, revision int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byName[name].revision <= revision {
		s.byName[name] = held{t, revision}
	}
}

// find answers the token of a name, nil when there is none that is good.
func (s *Store) find(ctx context.Context, name string) (*Token, error) {
	s.mu.RLock()
	h, known := s.byName[name]
	s.mu.RUnlock()
	if !known { // another hub may have made it a moment ago
		e, err := s.store.Get(ctx, prefix+name)
		if errors.Is(err, state.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if h.token, err = decode(e); err != nil {
			return nil, err
		}
		s.hold(name, h.token, e.Revision)
	}
	if h.token == nil || h.token.Expired(s.now()) {
		return nil, nil
	}
	return h.token, nil
}

// Open answers whose token a text is; nil when it is nobody's.
func (s *Store) Open(ctx context.Context, text string) (*Token, error) {
	name, ok := NameOf(text)
	if !ok {
		return nil, nil
	}
	t, err := s.find(ctx, name)
	if err != nil || t == nil || subtle.ConstantTimeCompare([]byte(t.SHA256), []byte(digest(text))) != 1 {
		return nil, err
	}
	return t, nil
}

// NameOf is the name in a text that looks like a token.
func NameOf(text string) (string, bool) {
	rest, ok := strings.CutPrefix(text, start)
	i := strings.LastIndexByte(rest, '.')
	if !ok || i < 0 || len(text) > 200 || !validName.MatchString(rest[:i]) {
		return "", false
	}
	return rest[:i], true
}

// Good answers the token that a session began with, nil when it was revoked or has expired.
func (s *Store) Good(ctx context.Context, name, id string) (*Token, error) {
	t, err := s.find(ctx, name)
	if err != nil || t == nil || t.ID() != id {
		return nil, err
	}
	return t, nil
}

var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9_.@]{0,61}[a-z0-9])?$`)

func (s *Store) admin(scope access.Scope) error {
	if scope.Admin() {
		return nil
	}
	return &access.Error{Code: "FORBIDDEN", Message: "Tokens are the administrator's: whoever could make one could be two people.", Fix: "Use the token in DATA-DIR/admin.token of the hub."}
}

// List answers every token, by name.
func (s *Store) List(ctx context.Context, scope access.Scope) ([]Token, error) {
	if err := s.admin(scope); err != nil {
		return nil, err
	}
	all, err := s.store.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	list := make([]Token, 0, len(all))
	for _, e := range all {
		t, err := decode(e)
		if err != nil {
			return nil, err
		}
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Token) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Create makes a token and answers it, this once. A ttl of 0 is for good.
func (s *Store) Create(ctx context.Context, scope access.Scope, source, name string, ttl time.Duration) (Token, string, error) {
	if err := s.admin(scope); err != nil {
		return Token{}, "", err
	}
	if !validName.MatchString(name) || name == access.AdminUser || name == audit.Hub {
		return Token{}, "", &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q cannot be a token's name.", name), Fix: "Use small letters, digits and - _ . @ inside, at most 63 characters; admin and foretop are taken."}
	}
	text := start + name + "." + rand.Text()
	t := Token{Name: name, SHA256: digest(text), CreatedAt: s.now().UTC().Truncate(time.Millisecond), CreatedBy: scope.User()}
	if ttl > 0 {
		t.Expires = t.CreatedAt.Add(ttl)
	}
	old, err := s.store.Get(ctx, prefix+name)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return Token{}, "", err
	}
	if err == nil {
		if before, err := decode(old); err == nil && !before.Expired(s.now()) {
			return Token{}, "", &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("There is a token %s already.", name), Fix: "Choose another name, or revoke that one first: foretop tokens revoke " + name}
		}
	}
	row := audit.Row{Actor: scope.User(), Source: source, Verb: "CREATE_TOKEN", Phase: "token", Name: name}
	err = s.audit.Around(ctx, row, map[string]any{"token": t.ID(), "expires": t.Expires}, func() (string, error) {
		raw, err := json.Marshal(t)
		if err != nil {
			return "", fmt.Errorf("encode token: %w", err)
		}
		revision, err := s.store.Update(ctx, prefix+name, raw, old.Revision) // revision 0: there must be none
		if errors.Is(err, state.ErrConflict) {
			return "", &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("A token %s was made a moment ago.", name), Fix: "Choose another name."}
		}
		if err == nil {
			s.hold(name, &t, revision)
		}
		return "", err
	})
	if err != nil {
		return Token{}, "", err
	}
	return t, text, nil
}

// Revoke makes a token open nothing any more, nor sessions that began with it.
func (s *Store) Revoke(ctx context.Context, scope access.Scope, source, name string) error {
	if err := s.admin(scope); err != nil {
		return err
	}
	missing := &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("There is no token %s.", name), Fix: "List them with: foretop tokens"}
	if !validName.MatchString(name) {
		return missing
	}
	if _, err := s.store.Get(ctx, prefix+name); errors.Is(err, state.ErrNotFound) {
		return missing
	} else if err != nil {
		return err
	}
	row := audit.Row{Actor: scope.User(), Source: source, Verb: "REVOKE_TOKEN", Phase: "token", Name: name}
	return s.audit.Around(ctx, row, nil, func() (string, error) {
		revision, err := s.store.Commit(ctx, nil, state.Unset(prefix+name))
		if err == nil {
			s.hold(name, nil, revision)
		}
		return "", err
	})
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
