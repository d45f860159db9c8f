package kube

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// RelationRule says how objects of one kind name others, for kinds that Relations does not know.
type RelationRule struct {
	// From is the kind that names: cert-manager.io/Certificate, core/Pod.
	From string `json:"from"`
	// Path is where it does: spec.secretName, spec.sources[*].name. What stands there is a name, or, when Type is
	// selects, a label selector.
	Path string `json:"path"`
	// To is the kind that is named.
	To string `json:"to"`
	// Type is one of uses, selects, routes and binds.
	Type string `json:"type"`
	// NamespacePath is where the namespace of what is named stands, when it may be another.
	NamespacePath string `json:"namespacePath,omitempty"`
}

// RelationRules are declared relations, checked.
type RelationRules struct{ rules []relationRule }

type relationRule struct {
	from, to        typeName
	kind            string
	path, namespace []step
}

// typeName is a kind as objects say it.
type typeName struct{ group, kind string }

// step is one field of a path, each says that it is a list whose elements all count.
type step struct {
	field string
	each  bool
}

// maxRules bounds how many are declared.
const maxRules = 200

// wellKnown are rules for CRDs that many clusters have.
var wellKnown = []RelationRule{
	{From: "cert-manager.io/Certificate", Path: "spec.secretName", To: "core/Secret", Type: UsesEdge},
	{From: "cert-manager.io/Certificate", Path: "spec.issuerRef.name", To: "cert-manager.io/Issuer", Type: UsesEdge},
	{From: "cert-manager.io/Certificate", Path: "spec.issuerRef.name", To: "cert-manager.io/ClusterIssuer", Type: UsesEdge},
	{From: "external-secrets.io/ExternalSecret", Path: "spec.target.name", To: "core/Secret", Type: UsesEdge},
	{From: "external-secrets.io/ExternalSecret", Path: "spec.secretStoreRef.name", To: "external-secrets.io/SecretStore", Type: UsesEdge},
	{From: "external-secrets.io/ExternalSecret", Path: "spec.secretStoreRef.name", To: "external-secrets.io/ClusterSecretStore", Type: UsesEdge},
	{From: "monitoring.coreos.com/ServiceMonitor", Path: "spec.selector", To: "core/Service", Type: SelectsEdge},
	{From: "monitoring.coreos.com/PodMonitor", Path: "spec.selector", To: "core/Pod", Type: SelectsEdge},
	{From: "autoscaling.k8s.io/VerticalPodAutoscaler", Path: "spec.targetRef.name", To: "apps/Deployment", Type: SelectsEdge},
	{From: "autoscaling.k8s.io/VerticalPodAutoscaler", Path: "spec.targetRef.name", To: "apps/StatefulSet", Type: SelectsEdge},
	{From: "keda.sh/ScaledObject", Path: "spec.scaleTargetRef.name", To: "apps/Deployment", Type: SelectsEdge},
	{From: "keda.sh/ScaledObject", Path: "spec.scaleTargetRef.name", To: "apps/StatefulSet", Type: SelectsEdge},
}

// ReadRelationRules checks rules and adds those that are well known; an error says which is wrong and how. A rule
// that leads to an object that is not there has no edge, so that one path may have several.
func ReadRelationRules(declared []RelationRule) (*RelationRules, error) {
	rules := &RelationRules{}
	own := len(declared)
	declared = append(slices.Clone(declared), wellKnown...)
	if own > maxRules {
		return nil, fmt.Errorf("there are %d relations; at most %d are read", own, maxRules)
	}
	for i, d := range declared {
		r := relationRule{kind: d.Type}
		var err error
		at := func(field string, err error) error { return fmt.Errorf("relations[%d].%s: %w", i, field, err) }
		if r.from, err = readTypeName(d.From); err != nil {
			return nil, at("from", err)
		}
		if r.to, err = readTypeName(d.To); err != nil {
			return nil, at("to", err)
		}
		if r.path, err = readPath(d.Path); err != nil {
			return nil, at("path", err)
		}
		if d.NamespacePath != "" {
			if r.namespace, err = readPath(d.NamespacePath); err != nil {
				return nil, at("namespacePath", err)
			}
			if slices.ContainsFunc(r.namespace, func(s step) bool { return s.each }) && !sameLists(r.path, r.namespace) {
				return nil, at("namespacePath", errors.New("its lists are not those of path, so that no name would have a namespace"))
			}
		}
		if !slices.Contains([]string{UsesEdge, SelectsEdge, RoutesEdge, BindsEdge}, d.Type) {
			return nil, at("type", fmt.Errorf("%q is none of uses, selects, routes, binds", d.Type))
		}
		rules.rules = append(rules.rules, r)
	}
	return rules, nil
}

