// Package access says what a caller may see. A Scope is built once per request from the caller's
// identity and is a mandatory argument of every read.
//
// Invariant: the zero Scope sees nothing.
package access

// Scope is what one caller may see. It cannot be widened.
type Scope struct {
	user string
	all  bool
}

// All sees everything, on behalf of user. Only the hub's own identities (the admin token, the index builder) get it.
func All(user string) Scope { return Scope{user: user, all: true} }

// AdminUser is the identity of the admin token.
const AdminUser = "admin"

// Admin reports the one identity that may make others.
func (s Scope) Admin() bool { return s.all && s.user == AdminUser }

// User is who asks; "" for the zero Scope.
func (s Scope) User() string { return s.user }

// Nothing reports whether the scope sees nothing at all.
func (s Scope) Nothing() bool { return !s.all }
