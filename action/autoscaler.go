package action

import (
	"context"
	"fmt"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// tryAutoscaler makes the autoscaler that owns a workload's replicas the target instead of it: a change of the
// replicas themselves would be gone within seconds. r is the refusal that names it.
func (p *plan) tryAutoscaler(ctx context.Context, i int, t *actions.Target, r *ingestpb.CommandResult) {
	a := p.a
	block := func(why string) { t.State, t.Message = blocked, why }
	w, workload := r.Workload, nameOf(t)
	least, most := *a.Params.Replicas, max(w.AutoscalerMax, *a.Params.Replicas)
	if a.Params.Min != nil {
		least = *a.Params.Min
	}
	if a.Params.Max != nil {
		most = *a.Params.Max
	}
	if least < 1 || most < least {
		block(fmt.Sprintf("HPA %s owns the replicas of %s (%d to %d), and an autoscaler keeps at least 1. To stop it too, scale to 0 past the autoscaler.", w.Autoscaler, workload, w.AutoscalerMin, w.AutoscalerMax))
		return
	}
	ref, _ := kube.ParseRef(t.Ref) // written by us
	ref.GroupResource, ref.Name = autoscalers, w.Autoscaler
	hpa := actions.Target{Ref: ref.String(), ClusterUID: t.ClusterUID, Version: "v2", State: pending, For: t.Ref}
	found := p.ask(ctx, t.ClusterUID, p.readCommand(a, &hpa, fmt.Sprintf("%s-%04d-autoscaler", a.ID, i)), p.timing.dryRun)
	if found.Code != ingestpb.CommandResult_CODE_OK {
		block(refusal(t, r))
		return
	}
	l, err := readLive(found.Before)
	if err == nil {
		hpa.Wanted, err = keepable(&ingestpb.Command{Verb: &ingestpb.Command_Autoscale{Autoscale: &ingestpb.AutoscaleVerb{Min: &least, Max: &most}}})
	}
	if err != nil {
		p.Log.Error("autoscaler cannot be made a target", "action_id", a.ID, "ref", t.Ref, "err", err)
		block(refusal(t, r))
		return
	}
	hpa.UID = l.UID
	hpa.Warnings = []string{fmt.Sprintf("HPA %s owns the replicas of %s: its bounds are changed instead, from %d to %d to %d to %d.", w.Autoscaler, workload, w.AutoscalerMin, w.AutoscalerMax, least, most)}
	*t = hpa
	p.try(ctx, i, t)
}