func readTypeName(s string) (typeName, error) {
	group, kind, ok := strings.Cut(s, "/")
	if !ok || group == "" || kind == "" || strings.Contains(kind, "/") || kind[0] < 'A' || kind[0] > 'Z' {
		return typeName{}, fmt.Errorf("%q is no kind: write GROUP/Kind, as in cert-manager.io/Certificate or core/Secret", s)
	}
	if group == "core" {
		group = ""
	}
	return typeName{group, kind}, nil
}

func readPath(s string) ([]step, error) {
	var path []step
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "."), ".") {
		field, each := strings.CutSuffix(part, "[*]")
		if field == "" || strings.ContainsAny(field, "[]*\"' ") {
			return nil, fmt.Errorf("%q is no path: write fields with dots, and [*] behind a list, as in spec.sources[*].name", s)
		}
		path = append(path, step{field, each})
	}
	return path, nil
}

// sameLists reports whether b goes through the same lists as a, so that they can be walked side by side.
func sameLists(a, b []step) bool {
	last := -1
	for i, s := range b {
		if s.each {
			last = i
		}
	}
	return last < len(a) && slices.Equal(a[:last+1], b[:last+1])
}

// From reports whether any rule is about objects of this kind.
func (r *RelationRules) From(group, kind string) bool {
	return r != nil && slices.ContainsFunc(r.rules, func(rule relationRule) bool { return rule.from == typeName{group, kind} })
}

// RuleKind is a kind whose objects may name others by a rule, of their own namespace or across namespaces.
type RuleKind struct {
	Group, Kind string
	Across      bool
}

// FromKinds are the kinds of the objects that may name one of this kind.
func (r *RelationRules) FromKinds(group, kind string) []RuleKind {
	var from []RuleKind
	if r == nil {
		return nil
	}
	for _, rule := range r.rules {
		if (rule.to == typeName{group, kind}) {
			from = append(from, RuleKind{rule.from.group, rule.from.kind, rule.namespace != nil})
		}
	}
	return from
}

// Of is what an object says of others by the rules. resource tells what API paths call a kind.
func (r *RelationRules) Of(o map[string]any, resource func(group, kind string) (plural string, namespaced bool)) []Relation {
	if r == nil {
		return nil
	}
	group, _ := splitAPIVersion(str(o, "apiVersion"))
	found := relations{namespace: str(object(o, "metadata"), "namespace")}
	for _, rule := range r.rules {
		if (rule.from != typeName{group, str(o, "kind")}) {
			continue
		}
		plural, namespaced := resource(rule.to.group, rule.to.kind)
		walk(o, rule.path, nil, func(v any, indexes []int) {
			to := Relation{Type: rule.kind, GroupResource: GroupResource{rule.to.group, plural}, Kind: rule.to.kind}
			if namespaced {
				to.Namespace = found.namespace
				if ns, _ := follow(o, rule.namespace, indexes).(string); ns != "" {
					to.Namespace = ns
				}
			}
			switch v := v.(type) {
			case string:
				to.Name = v
			case map[string]any:
				if rule.kind != SelectsEdge {
					return
				}
				to.Selector = selectorOrLabels(v)
			}
			found.add(to)
		})
	}
	return found.found
}

// selectorOrLabels reads a LabelSelector, or a plain map of labels as Services have it. One of nothing selects nothing.
func selectorOrLabels(m map[string]any) labels.Selector {
	_, byLabels := m["matchLabels"]
	_, byExpressions := m["matchExpressions"]
	if byLabels || byExpressions {
		return selector(m)
	}
	set := labels.Set{}
	for k, v := range m {
		if text, ok := v.(string); ok {
			set[k] = text
		}
	}
	if len(set) == 0 {
		return nil
	}
	return labels.SelectorFromSet(set)
}

// walk calls f for everything at path, with the indexes of the lists that led there.
func walk(v any, path []step, indexes []int, f func(v any, indexes []int)) {
	if len(path) == 0 {
		f(v, indexes)
		return
	}
	m, _ := v.(map[string]any)
	next, ok := m[path[0].field]
	if !ok {
		return
	}
	if !path[0].each {
		walk(next, path[1:], indexes, f)
		return
	}
	l, _ := next.([]any)
	for i, e := range l {
		walk(e, path[1:], append(indexes[:len(indexes):len(indexes)], i), f)
	}
}

// follow is what stands at path when its lists are entered at indexes; nil for no path.
func follow(v any, path []step, indexes []int) any {
	if len(path) == 0 {
		return nil
	}
	for _, s := range path {
		m, _ := v.(map[string]any)
		v = m[s.field]
		if !s.each {
			continue
		}
		l, _ := v.([]any)
		if len(indexes) == 0 || indexes[0] >= len(l) {
			return nil
		}
		v, indexes = l[indexes[0]], indexes[1:]
	}
	return v
}
