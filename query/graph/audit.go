package graph

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/kube"
)

func (r *resolver) trail(ctx context.Context) (*audit.Log, error) {
	if access.FromContext(ctx).Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not see the audit."}
	}
	if r.audit == nil {
		return nil, &access.Error{Code: "UNAVAILABLE", Message: "This hub keeps no audit.", Fix: "Ask a hub with actions, as foretop up is."}
	}
	return r.audit, nil
}

func (r *resolver) Audit(ctx context.Context, args struct {
	Query string
	First int32
	After *string
}) (*auditConnection, error) {
	log, err := r.trail(ctx)
	if err != nil {
		return nil, err
	}
	first, err := page(ctx, args.First)
	if err != nil {
		return nil, err
	}
	p, err := log.Page(ctx, access.FromContext(ctx), args.Query, first, text(args.After))
	if err != nil {
		return nil, err
	}
	return &auditConnection{p}, nil
}

type auditConnection struct{ p *audit.Page }

func (c *auditConnection) Total() int32 { return int32(c.p.Total) }

func (c *auditConnection) PageInfo() pageInfo {
	if len(c.p.Rows) == 0 {
		return pageInfo{}
	}
	return pageInfo{c.p.More, seqText(c.p.Rows[len(c.p.Rows)-1].Seq)}
}

func (c *auditConnection) Nodes() []auditRow {
	list := make([]auditRow, len(c.p.Rows))
	for i := range c.p.Rows {
		list[i] = auditRow{&c.p.Rows[i]}
	}
	return list
}

func seqText(seq uint64) string { return strconv.FormatUint(seq, 10) }

type auditRow struct{ r *audit.Row }

func (a auditRow) Seq() graphql.ID     { return graphql.ID(seqText(a.r.Seq)) }
func (a auditRow) At() graphql.Time    { return graphql.Time{Time: a.r.At} }
func (a auditRow) Action() *graphql.ID { return idOrNil(a.r.Action) }
func (a auditRow) Actor() string       { return a.r.Actor }
func (a auditRow) Source() string      { return a.r.Source }
func (a auditRow) Verb() string        { return a.r.Verb }
func (a auditRow) Phase() string       { return a.r.Phase }
func (a auditRow) Namespace() *string  { return orNil(a.r.Namespace) }
func (a auditRow) Name() string        { return a.r.Name }
func (a auditRow) UID() string         { return a.r.UID }
func (a auditRow) Result() string      { return a.r.Result }
func (a auditRow) Reason() string      { return a.r.Reason }
func (a auditRow) PrevHash() string    { return a.r.PrevHash }
func (a auditRow) Hash() string        { return a.r.Hash }

// Cluster is its name at that time; rows from before names were kept have its UID only.
func (a auditRow) Cluster() string {
	if a.r.Cluster == "" {
		return a.r.ClusterUID
	}
	return a.r.Cluster
}

func (a auditRow) gr() kube.GroupResource {
	return kube.GroupResource{Group: a.r.Group, Resource: a.r.Resource}
}

func (a auditRow) Resource() string {
	if a.r.Resource == "" {
		return ""
	}
	return a.gr().String()
}

func (a auditRow) Ref() *graphql.ID {
	if a.r.Resource == "" || a.r.Cluster == "" {
		return nil
	}
	return idOrNil(kube.Ref{Cluster: a.r.Cluster, GroupResource: a.gr(), Namespace: a.r.Namespace, Name: a.r.Name}.String())
}

func (a auditRow) Detail(ctx context.Context) (JSON, error) {
	if err := spendBytes(ctx, len(a.r.Detail)); err != nil {
		return JSON{}, err
	}
	if !json.Valid([]byte(a.r.Detail)) {
		return JSON{[]byte("null")}, nil
	}
	return JSON{[]byte(a.r.Detail)}, nil
}

func (r *resolver) AuditState(ctx context.Context) (*auditState, error) {
	log, err := r.trail(ctx)
	if err != nil {
		return nil, err
	}
	s, err := log.State(ctx)
	if err != nil {
		return nil, err
	}
	return &auditState{s}, nil
}

type auditState struct{ s *audit.State }

func (a *auditState) Seq() graphql.ID   { return graphql.ID(seqText(a.s.Seq)) }
func (a *auditState) First() graphql.ID { return graphql.ID(seqText(a.s.First)) }
func (a *auditState) Hash() string      { return a.s.Hash }
func (a *auditState) Keys() []string    { return orEmpty(a.s.Keys) }

func (a *auditState) Checkpoint() *auditCheckpoint {
	if a.s.Checkpoint == nil {
		return nil
	}
	return &auditCheckpoint{a.s.Checkpoint}
}

type auditCheckpoint struct{ c *audit.Checkpoint }

func (c *auditCheckpoint) Seq() graphql.ID  { return graphql.ID(seqText(c.c.Seq)) }
func (c *auditCheckpoint) Hash() string     { return c.c.Hash }
func (c *auditCheckpoint) At() graphql.Time { return graphql.Time{Time: c.c.At} }
func (c *auditCheckpoint) Key() string      { return c.c.Key }
func (c *auditCheckpoint) Note() string     { return c.c.Note }

func (r *resolver) AuditVerification(ctx context.Context) (*auditVerification, error) {
	log, err := r.trail(ctx)
	if err != nil {
		return nil, err
	}
	v, err := log.Verify(ctx)
	if err != nil {
		return nil, err
	}
	return &auditVerification{v}, nil
}

type auditVerification struct{ v *audit.Verdict }

func (v *auditVerification) Whole() bool        { return v.v.Whole() }
func (v *auditVerification) Rows() int32        { return int32(v.v.Rows) }
func (v *auditVerification) RowsBefore() int32  { return int32(v.v.Before) }
func (v *auditVerification) Checkpoints() int32 { return int32(v.v.Checkpoints) }
func (v *auditVerification) Findings() []string { return orEmpty(v.v.Sentences()) }
func (v *auditVerification) TookMs() float64    { return float64(v.v.Took.Microseconds()) / 1000 }

// protectionName is a level as the schema writes it.
func protectionName(level string) string {
	if level == "" {
		level = "none"
	}
	return strings.ToUpper(strings.ReplaceAll(level, "-", "_"))
}

func (a *actionResolver) Protection() string { return protectionName(a.a.Protection) }

func (a *actionResolver) NeedsApproval() bool {
	return a.a.State == "PLANNED" && a.a.NeedsApproval()
}

func (a *actionResolver) CanApprove(ctx context.Context) bool {
	scope := access.FromContext(ctx)
	return a.a.State == "PLANNED" && a.a.FourEyes && !scope.Nothing() && scope.User() != a.a.Actor && !a.a.ApprovedBy(scope.User())
}

func (a *actionResolver) Approvals() []approval {
	list := make([]approval, len(a.a.Approvals))
	for i, p := range a.a.Approvals {
		list[i] = approval{p}
	}
	return list
}

type approval struct{ p actions.Approval }

func (p approval) By() string       { return p.p.By }
func (p approval) At() graphql.Time { return graphql.Time{Time: p.p.At.UTC()} }
