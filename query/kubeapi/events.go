package kubeapi

import "github.com/foretop/foretop/internal/kube"

// Kubernetes events are one kind with two views: core/v1, as which they are stored, and events.k8s.io, which calls most
// fields otherwise.
var (
	coreEvents = kube.GroupResource{Resource: "events"}
	newEvents  = kube.GroupResource{Group: "events.k8s.io", Resource: "events"}
)

// stored is the kind that objects of gr are stored as.
func stored(gr kube.GroupResource) kube.GroupResource {
	if gr == newEvents {
		return coreEvents
	}
	return gr
}

// kindTerm asks for exactly one kind.
func kindTerm(gr kube.GroupResource) string {
	if gr.Group == "" {
		return "kind:" + quoted(gr.Resource+".")
	}
	return "kind:" + quoted(gr.String())
}

// storedAs is how fields of events.k8s.io are called in core/v1.
var storedAs = map[string]string{"regarding": "involvedObject", "note": "message", "reportingController": "reportingComponent", "deprecatedSource": "source",
	"deprecatedCount": "count", "deprecatedFirstTimestamp": "firstTimestamp", "deprecatedLastTimestamp": "lastTimestamp"}

// asStored is a field of a kind as objects are stored.
func asStored(gr kube.GroupResource, field string) string {
	if stored, renamed := storedAs[field]; renamed && gr == newEvents {
		return stored
	}
	return field
}
