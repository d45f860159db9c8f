package owners

import (
	"context"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Effect is what one owner would do to a direct change.
type Effect struct {
	Owner
	Object   *records.Object // the controlling object, where it is stored
	Reverts  bool            // certainly, sooner or later; false with a Sentence is perhaps
	After    time.Duration   // 0 is not known
	Default  bool            // said of the system, since its controlling object is not stored
	Sentence string          // "" when nothing becomes of the change
	Remedy   string
	Manager  string // field manager to write with, so that the owner keeps the change; "" is Foretop's own
}

// Verdict is what becomes of a direct change under all owners.
type Verdict struct {
	Reverts  bool
	By       Owner // the nearest that reverts
	After    time.Duration
	Sentence string   // why, when it reverts
	Remedy   string   // what to do instead
	Warnings []string // of owners that may revert it
	Manager  string
	Evict    bool            // restart by eviction instead: no owner takes that back
	At       *records.Object // the controlling object of who reverts; nil when it is not stored
}

// Lookup finds living objects of a kind that are called so, with their JSON, in all clusters that the caller may see. An
// empty namespace is any.
type Lookup func(ctx context.Context, gr kube.GroupResource, namespace, name string) ([]*records.Object, error)

// what a verb changes of an object, as far as owners mind.
type part int

const (
	anything part = iota // a change in general, for people
	nothing              // its pods, or a new object
	stamp                // a restart: an annotation of the pod template that no manifest has
	replicas
	template // what every manifest sets: images, a whole template, the bounds of an autoscaler
	field    // what a manifest may or may not set
	metadata
	whole // it is deleted
)

var parts = map[string]part{
	"": anything, actions.Restart: stamp, actions.Evict: nothing, actions.Drain: nothing, actions.Rerun: nothing, actions.Trigger: nothing,
	actions.Cordon: field, actions.Uncordon: field, actions.Scale: replicas, actions.Autoscale: template, actions.SetImage: template, actions.RollBack: template,
	actions.SetEnv: field, actions.SetResources: field, actions.Pause: field, actions.Resume: field, actions.Revert: field, actions.Apply: field,
	actions.Label: metadata, actions.Annotate: metadata, actions.Delete: whole,
}

// asked is a question about one object.
type asked struct {
	ctx  context.Context
	o    *records.Object
	part part
	look Lookup
}

// freeReplicas holds when the delivery tool leaves the replicas to others.
func (a *asked) freeReplicas() bool {
	for _, t := range a.o.Traits {
		if t == TraitFreeReplicas {
			return true
		}
	}
	return false
}

// Effects are what the owners of an object would do to a verb of actions, nearest first; "" is a change in general.
func Effects(ctx context.Context, o *records.Object, verb string, look Lookup) ([]Effect, error) {
	p, known := parts[verb]
	if !known {
		p = field
	}
	a := &asked{ctx, o, p, look}
	var list []Effect
	for _, owner := range Chain(o) {
		e, err := a.judge(owner)
		if err != nil {
			return nil, err
		}
		if p == anything && e.Reverts && is(o, actions.Restart) {
			restarted, err := (&asked{ctx, o, stamp, look}).judge(owner)
			if err != nil {
				return nil, err
			}
			if restarted.Sentence == "" {
				e.Sentence += " A restart stays."
			}
		}
		list = append(list, e)
	}
	return list, nil
}

func (a *asked) judge(owner Owner) (e Effect, err error) {
	e.Owner = owner
	if judge := judges[owner.System]; judge != nil && a.part != nothing {
		err = judge(a, &e)
	}
	return e, err
}

// Judge is what becomes of a direct change.
func Judge(ctx context.Context, o *records.Object, verb string, look Lookup) (Verdict, error) {
	effects, err := Effects(ctx, o, verb, look)
	if err != nil {
		return Verdict{}, err
	}
	var v Verdict
	for _, e := range effects {
		if v.Manager == "" && verb != actions.Apply { // what is applied keeps its manager, or it could not be applied again
			v.Manager = e.Manager
		}
		switch {
		case e.Sentence == "":
		case e.Reverts && !v.Reverts:
			v.Reverts, v.By, v.After, v.Sentence, v.Remedy, v.At = true, e.Owner, e.After, e.Sentence, e.Remedy, e.Object
			if v.Evict = parts[verb] == stamp && is(o, actions.Evict); v.Evict {
				v.Remedy = "Restart it by eviction, which no owner takes back. Or: " + lowerFirst(v.Remedy)
			}
		default:
			v.Warnings = append(v.Warnings, strings.TrimSpace(e.Sentence+" "+e.Remedy))
		}
	}
	return v, nil
}

// is reports whether a verb is for objects like o.
func is(o *records.Object, verb string) bool {
	kinds, _ := actions.KindsOf(verb)
	for _, k := range kinds {
		if k == o.Ref.GroupResource.String() {
			return true
		}
	}
	return false
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// judges say what each system does. One that is not here does nothing.
var judges = map[string]func(*asked, *Effect) error{
	Controller: byController, Karmada: byKarmada, OCM: byOCM, KubeFed: byKubeFed, Clusternet: byClusternet, Fleet: byFleet,
	ConfigSync: byConfigSync, Flux: byFlux, ArgoCD: byArgoCD, Helm: byHelm, Terraform: byTerraform, Kubectl: byKubectl,
}

// certainly notes that the change is taken back.
func (e *Effect) certainly(after time.Duration, sentence, remedy string) error {
	e.Reverts, e.After, e.Sentence, e.Remedy = true, after, sentence, remedy
	return nil
}

// perhaps notes what people should know.
func (e *Effect) perhaps(sentence, remedy string) error {
	e.Sentence, e.Remedy = sentence, remedy
	return nil
}

// named is the owner in a sentence: Argo CD application shop.
func (e *Effect) named(kind string) string {
	s := e.Title() + " " + kind
	if e.Name != "" {
		s += " " + e.Name
	}
	return s
}

// undone names the change in a sentence.
func (a *asked) undone() string {
	switch a.part {
	case stamp:
		return "the restart"
	case replicas:
		return "the number of replicas"
	case whole:
		return "the deletion"
	default:
		return "a direct change"
	}
}

// controlling finds the controlling object that an owner names: the one of the same cluster, or the only one there is, of
// those that fit.
func (a *asked) controlling(e *Effect, fits func(*records.Object) bool) error {
	if a.look == nil || e.Kind.Resource == "" || e.Name == "" {
		return nil
	}
	found, err := a.look(a.ctx, e.Kind, e.Namespace, e.Name)
	if err != nil {
		return err
	}
	var others []*records.Object
	for _, o := range found {
		switch {
		case fits != nil && !fits(o):
		case o.ClusterUID == a.o.ClusterUID:
			e.Object = o
			return nil
		default:
			others = append(others, o)
		}
	}
	if len(others) == 1 {
		e.Object = others[0]
	}
	return nil
}

// read is what stands at a path of the controlling object's JSON; nil when nothing does.
func (e *Effect) read(path ...string) any {
	if e.Object == nil {
		return nil
	}
	tree, err := kube.Decode(e.Object.JSON)
	if err != nil {
		return nil
	}
	return at(tree, path...)
}

func at(tree map[string]any, path ...string) any {
	var v any = tree
	for _, step := range path {
		m, _ := v.(map[string]any)
		v = m[step]
	}
	return v
}

func (e *Effect) truth(path ...string) bool { b, _ := e.read(path...).(bool); return b }

func (e *Effect) word(path ...string) string { s, _ := e.read(path...).(string); return s }

// within is "within about 10 minutes", or "soon" when that is not known.
func within(d time.Duration) string {
	switch {
	case d <= 0:
		return "soon"
	case d < time.Minute:
		return "within seconds"
	case d < 2*time.Minute:
		return "within about a minute"
	case d < 2*time.Hour:
		return "within about " + minutes(d) + " minutes"
	}
	return "within about " + hours(d) + " hours"
}
