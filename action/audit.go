package action

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
)

// auditSeq counts inserts; a row's seq is that count and its place in the insert, so that (at, seq) orders all rows.
const auditSeq = "audit/seq"

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

// audit inserts rows as one block: all or none. key tells two inserts of one phase apart; the same one again is dropped.
func (s *Service) audit(ctx context.Context, a *actions.Action, phase, key string, rows []auditRow) error {
	seq, err := s.Store.Increment(ctx, auditSeq)
	if err != nil {
		return fmt.Errorf("number audit rows: %w", err)
	}
	actor := a.Actor
	if phase != "plan" && a.RunBy != "" {
		actor = a.RunBy
	}
	var c auditColumns
	at := s.now().UTC()
	for i, r := range rows {
		var ref kube.Ref
		uid, cluster := "", ""
		if r.target != nil {
			ref, _ = kube.ParseRef(r.target.Ref) // written by us
			uid, cluster = r.target.UID, r.target.ClusterUID
		}
		detail, err := json.Marshal(r.detail)
		if err != nil {
			return fmt.Errorf("encode audit row: %w", err)
		}
		c.at = append(c.at, at)
		c.seq = append(c.seq, seq<<12|uint64(i))
		c.text[0] = append(c.text[0], a.ID)
		for i, v := range []string{actor, a.Source, a.Verb, phase, cluster, ref.Group, ref.Resource, ref.Namespace, ref.Name, uid, r.result, a.Reason, string(detail)} {
			c.text[i+1] = append(c.text[i+1], v)
		}
	}
	columns := []clickhouse.Column{{Name: "at", Values: c.at}, {Name: "seq", Values: c.seq}}
	for i, name := range auditTexts {
		columns = append(columns, clickhouse.Column{Name: name, Values: c.text[i]})
	}
	if err := s.DB.Insert(ctx, "audit", columns, "audit/"+a.ID+"/"+phase+"/"+key); err != nil {
		return fmt.Errorf("write audit of %s: %w", a.ID, err)
	}
	return nil
}

var auditTexts = [...]string{"action_id", "actor", "source", "verb", "phase", "cluster", "api_group", "resource", "namespace", "name", "uid", "result", "reason", "detail"}

type auditColumns struct {
	at   []time.Time
	seq  []uint64
	text [len(auditTexts)][]string
}
