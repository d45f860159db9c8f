package action

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/kube"
)

// auditRow is one row of the audit table besides what its action says.
type auditRow struct {
	target *actions.Target // nil for a decision about the whole
	result string
	detail any
}

func planRow(a *actions.Action) []auditRow {
	type target struct {
		Ref, State, Change, Message string
	}
	targets := make([]target, len(a.Targets))
	for i, t := range a.Targets {
		targets[i] = target{t.Ref, t.State, t.Change, t.Message}
	}
	return []auditRow{{result: planned, detail: map[string]any{
		"title": a.Title, "undoes": a.Undoes, "params": a.Params, "confirmPhrase": a.ConfirmPhrase, "targets": targets,
	}}}
}

// audit puts rows into the chain. key tells two of one phase apart; the same one again is dropped.
func (s *Service) audit(ctx context.Context, a *actions.Action, phase, key string, rows []auditRow) error {
	actor := a.Actor
	if phase != "plan" && a.RunBy != "" {
		actor = a.RunBy
	}
	list := make([]audit.Row, len(rows))
	for i, r := range rows {
		detail, err := json.Marshal(r.detail)
		if err != nil {
			return fmt.Errorf("encode audit row: %w", err)
		}
		row := audit.Row{Action: a.ID, Actor: actor, Source: a.Source, Verb: a.Verb, Phase: phase, Result: r.result, Reason: a.Reason, Detail: string(detail)}
		if r.target != nil {
			ref, _ := kube.ParseRef(r.target.Ref) // written by us
			row.ClusterUID, row.Cluster, row.UID = r.target.ClusterUID, ref.Cluster, r.target.UID
			row.Group, row.Resource, row.Namespace, row.Name = ref.Group, ref.Resource, ref.Namespace, ref.Name
		}
		list[i] = row
	}
	if err := s.Audit.Append(ctx, a.ID+"/"+phase+"/"+key, list...); err != nil {
		return fmt.Errorf("write audit of %s: %w", a.ID, err)
	}
	return nil
}
