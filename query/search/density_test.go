package search_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
)

func TestDensityCountsWhatChangesLists(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{at: now.Add(-6 * time.Hour)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 2), write{at: now.Add(-210 * time.Minute)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 0), write{at: now.Add(-150 * time.Minute), noise: true})
	w.put("zone2", deployment("shop", "app3", "app3:1.0", 2, 2), write{at: now.Add(-30 * time.Minute)})
	w.put("zone2", deployment("shop", "app3", "app3:2.0", 2, 2), write{at: now.Add(-20 * time.Minute)})
	w.flush()
	f := func(query string, want ...int) {
		t.Helper()
		d, err := w.service.Density(t.Context(), everyone, query, now.Add(-4*time.Hour), now, 4)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if diff := cmp.Diff(want, d.Counts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
		if !d.Oldest.Equal(now.Add(-6 * time.Hour)) {
			t.Errorf("%s: oldest is %s, want %s", query, d.Oldest, now.Add(-6*time.Hour))
		}
	}
	f("", 1, 0, 0, 2)
	f("cluster:zone2", 0, 0, 0, 2)
	f("app:app2", 1, 0, 0, 0)
	f("meaningful:false", 0, 1, 0, 0)
	f("app:nobody", 0, 0, 0, 0)

	refused := func(from, to time.Time, parts int) {
		t.Helper()
		if _, err := w.service.Density(t.Context(), everyone, "", from, to, parts); access.Code(err) != "BAD_REQUEST" {
			t.Errorf("%s to %s in %d parts: %v", from, to, parts, err)
		}
	}
	refused(now.Add(-time.Hour), now, 0)
	refused(now.Add(-time.Hour), now, 501)
	refused(now, now.Add(-time.Hour), 10)
	if d, err := w.service.Density(t.Context(), access.Scope{}, "", now.Add(-4*time.Hour), now, 4); err != nil || !d.Oldest.IsZero() || d.Counts[3] != 0 {
		t.Errorf("a scope that sees nothing gets %+v, %v", d, err)
	}
}
