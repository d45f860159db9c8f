package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/credential"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// maxManifest bounds what one action applies: etcd keeps it.
const maxManifest = 512 << 10

func checkManifest(p *actions.Params) error {
	switch {
	case len(p.Manifest) > maxManifest:
		return bad(fmt.Sprintf("The manifest has %d KiB, and one action takes at most %d.", len(p.Manifest)>>10, maxManifest>>10), "Apply it in parts.")
	case len(p.Clusters) == 0:
		return bad("It is not said in which clusters to apply.", "Name clusters; * is all of them.")
	}
	for _, globs := range append([][]string{p.Clusters}, overridden(p.Overrides)...) {
		for _, g := range globs {
			if _, err := path.Match(g, ""); err != nil {
				return bad(fmt.Sprintf("%q is no name or glob of clusters.", g), "")
			}
		}
	}
	for _, o := range p.Overrides {
		if o.Replicas != nil && (*o.Replicas < 0 || *o.Replicas > maxReplicas) {
			return bad(fmt.Sprintf("%d is not a number of replicas.", *o.Replicas), fmt.Sprintf("Use 0 to %d.", maxReplicas))
		}
		for name, value := range o.Env {
			if problems := validation.IsEnvVarName(name); len(problems) > 0 {
				return bad(fmt.Sprintf("%q is no name of an environment variable: %s.", name, problems[0]), "")
			}
			if err := noCredential(name, value); err != nil {
				return err
			}
		}
	}
	_, err := documents(p.Manifest)
	return err
}

func overridden(list []actions.Override) (globs [][]string) {
	for _, o := range list {
		globs = append(globs, o.Clusters)
	}
	return globs
}

// documents are the objects of a manifest, Lists taken apart, in the order in which they can be created.
func documents(manifest string) ([]*unstructured.Unstructured, error) {
	var list []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(manifest), 4096)
	for n := 1; ; n++ {
		var o unstructured.Unstructured
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, bad(fmt.Sprintf("Document %d of the manifest cannot be read: %v.", n, err), "It must be YAML or JSON.")
		}
		if len(o.Object) == 0 {
			continue
		}
		items, isList, err := unstructured.NestedSlice(o.Object, "items")
		if err == nil && isList && strings.HasSuffix(o.GetKind(), "List") {
			for _, item := range items {
				m, _ := item.(map[string]any)
				list = append(list, &unstructured.Unstructured{Object: m})
			}
			continue
		}
		list = append(list, &o)
	}
	if len(list) == 0 {
		return nil, bad("The manifest is empty.", "Give at least one object as YAML or JSON.")
	}
	for i, o := range list {
		if why := unfit(o); why != "" {
			return nil, bad(fmt.Sprintf("Object %d of the manifest: %s", i+1, why), "")
		}
	}
	slices.SortStableFunc(list, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
	return list, nil
}

// unfit says why o cannot be applied, "" when it can.
func unfit(o *unstructured.Unstructured) string {
	named := fmt.Sprintf("%s %s", o.GetKind(), o.GetName())
	switch {
	case o.GetAPIVersion() == "" || o.GetKind() == "":
		return "it has no apiVersion or no kind."
	case o.GetName() == "" && o.GetGenerateName() != "":
		return "generateName is not possible: what is applied has a name, so that it can be applied again."
	case o.GetName() == "":
		return "it has no metadata.name."
	case o.GetKind() == "Secret" && o.GetAPIVersion() == "v1" && (o.Object["data"] != nil || o.Object["stringData"] != nil):
		return fmt.Sprintf("%s has data. An action is kept for good, with all it was given: apply Secrets with kubectl.", named)
	}
	for _, c := range containers(o) {
		env, _ := c["env"].([]any)
		for _, e := range env {
			m, _ := e.(map[string]any)
			name, _ := m["name"].(string)
			value, _ := m["value"].(string)
			if err := noCredential(name, value); err != nil {
				return fmt.Sprintf("%s: %s", named, err)
			}
		}
	}
	secret := ""
	literals("", o.Object, func(name, value string) {
		if secret == "" && (credential.InText(value) || o.GetKind() == "ConfigMap" && credential.InText(name+"="+value)) {
			secret = name
		}
	})
	if secret != "" {
		return fmt.Sprintf("%s: %s", named, refusedCredential(secret))
	}
	return ""
}

// literals are all texts within v, each with the key that it stands under.
func literals(name string, v any, found func(name, value string)) {
	switch v := v.(type) {
	case string:
		found(name, v)
	case []any:
		for _, item := range v {
			literals(name, item, found)
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			literals(key, v[key], found)
		}
	}
}

// rank orders what others stand on before them.
func rank(o *unstructured.Unstructured) int {
	switch o.GetKind() {
	case "Namespace":
		return 1
	case "CustomResourceDefinition":
		return 2
	case "ServiceAccount", "ConfigMap", "Role", "ClusterRole", "PersistentVolume", "PersistentVolumeClaim", "StorageClass", "PriorityClass", "ResourceQuota", "LimitRange":
		return 3
	}
	return 4
}

