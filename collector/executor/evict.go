package executor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/schemas/ingestpb"
)

var pods = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

const (
	// evictionsOfNode is how many Pods leave a Node in one step when the command does not say.
	evictionsOfNode = 10
	// evictionsTried is how many evictions a dry run asks about; the others are counted.
	evictionsTried = 100
)

// eviction is one step of evicting the Pods of a workload or of a Node.
type eviction struct {
	target
	command *ingestpb.Command
	verb    *ingestpb.EvictVerb
	out     *ingestpb.Evictions
	warned  []string
}

// evict takes one step: it evicts some Pods of a workload or a Node and tells how many are left.
func (t target) evict(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.EvictVerb) (*ingestpb.CommandResult, bool) {
	e := &eviction{target: t, command: c, verb: v, out: &ingestpb.Evictions{NowMs: t.now().UnixMilli()}}
	var res *ingestpb.CommandResult
	var asked bool
	switch t.kind() {
	case "nodes":
		res, asked = e.drain(ctx, live)
	case "deployments.apps", "statefulsets.apps", "replicasets.apps", "replicationcontrollers":
		res, asked = e.restart(ctx, live)
	default:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has no Pods to evict: only Deployments, StatefulSets, ReplicaSets, ReplicationControllers and Nodes have.", t)), false
	}
	if res == nil {
		res = &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK}
	}
	res.Before, res.Workload, res.Evictions = t.json(live), progress(live), e.out
	res.Warnings = append(res.Warnings, e.warned...)
	return res, asked
}

// restart evicts Pods of a workload that are older than the command says, while as many as wanted are ready.
func (e *eviction) restart(ctx context.Context, live *unstructured.Unstructured) (*ingestpb.CommandResult, bool) {
	if e.verb.CreatedBeforeMs == 0 {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The eviction names no time before which Pods are meant."), false
	}
	all, err := e.podsOf(ctx, live)
	if err != nil {
		return e.failed("list the Pods of", e.target, err, false), false
	}
	wanted := int(progress(live).GetDesired())
	if wanted == 1 && !e.verb.Whole {
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has a single Pod: it would be away until its successor is ready. Allow that, or scale it up first.", e.target)), false
	}
	now := e.now()
	minReady, _, _ := unstructured.NestedInt64(live.Object, "spec", "minReadySeconds")
	before := time.UnixMilli(e.verb.CreatedBeforeMs).Truncate(time.Second) // as exactly as creation is known
	var old []*corev1.Pod
	there, ready := 0, 0
	for _, p := range all {
		if p.CreationTimestamp.Time.Before(before) {
			e.out.Left++
		}
		if p.DeletionTimestamp != nil {
			continue
		}
		there++
		isReady := isReady(p, time.Duration(minReady)*time.Second, now)
		if isReady {
			ready++
		}
		if p.CreationTimestamp.Time.Before(before) {
			old = append(old, p)
		} else if !isReady {
			e.out.WaitingFor = fmt.Sprintf("Pod %s is not ready yet.", p.Name)
		}
	}
	// Those that serve nobody go first.
	slices.SortStableFunc(old, func(a, b *corev1.Pod) int {
		return byTruth(isReady(a, 0, now), isReady(b, 0, now))
	})
	if e.command.DryRun {
		e.out.WaitingFor = ""
		return e.try(ctx, old)
	}
	if there < wanted && e.out.WaitingFor == "" && e.out.Left > 0 {
		e.out.WaitingFor = fmt.Sprintf("Only %d of %d Pods are there.", there, wanted)
	}
	most := max(1, int(e.verb.AtMost))
	if !e.verb.Whole {
		most = min(most, max(1, wanted-1))
	}
	asked := false
	for _, p := range old {
		if most == 0 {
			break
		}
		if isReady(p, 0, now) && (e.out.WaitingFor != "" || ready < wanted && !oldOnly(old, now, wanted-ready)) {
			break
		}
		asked = true
		most--
		if res := e.one(ctx, p, p.Name); res != nil {
			return res, asked
		}
	}
	return nil, asked
}

