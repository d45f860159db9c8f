package clusters

import (
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/state/statetest"
)

func TestProtection(t *testing.T) {
	r := New(statetest.Open(t), nil)
	now := time.Now()
	r.now = func() time.Time { return now }
	f := func(name string, level Protection, by string, want Protection, done bool) {
		t.Helper()
		got, err := r.Protect(t.Context(), name, level, by)
		e, _ := r.ByName(name)
		if err != nil || got != done || e.Protection != want {
			t.Errorf("%s by %s: done %v, now %s, %v; want %v, %s", level, by, got, e.Protection, err, done, want)
		}
	}
	add := func(c Cluster) {
		t.Helper()
		if err := r.Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	add(Cluster{Name: "zone1", Mode: Push})
	f("zone1", Confirm, "anna", Confirm, true)
	f("zone1", Unprotected, "anna", Unprotected, true)
	f("zone1", FourEyes, "anna", FourEyes, true)
	add(Cluster{Name: "zone1", Mode: Push, Labels: map[string]string{"zone": "1"}}) // as at every start
	f("zone1", Confirm, "anna", FourEyes, false)
	f("zone1", Confirm, "anna", FourEyes, false)     // the same person again
	f("zone1", Unprotected, "otto", FourEyes, false) // another wish
	now = now.Add(loosenWithin + time.Minute)
	f("zone1", Unprotected, "anna", FourEyes, false) // otto's is too old
	e, _ := r.ByName("zone1")
	if err := e.CheckRemove(); access.Code(err) != "CONFLICT" {
		t.Errorf("a cluster under four eyes may be removed: %v", err)
	}
	f("zone1", Unprotected, "otto", Unprotected, true)
	if e, _ = r.ByName("zone1"); e.CheckRemove() != nil || e.Loosening != nil {
		t.Errorf("left %+v", e.Cluster)
	}

	label := map[string]string{ProtectionLabel: "four-eyes"}
	add(Cluster{Name: "zone2", Mode: Push, Labels: label})
	f("zone2", Unprotected, "anna", FourEyes, false)
	f("zone2", Unprotected, "otto", FourEyes, true) // the configuration file stands
	add(Cluster{Name: "zone3", Mode: Pull, Labels: label})
	f("zone3", Unprotected, "anna", FourEyes, false)
	f("zone3", Unprotected, "otto", Unprotected, true)
	add(Cluster{Name: "zone4", Mode: Push, Labels: map[string]string{ProtectionLabel: "4 eyes"}})
	if e, _ := r.ByName("zone4"); e.Protection != FourEyes {
		t.Errorf("a label that is no level protects by %s, want by the strictest", e.Protection)
	}
	if _, err := r.Protect(t.Context(), "zone9", Confirm, "anna"); access.Code(err) != "NOT_FOUND" {
		t.Errorf("protected what is not there: %v", err)
	}
}
