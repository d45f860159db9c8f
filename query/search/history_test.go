package search_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
)

func TestThePast(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 0), write{at: now.Add(-time.Hour)})
	w.put("zone1", configMap("shop", "gone"), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", configMap("shop", "gone"), write{at: now.Add(-2 * time.Hour), deleted: true})
	w.flush()
	f := func(query string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, want...), w.search(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	app2, gone := "zone1:shop/deployments.apps/app2", "zone1:shop/configmaps/gone"
	f(`image:"app2:1.0"`)
	f(`image:"app2:1.0" at:-2h`, app2)
	f(`image:"app2:2.0" at:-2h`)
	f(`at:-150m`, app2, gone)
	f(`at:-90m`, app2)
	f(`at:-4h`)
	f(`app2 at:-2h status:Ready`, app2)
	f(`ns:shop`, app2)
	f(`deleted:true`, gone)
	f(`deleted:true app2`)
	f(`gone deleted:true`, gone)

	for at, want := range map[time.Duration]string{0: "app2:2.0", 2 * time.Hour: "app2:1.0"} {
		var moment time.Time
		if at > 0 {
			moment = now.Add(-at)
		}
		o, err := w.service.Object(t.Context(), everyone, ref(t, app2), moment)
		if err != nil || o == nil || o.Images[0] != want || !strings.Contains(string(o.JSON), want) {
			t.Errorf("at -%s: got %+v, %v", at, o, err)
		}
	}
	for _, absent := range []struct {
		ref string
		at  time.Time
	}{{gone, time.Time{}}, {gone, now}, {app2, now.Add(-5 * time.Hour)}, {"zone9:shop/configmaps/gone", time.Time{}}} {
		if o, err := w.service.Object(t.Context(), everyone, ref(t, absent.ref), absent.at); o != nil || err != nil {
			t.Errorf("%+v: got %+v, %v", absent, o, err)
		}
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	for i := 1; i <= 5; i++ {
		w.put("zone1", deployment("shop", "app2", fmt.Sprintf("app2:%d.0", i), 2, 2), write{by: "kubectl"})
	}
	w.put("zone1", deployment("shop", "app2", "app2:5.0", 2, 2), write{deleted: true})
	w.flush()
	app2 := ref(t, "zone1:shop/deployments.apps/app2")
	var ops, images, sentences []string
	after := ""
	for {
		p, err := w.service.History(t.Context(), everyone, app2, 4, after)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != 6 {
			t.Errorf("total %d", p.Total)
		}
		for _, v := range p.Items {
			ops, images = append(ops, v.Op), append(images, v.Images[0])
			if v.Op == "add" != (v.Previous == nil) {
				t.Errorf("%s: previous %s", v.Op, v.Previous)
			}
			sentences = append(sentences, v.Sentence)
		}
		if !p.More {
			break
		}
		after = p.Cursor
	}
	if diff := cmp.Diff([]string{"delete", "update", "update", "update", "update", "add"}, ops); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"app2:5.0", "app2:5.0", "app2:4.0", "app2:3.0", "app2:2.0", "app2:1.0"}, images); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"deleted", "image app2: 4.0 -> 5.0", "image app2: 3.0 -> 4.0", "image app2: 2.0 -> 3.0", "image app2: 1.0 -> 2.0", "created"}, sentences); diff != "" {
		t.Error(diff)
	}
	if _, err := w.service.History(t.Context(), everyone, ref(t, "zone1:shop/deployments.apps/app1"), 4, after); access.Code(err) != "BAD_CURSOR" {
		t.Errorf("got %v", err)
	}
}

