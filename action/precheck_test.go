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

func TestQuotasAndBudgetsWarn(t *testing.T) {
	b := &bounds{
		quotas: []corev1.ResourceQuota{
			parsed[corev1.ResourceQuota](t, `{metadata: {name: small}, status: {hard: {pods: "10", requests.cpu: "2"}, used: {pods: "8", requests.cpu: 1500m}}}`),
			parsed[corev1.ResourceQuota](t, `{metadata: {name: large}, status: {hard: {pods: "100", services: "1"}, used: {pods: "8", services: "1"}}}`),
		},
		budgets: []policyv1.PodDisruptionBudget{
			parsed[policyv1.PodDisruptionBudget](t, `{metadata: {name: web}, spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}}`),
			parsed[policyv1.PodDisruptionBudget](t, `{metadata: {name: other}, spec: {minAvailable: 2, selector: {matchLabels: {app: other}}}}`),
			parsed[policyv1.PodDisruptionBudget](t, `{metadata: {name: part}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}`),
		},
	}
	template := parsed[corev1.PodTemplateSpec](t, `{metadata: {labels: {app: web}}, spec: {containers: [{name: a, resources: {requests: {cpu: 100m}}}, {name: b, resources: {requests: {cpu: 200m}}}]}}`)
	is := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	is("one more", b.quotaWarnings(template, 1))
	is("two more", b.quotaWarnings(template, 2), "ResourceQuota small has no room for 2 more Pods: 1500m of 2 requests.cpu are used and 600m more are needed.")
	is("three more", b.quotaWarnings(template, 3), "ResourceQuota small has no room for 3 more Pods: 8 of 10 pods are used and 3 more are needed; 1500m of 2 requests.cpu are used and 900m more are needed.")
	is("to two", b.budgetWarnings(template, 2))
	is("to one", b.budgetWarnings(template, 1), "PodDisruptionBudget web asks for at least 2 Pods; there will be 1. A budget does not hold this up.")
}
