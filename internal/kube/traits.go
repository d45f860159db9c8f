package kube

import (
	"net/netip"
	"slices"
	"strings"
)

// Traits are short facts that people filter on and that no other column tells.
const (
	TraitLimits         = "limits"          // every container has a limit
	TraitLimitsCPU      = "limits.cpu"      // every container has one of CPU
	TraitLimitsMemory   = "limits.memory"   //
	TraitRequests       = "requests"        // every container has a request
	TraitRequestsCPU    = "requests.cpu"    //
	TraitRequestsMemory = "requests.memory" //
	TraitGitOps         = "gitops"          // Argo CD, Flux, Fleet or Config Sync keeps it
	TraitHelm           = "helm"            // it came with a Helm release
	TraitDrifted        = "drifted"         // what it keeps is not as it should be, by its own word
	TraitPaused         = "paused"          // its controller was told to wait
)

// traits of an object, sorted.
func traits(s *Summary, obj map[string]any) []string {
	var out []string
	if pod := podSpec(obj); pod != nil {
		out = resources(out, pod)
	}
	if keptByGitOps(s) {
		out = append(out, TraitGitOps)
	}
	if s.Labels["app.kubernetes.io/managed-by"] == "Helm" || s.Labels["helm.sh/chart"] != "" || s.Annotations["meta.helm.sh/release-name"] != "" {
		out = append(out, TraitHelm)
	}
	if drifted(s, obj) {
		out = append(out, TraitDrifted)
	}
	if spec := object(obj, "spec"); boolean(spec, "paused") {
		out = append(out, TraitPaused)
	}
	slices.Sort(out)
	return out
}

var resourceTraits = [...]struct{ list, of, trait string }{
	{"limits", "", TraitLimits}, {"limits", "cpu", TraitLimitsCPU}, {"limits", "memory", TraitLimitsMemory},
	{"requests", "", TraitRequests}, {"requests", "cpu", TraitRequestsCPU}, {"requests", "memory", TraitRequestsMemory},
}

// resources adds what every container has that keeps running. What a Pod has as a whole, its containers have; a
// limit without a request is the request too, as Kubernetes defaults it.
func resources(out []string, pod map[string]any) []string {
	containers := 0
	var had [len(resourceTraits)]int
	whole := object(pod, "resources")
	each(pod, "containers", func(c map[string]any) {
		containers++
		own := object(c, "resources")
		for i, t := range resourceTraits {
			if grants(own, t.list, t.of) || grants(whole, t.list, t.of) ||
				t.list == "requests" && (grants(own, "limits", t.of) || grants(whole, "limits", t.of)) {
				had[i]++
			}
		}
	})
	for i, t := range resourceTraits {
		if containers > 0 && had[i] == containers {
			out = append(out, t.trait)
		}
	}
	return out
}

func grants(resources map[string]any, list, of string) bool {
	m := object(resources, list)
	if of == "" {
		return len(m) > 0
	}
	_, ok := m[of]
	return ok
}

func keptByGitOps(s *Summary) bool {
	for _, key := range [...]string{
		"argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name", "objectset.rio.cattle.io/hash",
	} {
		if s.Labels[key] != "" {
			return true
		}
	}
	for _, key := range [...]string{"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id", "objectset.rio.cattle.io/id"} {
		if s.Annotations[key] != "" {
			return true
		}
	}
	return s.Annotations["configmanagement.gke.io/managed"] == "enabled"
}

// drifted reports what a GitOps resource says of what it keeps. What kubectl notes down of an apply is a copy of the
// whole object, which collectors leave out.
func drifted(s *Summary, obj map[string]any) bool {
	switch {
	case s.Group == "argoproj.io" && s.Kind == "Application":
		return str(object(obj, "status", "sync"), "status") == "OutOfSync"
	case strings.HasSuffix(s.Group, ".toolkit.fluxcd.io"):
		return slices.Contains(s.Reasons, "DriftDetected")
	case s.Group == "fleet.cattle.io":
		return count(object(obj, "status", "summary"), "modified") > 0 || count(object(obj, "status", "summary"), "outOfSync") > 0
	}
	return false
}

// maxConditions bounds how many conditions of one object can be filtered on.
const maxConditions = 64

// conditions is type -> status.
func conditions(obj map[string]any) map[string]string {
	var out map[string]string
	each(object(obj, "status"), "conditions", func(c map[string]any) {
		t, status := str(c, "type"), str(c, "status")
		if t == "" || status == "" || len(t) > maxToken || len(status) > maxToken || len(out) >= maxConditions {
			return
		}
		if out == nil {
			out = make(map[string]string, 4)
		}
		out[t] = status
	})
	return out
}

// containers is the names of all containers, main containers first, distinct.
func containers(obj map[string]any) []string {
	spec := podSpec(obj)
	var out []string
	for _, l := range containerLists {
		each(spec, l, func(c map[string]any) {
			if name := str(c, "name"); name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		})
	}
	return out
}

// ips is the addresses of a Pod and its host, a Node, a Service, a load balancer: as netip writes them, sorted.
func ips(obj map[string]any) []string {
	var out []string
	addresses(obj, func(text string) {
		if ip, err := netip.ParseAddr(text); err == nil {
			out = append(out, ip.Unmap().WithZone("").String())
		}
	})
	return distinct(out)
}

// serviceAccount is what the Pods of an object run as; "" for objects without Pods.
func serviceAccount(obj map[string]any) string {
	spec := podSpec(obj)
	if spec == nil {
		return ""
	}
	if name := str(spec, "serviceAccountName"); name != "" {
		return name
	}
	if name := str(spec, "serviceAccount"); name != "" { // its older name
		return name
	}
	return "default" // what Pods of the template will get
}
