package executor

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// Policy is what the member's side lets the hub do, whatever the hub says. The zero value allows all verbs
// outside kube-system.
type Policy struct {
	// Verbs that may write; see Verbs. Nil is all; empty is none.
	Verbs []string `json:"verbs,omitempty"`
	// DeniedNamespaces are globs: nothing in them is written, nor they themselves. Other objects of the
	// cluster are not touched by them. Nil is kube-system; empty is none.
	DeniedNamespaces []string `json:"deniedNamespaces,omitempty"`
}

// Verbs are all that write, as policies name them.
var Verbs = []string{"restart", "scale", "autoscale", "image", "env", "resources", "rollback", "restore", "suspend", "metadata", "evict", "delete", "create", "apply"}

// Check reports what of p cannot be understood.
func (p Policy) Check() error {
	for _, v := range p.Verbs {
		if !slices.Contains(Verbs, v) {
			return fmt.Errorf("policy allows unknown verb %q: want one of %s", v, strings.Join(Verbs, ", "))
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
func (p Policy) refuses(verb string, ref *ingestpb.ObjectRef) string {
	if p.Verbs != nil && !slices.Contains(p.Verbs, verb) {
		return fmt.Sprintf("The policy of this cluster's collector does not allow to %s.", act(verb))
	}
	namespace := ref.Namespace
	if ref.Group == "" && ref.Resource == "namespaces" {
		namespace = ref.Name
	}
	if namespace == "" {
		return ""
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

// act says what a verb does.
func act(verb string) string {
	switch verb {
	case "autoscale":
		return "set the bounds of autoscalers"
	case "image":
		return "set images"
	case "env":
		return "set environment variables"
	case "resources":
		return "set resources"
	case "rollback":
		return "roll back"
	case "suspend":
		return "pause or resume"
	case "metadata":
		return "change labels or annotations"
	case "evict":
		return "evict Pods"
	case "create":
		return "create Jobs"
	case "apply":
		return "apply manifests"
	}
	return verb
}
