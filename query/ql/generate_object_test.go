package ql

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/foretop/foretop/internal/records"
)

// What stands in objects: quantities in and out of Kubernetes' grammar, numbers that print in several ways, and keys
// that need quotes.
var (
	someAmounts = []string{"500m", "2Gi", "2048Mi", "1.5Gi", "2", "0", "-1", "9Ei", "-9Ei", "1e3", "5E", "2gi", "1.5n", "-1.5n", "12345678901234567890", "+3", ".5", "5.", "1E", "1e3Ki", "07", "1e-9", "3E18", "0.1234567891", "100k", " 2", "2Gi\n"}
	someNumbers = []string{"0", "1", "3", "-2", "1.5", "1.50", "1e3", "1e21", "0.0000001", "18446744073709551615", "9223372036854775807", "2147483648", "0.1"}
	someSteps   = []string{"app", "app.kubernetes.io/name", "disktype", `q"q`, "a<b", "Ω", "sp ace", "memory", "a_b", "x'y"}
	someRoutes  = []string{
		"spec.replicas", ".spec.replicas", "spec.paused", "spec.template.spec.containers[*].resources.limits.memory",
		"spec.template.spec.containers.resources.limits.memory", "spec.template.spec.containers[0].resources.limits.memory",
		"spec.template.spec.containers[1].name", "spec.template.spec.containers.args", "spec.template.spec.containers[*].args[*]",
		"spec.template.spec.containers.args[0]", "spec.template.spec.containers[*][*].name", "spec.template.spec.containers",
		"spec.template.spec.nodeSelector.disktype", `spec.template.spec.nodeSelector."app.kubernetes.io/name"`, `spec.template.spec.nodeSelector."q\"q"`,
		`spec.template.spec.nodeSelector."a<b"`, `spec.template.spec.nodeSelector["Ω"]`, `spec.template.spec.nodeSelector."x'y"`, "spec.template.spec.nodeSelector",
		"metadata.labels.app", "metadata.labels.app.kubernetes.io/name", "metadata.name", "status.conditions.type", "status.conditions[0].status",
		".subjects.name", ".subjects[*].name", ".subjects[0]", ".kind", "data.memory", `data."sp ace"`, ".missing.x", "spec.x[0][1]", "spec.x[*]", "spec.x", "spec", "spec.x.y",
	}
)

// someObject is what the API server may say of o, in JSON as Go writes it.
func someObject(r *rand.Rand, o *records.Version) []byte {
	var any1 func(depth int) any
	any1 = func(depth int) any {
		switch n := r.IntN(12); {
		case n < 2:
			return json.Number(pick(r, someNumbers))
		case n < 4:
			return pick(r, someAmounts)
		case n < 6:
			return pick(r, someValues)
		case n == 6:
			return r.IntN(2) == 0
		case n == 7:
			return nil
		case n < 10 && depth < 3:
			list := make([]any, r.IntN(3))
			for i := range list {
				list[i] = any1(depth + 1)
			}
			return list
		case depth < 3:
			m := map[string]any{}
			for range r.IntN(3) {
				m[pick(r, append([]string{"x", "y"}, someSteps...))] = any1(depth + 1)
			}
			return m
		}
		return pick(r, someNames)
	}
	flat := func() map[string]any {
		m := map[string]any{}
		for range r.IntN(4) {
			m[pick(r, someSteps)] = any1(2)
		}
		return m
	}
	var containers []any
	for range r.IntN(3) {
		c := map[string]any{"name": pick(r, someNames), "resources": map[string]any{"limits": map[string]any{"memory": pick(r, someAmounts)}}}
		if r.IntN(3) == 0 {
			c["resources"] = map[string]any{"limits": map[string]any{"memory": any1(1)}}
		}
		if r.IntN(2) == 0 {
			c["args"] = []any{any1(2), pick(r, someValues)}
		}
		if r.IntN(10) == 0 {
			containers = append(containers, []any{c, any1(1)})
			continue
		}
		containers = append(containers, c)
	}
	object := map[string]any{"kind": o.Kind, "metadata": map[string]any{"name": o.Name, "labels": o.Labels}, "data": flat()}
	spec := map[string]any{"replicas": json.Number(pick(r, someNumbers)), "paused": r.IntN(2) == 0, "x": any1(0)}
	spec["template"] = map[string]any{"spec": map[string]any{"containers": containers, "nodeSelector": flat()}}
	object["spec"] = spec
	if r.IntN(12) == 0 {
		object["spec"] = any1(0)
	}
	if r.IntN(2) == 0 {
		object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": pick(r, []string{"True", "False"})}, any1(2)}}
	}
	if r.IntN(2) == 0 {
		object["subjects"] = []any{map[string]any{"name": pick(r, someNames)}, any1(1)}
	}
	text, err := json.Marshal(object)
	if err != nil {
		panic(fmt.Sprintf("write %v: %v", object, err))
	}
	return text
}

// generatePath writes a filter on a path.
func generatePath(r *rand.Rand, list func(string, []string) string) string {
	at := pick(r, someRoutes)
	if at == "spec" {
		at = ".spec"
	}
	var limits []string
	for _, s := range append(append([]string{}, someAmounts...), someNumbers...) {
		if _, ok := amount(s); ok && !strings.HasPrefix(s, "-") {
			limits = append(limits, s)
		}
	}
	switch r.IntN(6) {
	case 0:
		return pick(r, []string{"has:", "no:"}) + at
	case 1, 2:
		return at + pick(r, []string{"<", "<=", ">", ">=", ":>", ":<="}) + pick(r, limits)
	case 3:
		return at + ":" + pick(r, []string{"0..3", "*..2Gi", "500m..*", "1..3,2Gi", "-2..2", "1k..1Gi", "2048Mi..2Gi", "true", "false,1.5", "*", `"1..3"`, "!0..1e3"})
	}
	return list(at, append(append(append([]string{"True", "true", "Ready"}, someValues...), someAmounts...), someNumbers...))
}
