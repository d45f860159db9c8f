package kubeapi

import "k8s.io/apimachinery/pkg/version"

// compareVersions orders versions of an API as Kubernetes does: v2, v1, v1beta1, v1alpha1.
func compareVersions(a, b string) int { return version.CompareKubeAwareVersionStrings(a, b) }