// oldOnly reports that missing many of those to be evicted are what is not ready.
func oldOnly(old []*corev1.Pod, now time.Time, missing int) bool {
	for _, p := range old {
		if !isReady(p, 0, now) {
			missing--
		}
	}
	return missing <= 0
}

func byTruth(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// podsOf lists the Pods that live controls, itself or through its ReplicaSets, and that have not ended.
func (e *eviction) podsOf(ctx context.Context, live *unstructured.Unstructured) ([]*corev1.Pod, error) {
	controllers := []unstructured.Unstructured{*live}
	if e.kind() == "deployments.apps" {
		var err error
		if controllers, err = e.owned(ctx, replicaSets, live); err != nil {
			return nil, err
		}
	}
	selector, err := selectorOf(live)
	if err != nil {
		return nil, err
	}
	all, err := e.list(ctx, live.GetNamespace(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p *corev1.Pod) bool {
		c := metav1.GetControllerOf(p)
		return c == nil || finished(p) || !slices.ContainsFunc(controllers, func(o unstructured.Unstructured) bool { return o.GetUID() == c.UID })
	}), nil
}

// drain evicts the Pods of a Node, as kubectl drain does.
func (e *eviction) drain(ctx context.Context, node *unstructured.Unstructured) (*ingestpb.CommandResult, bool) {
	all, err := e.list(ctx, "", metav1.ListOptions{FieldSelector: "spec.nodeName=" + node.GetName()})
	if err != nil {
		return e.failed("list the Pods of", e.target, err, false), false
	}
	var going, unmanaged, local []*corev1.Pod
	for _, p := range all {
		controller := metav1.GetControllerOf(p)
		name := fullName(p)
		switch {
		case p.Annotations[corev1.MirrorPodAnnotationKey] != "":
			e.keep("Pod %s stays: the Node itself runs it.", name)
			continue
		case e.policy.refuses("evict", &ingestpb.ObjectRef{Resource: "pods", Namespace: p.Namespace}) != "":
			e.keep("Pod %s stays: the policy of this cluster's collector does not allow changes in namespace %s.", name, p.Namespace)
			continue
		case finished(p):
		case controller != nil && controller.Kind == "DaemonSet":
			e.keep("Pod %s stays: DaemonSet %s runs one on every Node.", name, controller.Name)
			continue
		case controller == nil && !e.verb.Unmanaged:
			unmanaged = append(unmanaged, p)
		case hasEmptyDir(p) && !e.verb.DeleteEmptyDir:
			local = append(local, p)
		}
		e.out.Left++
		if p.DeletionTimestamp == nil {
			going = append(going, p)
		}
	}
	switch {
	case len(unmanaged) > 0:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has Pods without a controller, which nobody brings back: %s. Allow to delete them, or move them first.", e.target, names(unmanaged))), false
	case len(local) > 0:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has Pods with emptyDir volumes, whose content is lost: %s. Allow to delete it, or move them first.", e.target, names(local))), false
	case e.command.DryRun:
		return e.try(ctx, going)
	}
	most := int(e.verb.AtMost)
	if most <= 0 {
		most = evictionsOfNode
	}
	for _, p := range going {
		if most == 0 {
			break
		}
		before := len(e.out.Evicted)
		if res := e.one(ctx, p, fullName(p)); res != nil {
			return res, true
		}
		most -= len(e.out.Evicted) - before // one that a budget holds up does not hold up the others
	}
	return nil, len(going) > 0
}

func (e *eviction) keep(format string, args ...any) {
	e.out.Kept = append(e.out.Kept, fmt.Sprintf(format, args...))
}

// try asks what would come of the evictions.
func (e *eviction) try(ctx context.Context, all []*corev1.Pod) (*ingestpb.CommandResult, bool) {
	asked := all[:min(len(all), evictionsTried)]
	held := 0
	for _, p := range asked {
		name := p.Name
		if e.kind() == "nodes" {
			name = fullName(p)
		}
		before := len(e.out.Evicted)
		if res := e.one(ctx, p, name); res != nil {
			return res, true
		}
		if len(e.out.Evicted) == before {
			held++
		}
	}
	if held > 1 {
		e.warned = append(e.warned, fmt.Sprintf("%d Pods could not be evicted now.", held))
	}
	if rest := len(all) - len(asked); rest > 0 {
		e.warned = append(e.warned, fmt.Sprintf("%d Pods more would be evicted; about them the cluster was not asked.", rest))
	}
	return nil, len(asked) > 0
}

// one evicts a Pod, or notes why it cannot go yet. What it returns is the answer to the command: nothing more is tried.
func (e *eviction) one(ctx context.Context, p *corev1.Pod, name string) *ingestpb.CommandResult {
	options := map[string]any{"preconditions": map[string]any{"uid": string(p.UID)}}
	if e.verb.GraceSeconds != nil {
		options["gracePeriodSeconds"] = *e.verb.GraceSeconds
	}
	opts := metav1.CreateOptions{}
	if e.command.DryRun {
		options["dryRun"] = []any{metav1.DryRunAll}
		opts.DryRun = []string{metav1.DryRunAll}
	}
	body := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy/v1", "kind": "Eviction", "metadata": map[string]any{"name": p.Name, "namespace": p.Namespace}, "deleteOptions": options,
	}}
	_, err := e.Executor.client.Resource(pods).Namespace(p.Namespace).Create(ctx, body, opts, "eviction")
	switch {
	case err == nil:
		e.out.Evicted = append(e.out.Evicted, name)
	case isNotFound(err), apierrors.IsConflict(err): // gone, and another one of its name came
		e.out.Left--
	case apierrors.IsTooManyRequests(err):
		e.out.WaitingFor = e.budget(ctx, p, name, err)
	default:
		t := e.target
		t.ref = &ingestpb.ObjectRef{Version: "v1", Resource: "pods", Namespace: p.Namespace, Name: p.Name}
		return e.failed("evict", t, err, !e.command.DryRun)
	}
	return nil
}

