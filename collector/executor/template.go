package executor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// image sets containers' images; "*" is every container's.
func (t target) image(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.ImageVerb) (*ingestpb.CommandResult, bool) {
	if len(v.Images) == 0 {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names no image to set."), false
	}
	for name, image := range v.Images {
		if strings.TrimSpace(image) == "" {
			return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("Container %s is to get an image without a name.", name)), false
		}
	}
	return t.changeTemplate(ctx, c, live, func(p pod) *ingestpb.CommandResult {
		for _, c := range p.containers(true) {
			if image, ok := v.Images["*"]; ok {
				c["image"] = image
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v.Images)) {
			if name == "*" {
				continue
			}
			c := p.container(name)
			if c == nil {
				return p.lacks(name)
			}
			c["image"] = v.Images[name]
		}
		return nil
	})
}

// env sets and removes environment variables, as kubectl set env does: what is set replaces where a value came from.
func (t target) env(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.EnvVerb) (*ingestpb.CommandResult, bool) {
	if len(v.Set)+len(v.Remove) == 0 {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names no environment variable."), false
	}
	for _, name := range v.Remove {
		if _, both := v.Set[name]; both {
			return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("Environment variable %s is both set and removed.", name)), false
		}
	}
	return t.changeTemplate(ctx, c, live, func(p pod) *ingestpb.CommandResult {
		chosen, res := p.chosen(v.Container)
		for _, c := range chosen {
			setEnv(c, v.Set, v.Remove)
		}
		return res
	})
}

func setEnv(c map[string]any, set map[string]string, remove []string) {
	list, _ := c["env"].([]any)
	var kept []any
	found := map[string]bool{}
	for _, e := range list {
		variable, _ := e.(map[string]any)
		name, _ := variable["name"].(string)
		if slices.Contains(remove, name) {
			continue
		}
		if value, ok := set[name]; ok {
			if found[name] {
				continue // the last of several would win
			}
			found[name] = true
			e = map[string]any{"name": name, "value": value}
		}
		kept = append(kept, e)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !found[name] {
			kept = append(kept, map[string]any{"name": name, "value": set[name]})
		}
	}
	if len(kept) == 0 {
		delete(c, "env")
		return
	}
	c["env"] = kept
}

// resources sets and removes requests and limits.
func (t target) resources(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.ResourcesVerb) (*ingestpb.CommandResult, bool) {
	if len(v.Requests)+len(v.Limits) == 0 {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names neither requests nor limits."), false
	}
	for _, quantities := range []map[string]string{v.Requests, v.Limits} {
		for name, q := range quantities {
			if _, err := resource.ParseQuantity(q); q != "" && err != nil {
				return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("%q is no quantity of %s: write it like 250m or 64Mi.", q, name)), false
			}
		}
	}
	return t.changeTemplate(ctx, c, live, func(p pod) *ingestpb.CommandResult {
		chosen, res := p.chosen(v.Container)
		for _, c := range chosen {
			r := child(c, "resources")
			setQuantities(r, "requests", v.Requests)
			setQuantities(r, "limits", v.Limits)
		}
		return res
	})
}

func setQuantities(resources map[string]any, field string, quantities map[string]string) {
	if len(quantities) == 0 {
		return
	}
	m := child(resources, field)
	for name, q := range quantities {
		if q == "" {
			delete(m, name)
		} else {
			m[name] = q
		}
	}
	if len(m) == 0 {
		delete(resources, field)
	}
}

// pod is the pod template of a workload.
type pod struct {
	of   target
	spec map[string]any
}

// changeTemplate writes what edit makes of the pod template.
func (t target) changeTemplate(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, edit func(pod) *ingestpb.CommandResult) (*ingestpb.CommandResult, bool) {
	var path []string
	switch t.kind() {
	case "deployments.apps", "statefulsets.apps", "daemonsets.apps":
		path = []string{"spec", "template", "spec"}
	case "cronjobs.batch":
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	default:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has no pod template that can be changed: only Deployments, StatefulSets, DaemonSets and CronJobs have.", t)), false
	}
	res, asked := t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		m := o.Object
		for _, field := range path {
			m = child(m, field)
		}
		return edit(pod{of: t, spec: m})
	})
	return t.warnOfRollout(res, live), asked
}

// containers lists the containers, init containers first where they are asked for.
func (p pod) containers(init bool) []map[string]any {
	fields := []string{"containers"}
	if init {
		fields = []string{"initContainers", "containers"}
	}
	var out []map[string]any
	for _, f := range fields {
		list, _ := p.spec[f].([]any)
		for _, e := range list {
			if c, ok := e.(map[string]any); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// container is the one of that name; nil when there is none.
func (p pod) container(name string) map[string]any {
	for _, c := range p.containers(true) {
		if c["name"] == name {
			return c
		}
	}
	return nil
}

// chosen are the container of that name or, when it is "", all that are no init containers.
func (p pod) chosen(name string) ([]map[string]any, *ingestpb.CommandResult) {
	if name == "" {
		return p.containers(false), nil
	}
	c := p.container(name)
	if c == nil {
		return nil, p.lacks(name)
	}
	return []map[string]any{c}, nil
}

func (p pod) lacks(name string) *ingestpb.CommandResult {
	var has []string
	for _, c := range p.containers(true) {
		has = append(has, fmt.Sprint(c["name"]))
	}
	return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has no container %s: it has %s.", p.of, name, strings.Join(has, ", ")))
}
