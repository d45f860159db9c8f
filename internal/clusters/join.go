package clusters

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/state"
)

// joinToken is what is kept of a token: nothing that would let its reader in.
type joinToken struct {
	Name    string    `json:"name"`
	SHA256  string    `json:"sha256"`
	Expires time.Time `json:"expires"`
}

const tokenStart = "ftbt_"

// NewJoinToken makes a single-use token with which the collector of a registered cluster may enrol.
func (r *Registry) NewJoinToken(ctx context.Context, name string, ttl time.Duration) (string, error) {
	if _, _, err := r.read(ctx, name); err != nil {
		return "", err
	}
	if err := r.sweepTokens(ctx); err != nil {
		return "", err
	}
	id, secret := strings.ToLower(rand.Text()[:8]), rand.Text()+rand.Text()
	token := tokenStart + id + "." + secret
	t := joinToken{Name: name, SHA256: digest(token), Expires: r.now().Add(ttl).UTC()}
	if _, err := r.store.Create(ctx, tokenPrefix+id, encode(t)); err != nil {
		return "", fmt.Errorf("store join token: %w", err)
	}
	return token, nil
}

// Redeem uses up a token and binds the cluster it was made for to uid. A wrong, used and expired token look the same.
func (r *Registry) Redeem(ctx context.Context, token, uid string) (Cluster, error) {
	refused := &access.Error{Code: "FORBIDDEN", Message: "This join token is not valid: it is wrong, used or expired.", Fix: "Make a new one with: foretop clusters add NAME"}
	id, _, ok := strings.Cut(strings.TrimPrefix(token, tokenStart), ".")
	if !ok || !strings.HasPrefix(token, tokenStart) || id == "" || strings.Contains(id, "/") || len(token) > 200 {
		return Cluster{}, refused
	}
	e, err := r.store.Get(ctx, tokenPrefix+id)
	if errors.Is(err, state.ErrNotFound) {
		return Cluster{}, refused
	}
	if err != nil {
		return Cluster{}, err
	}
	var t joinToken
	if err := json.Unmarshal(e.Value, &t); err != nil {
		return Cluster{}, fmt.Errorf("read join token %s: %w", id, err)
	}
	if subtle.ConstantTimeCompare([]byte(t.SHA256), []byte(digest(token))) != 1 || !r.now().Before(t.Expires) {
		return Cluster{}, refused
	}
	// Bind first: a cluster that may not have this name leaves the token good for the one that may.
	if err := r.Bind(ctx, t.Name, uid); err != nil {
		return Cluster{}, err
	}
	if _, err := r.store.Commit(ctx, []state.Condition{state.At(e.Key, e.Revision)}, state.Unset(e.Key)); err != nil {
		if errors.Is(err, state.ErrConflict) {
			return Cluster{}, refused
		}
		return Cluster{}, err
	}
	_, c, err := r.read(ctx, t.Name)
	return c, err
}

// sweepTokens removes expired ones; they are rare and making one is too.
func (r *Registry) sweepTokens(ctx context.Context) error {
	all, err := r.store.List(ctx, tokenPrefix)
	if err != nil {
		return fmt.Errorf("list join tokens: %w", err)
	}
	for _, e := range all {
		var t joinToken
		if json.Unmarshal(e.Value, &t) == nil && r.now().Before(t.Expires) {
			continue
		}
		if err := r.store.Delete(ctx, e.Key); err != nil {
			return err
		}
	}
	return nil
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
