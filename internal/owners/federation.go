package owners

import (
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/records"
)

func byController(a *asked, e *Effect) error {
	switch {
	case a.part == metadata, a.part == whole: // whoever deletes what has an owner is told by the plan, whatever owns it
		return nil
	case a.o.Kind == "ReplicaSet" && strings.HasPrefix(e.Name, "Deployment/"):
		return e.certainly(time.Second, e.Name+" owns it and takes back "+a.undone()+" at once.", "Act on "+e.Name+".")
	}
	return e.perhaps(e.Name+" owns it and puts back what differs from its own template.", "Act on "+e.Name+".")
}

// byKarmada: every difference in a member is written over as soon as it is seen, but for a few fields.
func byKarmada(a *asked, e *Effect) error {
	if a.look != nil {
		found, err := a.look(a.ctx, a.o.Ref.GroupResource, a.o.Namespace, a.o.Name)
		if err != nil {
			return err
		}
		for _, o := range found {
			placed := o.Labels["propagationpolicy.karmada.io/permanent-id"] + o.Labels["clusterpropagationpolicy.karmada.io/permanent-id"] +
				o.Annotations["propagationpolicy.karmada.io/name"] + o.Annotations["clusterpropagationpolicy.karmada.io/name"]
			if o.ClusterUID != a.o.ClusterUID && o.Labels["karmada.io/managed"] != "true" && placed != "" {
				e.Object = o
			}
		}
	}
	remedy := "Change the template on Karmada's API server, or an OverridePolicy for one cluster."
	if e.Object != nil {
		remedy = "Change the template " + e.Object.Ref.String() + ", or an OverridePolicy for one cluster."
	}
	switch {
	case a.part == replicas && a.o.Labels["resourcetemplate.karmada.io/retain-replicas"] == "true":
		return nil
	case a.part == metadata:
		return e.perhaps("Karmada takes back labels and annotations that its template has, and keeps others.", remedy)
	}
	return e.certainly(5*time.Second, "Karmada takes back "+a.undone()+" within seconds.", remedy)
}

const worksResync = 6 * time.Minute

// byOCM: what its ManifestWork says to do with this manifest. Update is the default, and compares all of it.
func byOCM(a *asked, e *Effect) error {
	if err := a.controlling(e, nil); err != nil {
		return err
	}
	strategy, option := "Update", map[string]any{}
	if e.Default = e.Object == nil; e.Default {
		if strings.HasPrefix(e.Evidence, "field manager") {
			strategy = "ServerSideApply"
		}
	} else {
		list, _ := e.read("spec", "manifestConfigs").([]any)
		for _, v := range list {
			config, _ := v.(map[string]any)
			id, _ := config["resourceIdentifier"].(map[string]any)
			group, _ := id["group"].(string)
			namespace, _ := id["namespace"].(string)
			if group != a.o.Group || id["resource"] != a.o.Ref.Resource || id["name"] != a.o.Name || namespace != a.o.Namespace {
				continue
			}
			if chosen, _ := at(config, "updateStrategy", "type").(string); chosen != "" {
				strategy = chosen
			}
			option, _ = at(config, "updateStrategy", "serverSideApply").(map[string]any)
		}
	}
	work := e.named("ManifestWork")
	remedy := "Change the manifest in the ManifestWork on the hub cluster."
	if e.Object != nil {
		remedy = "Change the manifest in " + e.Object.Ref.String() + "."
	}
	bydefault := ""
	if e.Default {
		bydefault = ", by default"
	}
	certainly := func() error {
		return e.certainly(worksResync, work+" takes back "+a.undone()+" "+within(worksResync)+bydefault+".", remedy)
	}
	switch strategy {
	case "ReadOnly":
		return nil
	case "CreateOnly":
		if a.part == whole {
			return certainly()
		}
		return nil
	case "ServerSideApply":
		ignored, _ := option["ignoreFields"].([]any)
		free := a.freeReplicas() || slices.ContainsFunc(ignored, func(v any) bool {
			rule, _ := v.(map[string]any)
			pointers, _ := rule["jsonPointers"].([]any)
			return slices.Contains(pointers, any("/spec/replicas"))
		})
		switch {
		case a.part == stamp, a.part == metadata, a.part == replicas && free:
			return nil
		case a.part == field:
			return e.perhaps(work+" takes back what its manifest sets; what that leaves out stays.", remedy)
		}
	}
	if a.part == metadata {
		return e.perhaps(work+" takes back labels and annotations that its manifest sets.", remedy)
	}
	return certainly()
}

func byKubeFed(a *asked, e *Effect) error {
	if err := a.controlling(e, nil); err != nil {
		return err
	}
	if a.part == replicas && e.truth("spec", "retainReplicas") {
		return nil
	}
	e.Default = e.Object == nil
	remedy := "Change the federated object, or an override of it for one cluster."
	if a.part == metadata {
		return e.perhaps("KubeFed takes back labels and annotations that its template has.", remedy)
	}
	return e.certainly(0, "KubeFed takes back "+a.undone()+" soon.", remedy)
}

// byClusternet leaves alone what says so itself.
func byClusternet(a *asked, e *Effect) error {
	if err := a.controlling(e, nil); err != nil {
		return err
	}
	is := func(o *records.Object) bool { return o.Annotations["clusternet.io/autoupdate"] == "false" }
	if is(a.o) || e.Object != nil && is(e.Object) {
		return nil
	}
	remedy := "Change the feed on Clusternet's parent cluster, or add a Localization for this cluster."
	if a.part == metadata {
		return e.perhaps("Clusternet takes back labels and annotations that its feed has.", remedy)
	}
	return e.certainly(0, "Clusternet takes back "+a.undone()+" soon.", remedy)
}

// ByAutoscaler is what an HPA does to the workload that it scales.
func ByAutoscaler(hpa *records.Object) Effect {
	return Effect{Owner: Owner{System: HPA, Kind: hpa.Ref.GroupResource, Namespace: hpa.Ref.Namespace, Name: hpa.Ref.Name, Evidence: "its scaleTargetRef"}, Object: hpa,
		Reverts: true, After: 15 * time.Second, Sentence: "It sets the number of replicas; a direct change is reverted within about 15 s.", Remedy: "Change its bounds."}
}
