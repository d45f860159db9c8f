package search_test

import (
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas"
)

func TestTheZeroScopeSeesNothing(t *testing.T) {
	w := newWorld(t)
	reference(w)
	w.indexed("settings")
	ctx, nobody := t.Context(), access.Scope{}
	app2 := ref(t, "zone1:shop/deployments.apps/app2")
	for _, query := range []string{"", "app2", "app:app2", "at:-1m", "deleted:true", "cluster:zone1"} {
		r, err := w.service.Search(ctx, nobody, records.Request{Query: query, First: 10, Facets: []string{"cluster", "image"}})
		if err != nil || r.Total != 0 || len(r.Objects) != 0 || len(r.Coverage.Clusters) != 0 || len(r.Facets) != 2 || len(r.Facets[0].Values) != 0 {
			t.Errorf("search %q: got %+v, %v", query, r, err)
		}
	}
	if o, err := w.service.Object(ctx, nobody, app2, time.Time{}); o != nil || err != nil {
		t.Errorf("object: got %v, %v", o, err)
	}
	if o, err := w.service.Objects(ctx, nobody, []kube.Ref{app2}); len(o) != 0 || err != nil {
		t.Errorf("objects: got %v, %v", o, err)
	}
	known, err := w.service.Object(ctx, everyone, app2, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := w.service.Owners(ctx, nobody, []*records.Object{known}); len(o) != 0 || err != nil {
		t.Errorf("owners: got %v, %v", o, err)
	}
	if o, err := w.service.Autoscalers(ctx, nobody, []*records.Object{known}); len(o) != 0 || err != nil {
		t.Errorf("autoscalers: got %v, %v", o, err)
	}
	if p, err := w.service.History(ctx, nobody, app2, 10, ""); err != nil || len(p.Items) != 0 || len(p.Coverage.Clusters) != 0 {
		t.Errorf("history: got %v, %v", p, err)
	}
	if p, err := w.service.Changes(ctx, nobody, "", time.Now().Add(-time.Hour), time.Now(), 10, ""); err != nil || len(p.Items) != 0 {
		t.Errorf("changes: got %v, %v", p, err)
	}
	if p, err := w.service.Events(ctx, nobody, "", time.Now().Add(-time.Hour), time.Now(), 10, ""); err != nil || len(p.Items) != 0 {
		t.Errorf("events: got %v, %v", p, err)
	}
	if g, err := w.service.Related(ctx, nobody, app2, 1); err != nil || len(g.Nodes) != 0 {
		t.Errorf("related: got %v, %v", g, err)
	}
	if c, err := w.service.Clusters(ctx, nobody, ""); err != nil || len(c) != 0 {
		t.Errorf("clusters: got %v, %v", c, err)
	}
	if k, err := w.service.Kinds(ctx, nobody); err != nil || len(k) != 0 {
		t.Errorf("kinds: got %v, %v", k, err)
	}
	for _, query := range []string{"app:", "sett", "cluster:"} {
		list, err := w.service.Complete(ctx, nobody, query, len(query), "resources")
		for _, s := range list {
			if s.Type == "resource" || s.Type == "value" && s.Count > 0 || strings.HasPrefix(s.Label, "zone") {
				t.Errorf("complete %s: got %+v", query, s)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	changes, err := w.service.Watch(ctx, nobody, "")
	if err != nil {
		t.Fatal(err)
	}
	w.put("zone1", configMap("shop", "unseen"), write{})
	w.flush()
	w.indexed("unseen")
	select {
	case c := <-changes:
		t.Errorf("watch: got %+v", c)
	default:
	}
}

func TestADatabaseThatDoesNotAnswerIsASentence(t *testing.T) {
	config := clickhousetest.Engine(t.TempDir())
	engine, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: config}, clickhousetest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{DSN: "unix://" + config.Socket}, clickhousetest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, db)
	reference(w)
	w.indexed("settings")
	kinds := len(w.member("zone1").Kinds)
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(w.member("zone1").Kinds); n != kinds { // as they were read last
		t.Errorf("zone1 has %d kinds, had %d", n, kinds)
	}
	for _, query := range []string{"app:app2", "app2"} {
		if _, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 1}); access.Code(err) != "UNAVAILABLE" {
			t.Errorf("%s: got %v", query, err)
		}
	}
}
