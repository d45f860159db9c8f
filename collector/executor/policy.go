package executor

import (
	"fmt"
	"path"
	"slices"
)

// Policy is what the member's side lets the hub do, whatever the hub says. The zero value allows all verbs
// outside kube-system.
type Policy struct {
	// Verbs that may write: restart, scale, restore. Nil is all; empty is none.
	Verbs []string `json:"verbs,omitempty"`
	// DeniedNamespaces are globs. Nil is kube-system; empty is none.
	DeniedNamespaces []string `json:"deniedNamespaces,omitempty"`
}

func (p Policy) check() error {
	for _, v := range p.Verbs {
		if !slices.Contains([]string{"restart", "scale", "restore"}, v) {
			return fmt.Errorf("policy allows unknown verb %q: want restart, scale or restore", v)
		}
	}
	for _, g := range p.DeniedNamespaces {
		if _, err := path.Match(g, ""); err != nil {
			return fmt.Errorf("policy denies namespaces by a malformed glob %q: %w", g, err)
		}
	}
	return nil
}

// refuses returns the sentence to refuse with, "" to allow.
func (p Policy) refuses(verb, namespace string) string {
	if p.Verbs != nil && !slices.Contains(p.Verbs, verb) {
		return fmt.Sprintf("The policy of this cluster's collector does not allow to %s.", verb)
	}
	denied := p.DeniedNamespaces
	if denied == nil {
		denied = []string{"kube-system"}
	}
	for _, g := range denied {
		if ok, _ := path.Match(g, namespace); ok { // checked: no error
			return fmt.Sprintf("The policy of this cluster's collector does not allow changes in namespace %s.", namespace)
		}
	}
	return ""
}