func TestChanges(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC()
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 2), write{at: now.Add(-2 * time.Hour), by: "deployer"})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 0), write{at: now.Add(-time.Hour), noise: true})
	w.put("zone2", deployment("shop", "app3", "app3:1.0", 2, 2), write{at: now.Add(-30 * time.Minute)})
	w.put("zone2", deployment("shop", "app3", "app3:1.0", 2, 2), write{at: now.Add(-20 * time.Minute), deleted: true})
	w.flush()
	f := func(query string, from, to time.Duration, want ...string) {
		t.Helper()
		got := []string{}
		after := ""
		for {
			p, err := w.service.Changes(t.Context(), everyone, query, now.Add(-from), now.Add(-to), 2, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range p.Items {
				got = append(got, v.Op+" "+v.Ref.Name+" "+v.Images[0])
			}
			if !p.More {
				break
			}
			after = p.Cursor
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	f("", 4*time.Hour, 0, "delete app3 app3:1.0", "add app3 app3:1.0", "update app2 app2:2.0", "add app2 app2:1.0")
	f("", 150*time.Minute, 0, "delete app3 app3:1.0", "add app3 app3:1.0", "update app2 app2:2.0")
	f("", 4*time.Hour, 150*time.Minute, "add app2 app2:1.0")
	f("app:app2", 4*time.Hour, 0, "update app2 app2:2.0", "add app2 app2:1.0")
	f("cluster:zone2", 4*time.Hour, 0, "delete app3 app3:1.0", "add app3 app3:1.0")

	var open []string // pages of a list without an end belong together
	for after, more := "", true; more; {
		p, err := w.service.Changes(t.Context(), everyone, "", now.Add(-4*time.Hour), time.Time{}, 1, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range p.Items {
			open = append(open, v.Op+" "+v.Ref.Name)
		}
		after, more = p.Cursor, p.More
	}
	if diff := cmp.Diff([]string{"delete app3", "add app3", "update app2", "add app2"}, open); diff != "" {
		t.Errorf("without an end (-want +got):\n%s", diff)
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	app2, gone := deployment("shop", "app2", "app2:1.0", 2, 0), deployment("shop", "gone", "gone:1.0", 1, 1)
	never := deployment("shop", "never-seen", "x:1", 1, 1)
	w.put("zone1", app2, write{})
	w.put("zone1", gone, write{})
	w.put("zone1", gone, write{deleted: true})
	w.event("zone1", app2, "e1", "Warning", "BackOff", "Back-off restarting failed container", now.Add(-30*time.Minute), 1)
	w.event("zone1", app2, "e1", "Warning", "BackOff", "Back-off restarting failed container", now.Add(-10*time.Minute), 7)
	w.event("zone1", gone, "e2", "Normal", "ScalingReplicaSet", "Scaled down replica set", now.Add(-20*time.Minute), 1)
	w.event("zone2", never, "e3", "Normal", "Pulled", "Successfully pulled image", now.Add(-5*time.Minute), 1)
	w.flush()
	f := func(query string, want ...string) {
		t.Helper()
		p, err := w.service.Events(t.Context(), everyone, query, now.Add(-time.Hour), now, 10, "")
		if err != nil {
			t.Errorf("%s: %v", query, err)
			return
		}
		got := []string{}
		for _, e := range p.Items {
			regarding := "-"
			if e.Regarding != nil {
				regarding = e.Regarding.String()
			}
			got = append(got, fmt.Sprintf("%s %s %d %s", e.Cluster, e.Reason, e.Count, regarding))
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	pulled, backoff, scaled := "zone2 Pulled 1 -", "zone1 BackOff 7 zone1:shop/deployments.apps/app2", "zone1 ScalingReplicaSet 1 zone1:shop/deployments.apps/gone"
	f("", pulled, backoff, scaled)
	f("app:app2", backoff)
	f("app:gone", scaled)
	f("cluster:zone2", pulled)
	f("restarting", backoff)
	f("nosuchword")

	var open []string // pages of a list without an end belong together
	for after, more := "", true; more; {
		p, err := w.service.Events(t.Context(), everyone, "", now.Add(-time.Hour), time.Time{}, 1, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			open = append(open, e.Reason)
		}
		after, more = p.Cursor, p.More
	}
	if diff := cmp.Diff([]string{"Pulled", "BackOff", "ScalingReplicaSet"}, open); diff != "" {
		t.Errorf("without an end (-want +got):\n%s", diff)
	}
}

// A page of versions is bounded by what it holds, not by their number alone.
func TestVersionsThatHoldTooMuchAreRefused(t *testing.T) {
	f := func(versions, size int, want string) {
		t.Helper()
		w := newWorld(t)
		for i := range versions {
			o := configMap("shop", "large")
			o["data"] = map[string]any{"i": fmt.Sprint(i), "rest": strings.Repeat("x", size)}
			w.put("zone1", o, write{})
		}
		w.flush()
		page, err := w.service.History(t.Context(), everyone, ref(t, "zone1:shop/configmaps/large"), versions, "")
		if got := access.Code(err); got != want {
			t.Fatalf("%d versions of %d bytes answer %q (%v), want %q", versions, size, got, err, want)
		}
		if err == nil && (len(page.Items) != versions || page.Items[0].Previous == nil) {
			t.Errorf("%d of %d versions, previous %d bytes", len(page.Items), versions, len(page.Items[0].Previous))
		}
	}
	f(120, 1<<10, "")
	f(60, 1<<20, "TOO_COMPLEX")
}
