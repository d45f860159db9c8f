package kubeapi

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/kube"
)

// restarted are the kinds that foretop rollout knows.
var restarted = map[kube.GroupResource]bool{
	{Group: "apps", Resource: "deployments"}: true, {Group: "apps", Resource: "statefulsets"}: true, {Group: "apps", Resource: "daemonsets"}: true,
}

// notWritten is how a write is refused: with the command that does it instead, where there is one.
func (q *question) notWritten(info *apirequest.RequestInfo) error {
	gr := schema.GroupResource{Group: info.APIGroup, Resource: info.Resource}
	kind := kube.GroupResource{Group: info.APIGroup, Resource: info.Resource}
	target := info.Resource
	if info.Name != "" {
		target += "/" + info.Name
	}
	if info.Namespace != "" && info.Resource != "namespaces" {
		target += " -n " + info.Namespace
	}
	if q.cluster != "" {
		target += " -C " + q.cluster
	}
	what := gr.String()
	if info.Subresource != "" {
		what += "/" + info.Subresource
	}
	instead := "Use kubectl against the member itself."
	switch {
	case info.Name == "":
	case info.Subresource == "scale" && scaled[kind]:
		instead = fmt.Sprintf("To scale: foretop scale %s --replicas=N, which plans, confirms and can be undone.", target)
	case info.Subresource == "" && info.Verb != "delete" && restarted[kind]:
		instead = fmt.Sprintf("To restart: foretop rollout restart %s, which plans, confirms and can be undone. For anything else, use kubectl against the member itself.", target)
		if scaled[kind] {
			instead = fmt.Sprintf("To restart or scale: foretop rollout restart %s, foretop scale %s --replicas=N, which plan, confirm and can be undone. For anything else, use kubectl against the member itself.", target, target)
		}
	}
	err := apierrors.NewMethodNotSupported(gr, info.Verb)
	err.ErrStatus.Message = fmt.Sprintf("%s of %s is not offered here: Foretop reads. %s", info.Verb, what, instead)
	return err
}
