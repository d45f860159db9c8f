package query

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
)

const (
	sessionCookie = "foretop_session"
	sessionLife   = 7 * 24 * time.Hour
	adminUser     = "admin"
)

// sessions turns the admin token into identities. A session is a signed expiry, so nothing is stored; the key
// is derived from the token, so a new token ends every session.
type sessions struct {
	token [sha256.Size]byte
	key   []byte
	now   func() time.Time
}

func newSessions(token string) *sessions {
	key := sha256.Sum256([]byte("foretop session key\x00" + token))
	return &sessions{token: sha256.Sum256([]byte(token)), key: key[:], now: time.Now}
}

var errUnauthenticated = &access.Error{
	Code:    "UNAUTHENTICATED",
	Message: "This hub needs a token.",
	Fix:     "Open the login URL that it printed, or send the content of DATA-DIR/admin.token as a bearer token.",
}

// identify is who sends r, and from where (ui, cli, api).
func (s *sessions) identify(r *http.Request) (access.Scope, string, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		if !s.valid(token) {
			return access.Scope{}, "", &access.Error{Code: "UNAUTHENTICATED", Message: "The token is not this hub's.", Fix: "Take it from DATA-DIR/admin.token of the hub that you ask."}
		}
		source := "api"
		if strings.HasPrefix(r.UserAgent(), "foretop/") {
			source = "cli"
		}
		return access.All(adminUser), source, nil
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil || !s.alive(c.Value) {
		return access.Scope{}, "", errUnauthenticated
	}
	// The cookie is SameSite=Strict already, but another port of the same host is the same site. Browsers say where
	// a request was made, old ones and those that ask over plain HTTP in Origin alone.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" || !ownOrigin(r) {
		return access.Scope{}, "", &access.Error{Code: "FORBIDDEN", Message: "The request was made by another site's page."}
	}
	return access.All(adminUser), "ui", nil
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

func (s *sessions) valid(token string) bool {
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1
}

// issue makes a cookie value: expiry, a random part, and their signature.
func (s *sessions) issue() (string, time.Time) {
	expires := s.now().Add(sessionLife)
	var salt [12]byte
	rand.Read(salt[:]) // never fails
	body := strconv.FormatInt(expires.Unix(), 36) + "." + base64.RawURLEncoding.EncodeToString(salt[:])
	return body + "." + s.sign(body), expires
}

func (s *sessions) sign(body string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *sessions) alive(value string) bool {
	i := strings.LastIndexByte(value, '.')
	if i < 0 || !hmac.Equal([]byte(s.sign(value[:i])), []byte(value[i+1:])) {
		return false
	}
	expiry, _, _ := strings.Cut(value, ".")
	unix, err := strconv.ParseInt(expiry, 36, 64)
	return err == nil && s.now().Before(time.Unix(unix, 0))
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&body); err != nil {
		answer(w, http.StatusBadRequest, &access.Error{Code: "BAD_REQUEST", Message: `Login takes JSON like {"token": "..."}.`})
		return
	}
	if !s.sessions.valid(body.Token) {
		answer(w, http.StatusUnauthorized, &access.Error{Code: "UNAUTHENTICATED", Message: "The token is not this hub's.", Fix: "Open the login URL that the hub printed when it started, or paste the content of DATA-DIR/admin.token."})
		return
	}
	value, expires := s.sessions.issue()
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	w.WriteHeader(http.StatusNoContent)
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