// budget says which PodDisruptionBudget holds an eviction up.
func (e *eviction) budget(ctx context.Context, p *corev1.Pod, name string, err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		for _, c := range status.Status().Details.Causes {
			// The disruption budget web needs 2 healthy pods and has 2 currently
			if _, rest, ok := strings.Cut(c.Message, "disruption budget "); ok && c.Type == "DisruptionBudget" {
				if i := strings.Index(rest, " "); i > 0 {
					return fmt.Sprintf("The PodDisruptionBudget %s does not let Pod %s go: it%s.", rest[:i], name, strings.TrimSuffix(rest[i:], "."))
				}
			}
		}
	}
	return fmt.Sprintf("A PodDisruptionBudget does not let Pod %s go.", name)
}

func (e *eviction) list(ctx context.Context, namespace string, opts metav1.ListOptions) ([]*corev1.Pod, error) {
	list, err := e.Executor.client.Resource(pods).Namespace(namespace).List(ctx, opts)
	if err != nil {
		return nil, err
	}
	out := make([]*corev1.Pod, 0, len(list.Items))
	for i := range list.Items {
		p := &corev1.Pod{}
		if err := fromUnstructured(list.Items[i].Object, p); err != nil {
			return nil, fmt.Errorf("read Pod %s: %w", list.Items[i].GetName(), err)
		}
		out = append(out, p)
	}
	return out, nil
}

func fromUnstructured(o map[string]any, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(o, into)
}

func finished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// isReady reports that p has been ready for a while.
func isReady(p *corev1.Pod, since time.Duration, now time.Time) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return since == 0 || !c.LastTransitionTime.Add(since).After(now)
		}
	}
	return false
}

func hasEmptyDir(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
}

func fullName(p *corev1.Pod) string { return p.Namespace + "/" + p.Name }

// names lists some Pods for people.
func names(all []*corev1.Pod) string {
	const most = 5
	var out []string
	for _, p := range all[:min(len(all), most)] {
		out = append(out, fullName(p))
	}
	if rest := len(all) - most; rest > 0 {
		out = append(out, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(out, ", ")
}

// unhurried leaves it to the hub when to ask again: clients would wait within the request where a budget says so.
type unhurried struct{ next http.RoundTripper }

func (u unhurried) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := u.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests && strings.HasSuffix(r.URL.Path, "/eviction") {
		resp.Header.Del("Retry-After")
	}
	return resp, err
}
