package search_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

func TestDiff(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 0), write{at: now.Add(-time.Hour)})
	w.put("zone2", deployment("shop", "app2", "app2:1.0", 3, 3), write{at: now.Add(-time.Hour)})
	w.put("zone1", deployment("shop", "app3", "app3:1.0", 2, 2), write{at: now.Add(-time.Hour)})
	w.put("zone1", configMap("shop", "gone"), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", configMap("shop", "gone"), write{at: now.Add(-2 * time.Hour), deleted: true})
	w.flush()
	const image, replicas = "spec.template.spec.containers[app].image ", "spec.replicas "
	for name, c := range map[string]struct {
		from, to     string
		fromAt, toAt time.Duration
		noise        bool
		want         []string
		hidden       int
	}{
		"a moment and now": {from: "zone1:shop/deployments.apps/app2", to: "zone1:shop/deployments.apps/app2", fromAt: 2 * time.Hour, want: []string{image + "app2:1.0 app2:2.0"}, hidden: 3},
		"two moments":      {from: "zone1:shop/deployments.apps/app2", to: "zone1:shop/deployments.apps/app2", fromAt: time.Minute, toAt: 2 * time.Hour, want: []string{image + "app2:2.0 app2:1.0"}, hidden: 3},
		"two clusters":     {from: "zone1:shop/deployments.apps/app2", to: "zone2:shop/deployments.apps/app2", want: []string{replicas + "2 3", image + "app2:2.0 app2:1.0"}, hidden: 5},
		"two objects":      {from: "zone1:shop/deployments.apps/app2", to: "zone1:shop/deployments.apps/app3", want: []string{"metadata.labels.app app2 app3", image + "app2:2.0 app3:1.0"}, hidden: 5},
		"with noise":       {from: "zone1:shop/deployments.apps/app2", to: "zone1:shop/deployments.apps/app2", fromAt: 2 * time.Hour, noise: true, want: []string{image + "app2:1.0 app2:2.0", "status.availableReplicas 2 0", "status.conditions[Available].status True False", "status.readyReplicas 2 0"}},
		"it went":          {from: "zone1:shop/configmaps/gone", to: "zone1:shop/configmaps/gone", fromAt: 150 * time.Minute, want: []string{"apiVersion v1 ", "kind ConfigMap ", `metadata {"creationTimestamp":"2026-11-01T00:00:00Z","name":"gone","namespace":"shop","uid":"cm-shop-gone"} `}},
		"the same":         {from: "zone1:shop/deployments.apps/app3", to: "zone1:shop/deployments.apps/app3", want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := records.DiffRequest{From: ref(t, c.from), To: ref(t, c.to), Noise: c.noise}
			if c.fromAt > 0 {
				r.FromAt = now.Add(-c.fromAt)
			}
			if c.toAt > 0 {
				r.ToAt = now.Add(-c.toAt)
			}
			d, err := w.service.Diff(t.Context(), everyone, r)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range d.Changes {
				got = append(got, l.Path+" "+l.From+" "+l.To)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || d.Hidden != c.hidden {
				t.Errorf("hidden %d, want %d\n%s", d.Hidden, c.hidden, diff)
			}
			if (d.Unified == "") != (c.want == nil) || c.want != nil && !strings.HasPrefix(d.Unified, "--- "+c.from) {
				t.Error(d.Unified)
			}
		})
	}
	t.Run("what nobody may see or has seen is absent", func(t *testing.T) {
		for scope, r := range map[access.Scope]records.DiffRequest{
			{}:       {From: ref(t, "zone1:shop/deployments.apps/app2"), To: ref(t, "zone2:shop/deployments.apps/app2")},
			everyone: {From: ref(t, "zone1:shop/configmaps/gone"), To: ref(t, "zone1:shop/configmaps/never")},
		} {
			if _, err := w.service.Diff(t.Context(), scope, r); access.Code(err) != "NOT_FOUND" {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
}
