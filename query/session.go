package query

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/tokens"
	"github.com/foretop/foretop/query/graph"
)

const (
	sessionCookie = "foretop_session"
	sessionLife   = 7 * 24 * time.Hour
)

// Tokens knows the named tokens; *tokens.Store is one. Both answer nil for what opens nothing.
type Tokens interface {
	graph.Tokens
	Open(ctx context.Context, text string) (*tokens.Token, error)
	// Good answers the token that a session began with, while it is the one of that name.
	Good(ctx context.Context, name, id string) (*tokens.Token, error)
}

// sessions turns tokens into identities. A session is a signed expiry and, but for the admin's, the name and id of its
// token, so nothing is stored; the key is derived from the admin token, so a new one ends every session.
type sessions struct {
	token [sha256.Size]byte
	key   []byte
	named Tokens // nil: there are none
	now   func() time.Time
}

func newSessions(token string, named Tokens) *sessions {
	key := sha256.Sum256([]byte("foretop session key\x00" + token))
	return &sessions{token: sha256.Sum256([]byte(token)), key: key[:], named: named, now: time.Now}
}

var errUnauthenticated = &access.Error{
	Code:    "UNAUTHENTICATED",
	Message: "This hub needs a token.",
	Fix:     "Open the login URL that it printed, or send the content of DATA-DIR/admin.token, or a token made with 'foretop tokens create', as a bearer token.",
}

// identify is who sends r, and from where (ui, cli, api).
func (s *sessions) identify(r *http.Request) (access.Scope, string, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		who, err := s.open(r.Context(), token)
		if err != nil {
			return access.Scope{}, "", err
		}
		source := "api"
		if strings.HasPrefix(r.UserAgent(), "foretop/") {
			source = "cli"
		}
		return access.All(who.user), source, nil
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return access.Scope{}, "", errUnauthenticated
	}
	user, err := s.alive(r.Context(), c.Value)
	if err != nil {
		return access.Scope{}, "", err
	}
	// The cookie is SameSite=Strict already, but another port of the same host is the same site. Browsers say where
	// a request was made, old ones and those that ask over plain HTTP in Origin alone.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" || !ownOrigin(r) {
		return access.Scope{}, "", &access.Error{Code: "FORBIDDEN", Message: "The request was made by another site's page."}
	}
	return access.All(user), "ui", nil
}

// ownOrigin holds for requests of the hub's own page, and of programs, which have no origin.
func ownOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// identity is who has a token.
type identity struct {
	user    string
	id      string    // of a named token; "" is the admin's
	expires time.Time // zero: never
}

// open answers who a token makes of its bearer.
func (s *sessions) open(ctx context.Context, token string) (identity, error) {
	token = strings.TrimSpace(token)
	sum := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 {
		return identity{user: access.AdminUser}, nil
	}
	if name, ok := tokens.NameOf(token); ok && s.named != nil {
		t, err := s.named.Open(ctx, token)
		if err != nil {
			return identity{}, err
		}
		if t != nil {
			return identity{t.Name, t.ID(), t.Expires}, nil
		}
		return identity{}, &access.Error{Code: "UNAUTHENTICATED", Message: fmt.Sprintf("The token of %s is wrong, was revoked or has expired.", name), Fix: "Have the administrator make a new one: foretop tokens create " + name}
	}
	return identity{}, &access.Error{Code: "UNAUTHENTICATED", Message: "The token is not this hub's.", Fix: "Take it from DATA-DIR/admin.token of the hub that you ask, or have its administrator make one: foretop tokens create NAME"}
}

// issue makes a cookie value: expiry, a random part, whose it is, and their signature.
func (s *sessions) issue(who identity) (string, time.Time) {
	expires := s.now().Add(sessionLife)
	if !who.expires.IsZero() && who.expires.Before(expires) {
		expires = who.expires
	}
	var salt [12]byte
	rand.Read(salt[:]) // never fails
	body := strconv.FormatInt(expires.Unix(), 36) + "." + base64.RawURLEncoding.EncodeToString(salt[:])
	if who.id != "" {
		body += "." + base64.RawURLEncoding.EncodeToString([]byte(who.user)) + "." + who.id
	}
	return body + "." + s.sign(body), expires
}

func (s *sessions) sign(body string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// alive answers whose session a cookie is.
func (s *sessions) alive(ctx context.Context, value string) (user string, err error) {
	i := strings.LastIndexByte(value, '.')
	if i < 0 || !hmac.Equal([]byte(s.sign(value[:i])), []byte(value[i+1:])) {
		return "", errUnauthenticated
	}
	parts := strings.Split(value[:i], ".")
	unix, err := strconv.ParseInt(parts[0], 36, 64)
	if err != nil || !s.now().Before(time.Unix(unix, 0)) {
		return "", errUnauthenticated
	}
	if len(parts) == 2 {
		return access.AdminUser, nil
	}
	if len(parts) != 4 || s.named == nil {
		return "", errUnauthenticated
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return "", errUnauthenticated
	}
	t, err := s.named.Good(ctx, string(name), parts[3])
	if err != nil {
		return "", err
	}
	if t == nil {
		return "", &access.Error{Code: "UNAUTHENTICATED", Message: fmt.Sprintf("The token that %s logged in with was revoked or has expired.", name), Fix: "Log in with another."}
	}
	return t.Name, nil
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&body); err != nil {
		answer(w, http.StatusBadRequest, &access.Error{Code: "BAD_REQUEST", Message: `Login takes JSON like {"token": "..."}.`})
		return
	}
	who, err := s.sessions.open(r.Context(), body.Token)
	if err != nil {
		s.turnAway(w, err)
		return
	}
	value, expires := s.sessions.issue(who)
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	w.WriteHeader(http.StatusNoContent)
}

// turnAway answers a request whose sender is not known. When it is the hub that cannot tell, it says so.
func (s *Server) turnAway(w http.ResponseWriter, err error) (status int) {
	status = http.StatusUnauthorized
	switch access.Code(err) {
	case "UNAUTHENTICATED", "FORBIDDEN":
		w.Header().Set("WWW-Authenticate", `Bearer realm="foretop"`)
	default:
		status = http.StatusServiceUnavailable
		s.deps.Log.Error("request not let in", "err", err)
		err = &access.Error{Code: "UNAVAILABLE", Message: "The hub cannot tell now whose token this is.", Fix: "Try again in a moment; the hub's log says more."}
	}
	answer(w, status, err)
	return status
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
	w.WriteHeader(http.StatusNoContent)
}

// answer writes err as JSON: {"code", "message", "fix"}, with "from" and "to" when it is about a part of a query.
func answer(w http.ResponseWriter, status int, err error) {
	e := map[string]any{"code": access.Code(err), "message": err.Error()}
	if ours, ok := err.(*access.Error); ok { //nolint:errorlint // made right above the call, never wrapped
		e["message"], e["fix"] = ours.Message, ours.Fix
		if ours.To > ours.From {
			e["from"], e["to"] = ours.From, ours.To
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e) // the client is gone when this fails
}