// containers are those of o's pod template, init containers too; none when it has no template.
func containers(o *unstructured.Unstructured) (list []map[string]any) {
	for _, template := range [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}, {"spec"}} {
		spec, _, _ := unstructured.NestedFieldNoCopy(o.Object, template...)
		m, _ := spec.(map[string]any)
		for _, field := range []string{"containers", "initContainers"} {
			all, _ := m[field].([]any)
			for _, c := range all {
				if c, ok := c.(map[string]any); ok {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// findManifest makes a target of each object in each cluster.
func (s *Service) findManifest(ctx context.Context, scope access.Scope, in actions.Input) (*frozen, error) {
	docs, err := documents(in.Params.Manifest)
	if err != nil {
		return nil, err
	}
	members, err := s.Finder.Members(ctx, scope)
	if err != nil {
		return nil, err
	}
	for _, glob := range append(slices.Clone(in.Params.Clusters), slices.Concat(overridden(in.Params.Overrides)...)...) {
		if !slices.ContainsFunc(members, func(m records.Member) bool { return matches([]string{glob}, m.Name) }) {
			return nil, &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("No cluster is called %s.", glob), Fix: "List them with: foretop clusters"}
		}
	}
	f := &frozen{kinds: map[string]int{}}
	for _, m := range members {
		if !matches(in.Params.Clusters, m.Name) {
			continue
		}
		makes := map[string]bool{} // namespaces
		for _, o := range docs {
			if o.GetKind() == "Namespace" {
				makes[o.GetName()] = true
			}
		}
		for _, o := range docs {
			t, err := s.documentTarget(in, m, o, makes)
			if err != nil {
				return nil, err
			}
			f.targets = append(f.targets, t)
			f.kinds[o.GetKind()]++
		}
	}
	if len(f.targets) > maxTargets {
		return nil, bad(fmt.Sprintf("%d objects are too many for one action.", len(f.targets)), fmt.Sprintf("Use at most %d.", maxTargets))
	}
	return f, nil
}

func matches(globs []string, name string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { ok, _ := path.Match(g, name); return ok }) // checked: no error
}

func (s *Service) documentTarget(in actions.Input, m records.Member, o *unstructured.Unstructured, makes map[string]bool) (*actions.Target, error) {
	gv, err := schema.ParseGroupVersion(o.GetAPIVersion())
	if err != nil {
		return nil, bad(fmt.Sprintf("%q is no apiVersion.", o.GetAPIVersion()), "")
	}
	t := &actions.Target{ClusterUID: m.UID, Version: gv.Version, Wave: rank(o)}
	i := slices.IndexFunc(m.Kinds, func(k records.Kind) bool { return k.Group == gv.Group && k.Kind == o.GetKind() })
	if i < 0 {
		t.Ref = kube.Ref{Cluster: m.Name, GroupResource: kube.GroupResource{Group: gv.Group, Resource: strings.ToLower(o.GetKind()) + "s"}, Namespace: o.GetNamespace(), Name: o.GetName()}.String()
		t.State, t.Message = blocked, fmt.Sprintf("Cluster %s serves no %s of %s.", m.Name, o.GetKind(), o.GetAPIVersion())
		return t, nil
	}
	o = o.DeepCopy()
	switch {
	case !m.Kinds[i].Namespaced:
		o.SetNamespace("")
	case o.GetNamespace() == "":
		o.SetNamespace("default")
	}
	for _, over := range in.Params.Overrides {
		if matches(over.Clusters, m.Name) {
			override(o, over)
		}
	}
	t.Ref = kube.Ref{Cluster: m.Name, GroupResource: m.Kinds[i].GroupResource, Namespace: o.GetNamespace(), Name: o.GetName()}.String()
	if why := s.unreachable(m.Name); why != "" {
		t.State, t.Message = blocked, why
		return t, nil
	}
	raw, err := o.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", t.Ref, err)
	}
	t.State = ready
	if makes[o.GetNamespace()] {
		t.Needs = o.GetNamespace()
	}
	t.Wanted, err = keepable(&ingestpb.Command{Verb: &ingestpb.Command_Apply{Apply: &ingestpb.ApplyVerb{Manifest: raw, Force: in.Params.Force}}})
	return t, err
}

// override changes o as a cluster wants it.
func override(o *unstructured.Unstructured, by actions.Override) {
	if _, template, _ := unstructured.NestedMap(o.Object, "spec", "template"); template && by.Replicas != nil && slices.Contains([]string{"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"}, o.GetKind()) {
		_ = unstructured.SetNestedField(o.Object, int64(*by.Replicas), "spec", "replicas") // spec is a map
	}
	for _, c := range containers(o) {
		if image, ok := c["image"].(string); ok && by.Registry != "" {
			c["image"] = inRegistry(image, by.Registry)
		}
		for _, name := range sortedKeys(by.Env) {
			setEnv(c, name, by.Env[name])
		}
	}
}

// inRegistry is image as another registry has it: what looks like a registry, a first part with a dot or a port, is
// replaced; without one the registry goes before.
func inRegistry(image, registry string) string {
	registry = strings.TrimSuffix(registry, "/")
	first, rest, more := strings.Cut(image, "/")
	if more && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return registry + "/" + rest
	}
	return registry + "/" + image
}

func setEnv(container map[string]any, name, value string) {
	env, _ := container["env"].([]any)
	for _, e := range env {
		if m, ok := e.(map[string]any); ok && m["name"] == name {
			delete(m, "valueFrom")
			m["value"] = value
			return
		}
	}
	container["env"] = append(env, map[string]any{"name": name, "value": value})
}
