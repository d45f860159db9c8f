// Package owners tells who manages an object: the controllers, delivery tools and federations that wrote it, nearest first,
// and what they would do to a direct change of it.
//
// Invariant: Chain is a pure function of what is stored of an object. A marker that names another object than the one it
// stands on is no evidence.
package owners

import (
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// The systems, in the order in which they stand in a chain: what stands first writes last.
const (
	HPA        = "hpa"        // beside the chain: it owns the replicas alone
	Controller = "controller" // of Kubernetes itself, or an operator: an owner reference says so
	Karmada    = "karmada"
	OCM        = "ocm"
	KubeFed    = "kubefed"
	Clusternet = "clusternet"
	Fleet      = "fleet"
	ConfigSync = "configsync"
	Flux       = "flux"
	ArgoCD     = "argocd"
	Helm       = "helm"
	Terraform  = "terraform"
	Kustomize  = "kustomize"
	Kubectl    = "kubectl"
)

// Systems are all of them, as names that people read.
var Systems = []struct{ Name, Title string }{
	{HPA, "Autoscaler"}, {Controller, "Controller"}, {Karmada, "Karmada"}, {OCM, "Open Cluster Management"}, {KubeFed, "KubeFed"}, {Clusternet, "Clusternet"},
	{Fleet, "Fleet"}, {ConfigSync, "Config Sync"}, {Flux, "Flux"}, {ArgoCD, "Argo CD"}, {Helm, "Helm"}, {Terraform, "Terraform"},
	{Kustomize, "Kustomize"}, {Kubectl, "kubectl"},
}

// TraitFreeReplicas is of objects whose delivery tool wrote them and leaves the number of replicas to others.
const TraitFreeReplicas = "free.replicas"

// Owner is one link of the chain.
type Owner struct {
	System    string
	Kind      kube.GroupResource // of the controlling object; zero when no cluster has one
	Namespace string             // "" when the marker does not tell
	Name      string             // "" when the marker does not tell
	Evidence  string             // what on the object says so
}

// String is how people search for it: argocd/shop. Controllers are as many as there are objects: owner: finds these.
func (o Owner) String() string {
	if o.Name == "" || o.System == Controller {
		return o.System
	}
	return o.System + "/" + o.Name
}

// Title is the system's name in a sentence.
func (o Owner) Title() string {
	for _, s := range Systems {
		if s.Name == o.System {
			return s.Title
		}
	}
	return o.System
}

// Of resolves an object when it comes in: managers are known then, and never again.
func Of(s *kube.Summary, managers []kube.Manager) []Owner {
	m := &marked{Summary: s, managers: managers}
	var chain []Owner
	for _, system := range rules {
		if o, ok := system.of(m); ok {
			o.System = system.name
			chain = append(chain, o)
		}
	}
	return chain
}

// Note writes into a summary what Of finds: who is searched by managedby:, and whether the replicas are free.
func Note(s *kube.Summary, managers []kube.Manager) {
	chain := Of(s, managers)
	s.ManagedBy = nil
	for _, o := range chain {
		s.ManagedBy = append(s.ManagedBy, o.String())
	}
	if s.Replicas >= 0 && freeReplicas(chain, managers) {
		s.Traits = append(s.Traits, TraitFreeReplicas)
		slices.Sort(s.Traits)
	}
}

// Chain is who manages a stored object, nearest first. What only managers told is known by its name alone.
func Chain(o *records.Object) []Owner {
	found := Of(&o.Summary, nil)
	if o.Controller == "" && slices.Contains(o.ManagedBy, Controller) && len(o.OwnerRefs) > 0 {
		found = append([]Owner{controllerOf(o.OwnerRefs[0])}, found...)
	}
	for _, text := range o.ManagedBy {
		system, name, _ := strings.Cut(text, "/")
		if !slices.ContainsFunc(found, func(o Owner) bool { return o.System == system }) {
			found = append(found, Owner{System: system, Name: name, Evidence: "field manager"})
		}
	}
	slices.SortStableFunc(found, func(a, b Owner) int { return place(a.System) - place(b.System) })
	return found
}

func place(system string) int {
	for i, s := range Systems {
		if s.Name == system {
			return i
		}
	}
	return len(Systems)
}
