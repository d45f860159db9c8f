package clusters

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// Protection says how much it takes to change anything in a cluster.
type Protection string

// Levels of Protection, each stricter than the one before.
const (
	Unprotected Protection = ""          // as much as the reach of a change asks for
	Confirm     Protection = "confirm"   // typed words, whatever the change
	FourEyes    Protection = "four-eyes" // that, and the approval of another person
)

// ProtectionLabel is the label of a cluster that protects it, in the configuration file or given when it was added. What
// people set with Protect can only be stricter.
const ProtectionLabel = "foretop.io/protection"

// loosenWithin is how long one person's wish to take four eyes off a cluster waits for another's.
const loosenWithin = time.Hour

// Loosening is one person's wish for less protection, which waits for another's.
type Loosening struct {
	Level Protection `json:"level"`
	By    string     `json:"by"`
	At    time.Time  `json:"at"`
}

var strictness = map[Protection]int{Unprotected: 0, Confirm: 1, FourEyes: 2}

// ReadProtection reads none, confirm or four-eyes.
func ReadProtection(s string) (Protection, error) {
	if s == "none" {
		return Unprotected, nil
	}
	if _, ok := strictness[Protection(s)]; !ok || s == "" {
		return "", &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q is no level of protection.", s), Fix: "Use none, confirm or four-eyes."}
	}
	return Protection(s), nil
}

// String is the level as people write it.
func (p Protection) String() string {
	if p == Unprotected {
		return "none"
	}
	return string(p)
}

// Stricter is the stricter of two levels.
func Stricter(a, b Protection) Protection {
	if strictness[b] > strictness[a] {
		return b
	}
	return a
}

// labelled is what a cluster's labels ask for. A label that is no level is taken for the strictest: somebody meant to
// protect the cluster.
func labelled(labels map[string]string) Protection {
	v, ok := labels[ProtectionLabel]
	if !ok {
		return Unprotected
	}
	p, err := ReadProtection(v)
	if err != nil {
		return FourEyes
	}
	return p
}

// Protect sets what people ask for to change anything in a cluster. From four eyes down it takes two: done is false when
// the wish now waits for another person's. A label that asks for more goes, unless the configuration file gave it.
func (r *Registry) Protect(ctx context.Context, name string, level Protection, by string) (done bool, err error) {
	if _, ok := strictness[level]; !ok {
		return false, fmt.Errorf("protect cluster %s: no level %q", name, level)
	}
	err = r.change(ctx, name, false, func(c *Cluster) error {
		w := c.Loosening
		agreed := w != nil && w.Level == level && w.By != by && r.now().Sub(w.At) < loosenWithin
		if done = level == FourEyes || c.guarded() != FourEyes || agreed; !done {
			c.Loosening = &Loosening{Level: level, By: by, At: r.now().UTC()}
			return nil
		}
		c.Protection, c.Loosening = level, nil
		if c.Mode == Pull && strictness[labelled(c.Labels)] > strictness[level] {
			c.Labels = maps.Clone(c.Labels)
			delete(c.Labels, ProtectionLabel)
		}
		return nil
	})
	return done, err
}

// guarded is the stricter of what people set and what its label asks for.
func (c *Cluster) guarded() Protection { return Stricter(c.Protection, labelled(c.Labels)) }

// CheckRemove refuses to forget a cluster under four eyes: added again it would be under none.
func (e Entry) CheckRemove() error {
	if e.Protection != FourEyes {
		return nil
	}
	return &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("Cluster %s is protected by four eyes.", e.Name), Fix: "Take that off first, which takes two people: foretop clusters protect " + e.Name + " --level none"}
}
