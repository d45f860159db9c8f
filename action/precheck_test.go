package action

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

func parsed[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBudgetsWarn(t *testing.T) {
	b := &bounds{
		budgets: []policyv1.PodDisruptionBudget{
			parsed[policyv1.PodDisruptionBudget](t, `{metadata: {name: web}, spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}}`),
			parsed[policyv1.PodDisruptionBudget](t, `{metadata: {name: other}, spec: {minAvailable: 2, selector: {matchLabels: {app: other}}}}`),
			parsed[policyv1.PodDisruptionBudget](t, `{metadata: {name: part}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}`),
		},
	}
	template := parsed[corev1.PodTemplateSpec](t, `{metadata: {labels: {app: web}}}`)
	is := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	is("to two", b.budgetWarnings(template, 2))
	is("to one", b.budgetWarnings(template, 1), "PodDisruptionBudget web asks for at least 2 Pods; there will be 1. A budget does not hold this up.")
}
