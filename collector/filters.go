package collector

import (
	"fmt"
	"path"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/internal/access"
)

// Filters say what of a cluster is collected. The zero value is everything but what changes every second and
// says nothing: leases, endpoints (endpoint slices say the same), metrics, component statuses.
type Filters struct {
	// Include and Exclude are globs over RESOURCE.GROUP as people write it: "pods", "*.apps", "*.cert-manager.io".
	// Without Include everything is. Exclude wins, and Include wins over what is left out by default.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	// Namespaces and ExcludeNamespaces are globs. Cluster-scoped objects are not touched by them.
	Namespaces        []string `json:"namespaces,omitempty"`
	ExcludeNamespaces []string `json:"excludeNamespaces,omitempty"`
	// Selectors narrow kinds; the first whose Resources matches counts.
	Selectors []Selector `json:"selectors,omitempty"`
}

// Selector narrows what is collected of some kinds, as kubectl's -l and --field-selector do.
type Selector struct {
	Resources string `json:"resources"` // a glob as in Filters.Include
	Labels    string `json:"labels,omitempty"`
	Fields    string `json:"fields,omitempty"`
}

// defaultExclude is what is left out unless it is asked for.
var defaultExclude = map[string]string{
	"leases.coordination.k8s.io": "changes every few seconds and says only that a component lives",
	"endpoints":                  "EndpointSlices hold the same",
	"componentstatuses":          "is not a stored object",
	"*.metrics.k8s.io":           "is not a stored object",
}

type filters struct{ Filters }

func (f Filters) compile() (*filters, error) {
	bad := func(field, value string, err error) error {
		return &access.Error{Code: "INVALID", Message: fmt.Sprintf("The collection filter %s %q cannot be understood: %v.", field, value, err), Fix: "Write globs like pods or *.apps, and selectors as kubectl takes them."}
	}
	for field, globs := range map[string][]string{
		"include": f.Include, "exclude": f.Exclude, "namespaces": f.Namespaces, "excludeNamespaces": f.ExcludeNamespaces,
	} {
		for _, g := range globs {
			if _, err := path.Match(g, ""); err != nil {
				return nil, bad(field, g, err)
			}
		}
	}
	for _, s := range f.Selectors {
		if _, err := path.Match(s.Resources, ""); err != nil {
			return nil, bad("selectors.resources", s.Resources, err)
		}
		if _, err := labels.Parse(s.Labels); err != nil {
			return nil, bad("selectors.labels", s.Labels, err)
		}
		if _, err := fields.ParseSelector(s.Fields); err != nil {
			return nil, bad("selectors.fields", s.Fields, err)
		}
	}
	return &filters{f}, nil
}

func matchAny(globs []string, s string) bool {
	for _, g := range globs {
		if ok, _ := path.Match(g, s); ok { // compiled: no error
			return true
		}
	}
	return false
}

// excluded says why a kind is not collected, "" when it is.
func (f *filters) excluded(gr schema.GroupResource) string {
	name := gr.String()
	if matchAny(f.Exclude, name) {
		return "excluded by the collection filters"
	}
	if gr.Resource == "events" && (gr.Group == "" || gr.Group == eventsGroup) {
		return "collected as events, not as objects"
	}
	if matchAny(f.Include, name) {
		return ""
	}
	if len(f.Include) > 0 {
		return "not included by the collection filters"
	}
	for glob, reason := range defaultExclude {
		if matchAny([]string{glob}, name) {
			return reason
		}
	}
	return ""
}

func (f *filters) namespace(ns string) bool {
	if ns == "" {
		return true
	}
	return (len(f.Namespaces) == 0 || matchAny(f.Namespaces, ns)) && !matchAny(f.ExcludeNamespaces, ns)
}

// only returns the one namespace that is collected, when it is one: then no more than that need be granted.
func (f *filters) only() string {
	if len(f.Namespaces) != 1 {
		return ""
	}
	for _, c := range f.Namespaces[0] {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			return ""
		}
	}
	return f.Namespaces[0]
}

func (f *filters) selector(gr schema.GroupResource) Selector {
	for _, s := range f.Selectors {
		if matchAny([]string{s.Resources}, gr.String()) {
			return s
		}
	}
	return Selector{}
}
