package executor

import (
	"fmt"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Live is what the member's side lets the hub read of the member itself, beyond what is sent unasked. The zero value
// allows all that the collector's credentials do.
type Live struct {
	// Allow names what may be read: objects, logs. Nil is both; empty is none.
	Allow []string `json:"allow,omitempty"`
	// Exclude are globs over RESOURCE.GROUP as people write it: "secrets", "*.metrics.k8s.io".
	Exclude []string `json:"exclude,omitempty"`
	// ExcludeNamespaces are globs: nothing in them is read. Cluster-scoped objects are not touched by them.
	ExcludeNamespaces []string `json:"excludeNamespaces,omitempty"`
}

// Check reports what of l cannot be understood.
func (l Live) Check() error {
	for _, a := range l.Allow {
		if a != "objects" && a != "logs" {
			return fmt.Errorf("live allows %q, which is not known: want objects or logs", a)
		}
	}
	for _, g := range slices.Concat(l.Exclude, l.ExcludeNamespaces) {
		if _, err := path.Match(g, ""); err != nil {
			return fmt.Errorf("live excludes by a malformed glob %q: %w", g, err)
		}
	}
	return nil
}

// refuses returns the sentence to refuse with, "" to allow.
func (l Live) refuses(gr schema.GroupResource, namespace string, log bool) string {
	what := "objects"
	if log {
		what = "logs"
	}
	switch {
	case l.Allow != nil && !slices.Contains(l.Allow, what):
		return fmt.Sprintf("The policy of this cluster's collector does not allow to read %s live.", what)
	case matches(l.Exclude, gr.String()):
		return fmt.Sprintf("The policy of this cluster's collector does not allow to read %s live.", gr)
	case namespace != "" && matches(l.ExcludeNamespaces, namespace):
		return fmt.Sprintf("The policy of this cluster's collector does not allow to read live in namespace %s.", namespace)
	}
	return ""
}

// hides reports whether an object that came unasked for by its namespace is left out.
func (l Live) hides(namespace string) bool {
	return namespace != "" && matches(l.ExcludeNamespaces, namespace)
}

func matches(globs []string, s string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { ok, _ := path.Match(g, s); return ok }) // checked: no error
}
