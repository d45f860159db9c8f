package action

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

func TestOneOfSeveralHubsRunsAnAction(t *testing.T) {
	f := newFleet(app1, app2)
	endpoint, db := statetest.Server(t), clickhousetest.Open(t)
	one := openHub(t, f, statetest.Connect(t, endpoint), db)
	two := openHub(t, f, statetest.Connect(t, endpoint), db)
	for range 3 {
		a := one.plan(refs(app1, app2))
		if _, err := two.Run(t.Context(), operator, a.ID, a.ConfirmPhrase); err != nil {
			t.Fatal(err)
		}
		if got := one.ended(a.ID); got.State != succeeded {
			t.Errorf("got %s", text(got))
		}
	}
	if w := f.written(); len(w) != 6 {
		t.Errorf("%d writes, want 6: %v", len(w), w)
	}
}

func TestAnotherHubTakesOverWhenOneHangs(t *testing.T) {
	f := newFleet(app1)
	endpoint, db := statetest.Server(t), clickhousetest.Open(t)
	first := statetest.Connect(t, endpoint)
	one := openHub(t, f, first, db)
	hung, letGo := make(chan struct{}), make(chan struct{})
	defer close(letGo)
	var n atomic.Int32
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult { // the first hub's command never leaves it
		if c.GetScale() != nil && !c.DryRun {
			if n.Add(1) == 1 {
				close(hung)
				<-letGo
			}
		}
		return nil
	}
	a := one.plan(scaleTo(5, app1))
	if _, err := one.Run(t.Context(), operator, a.ID, ""); err != nil {
		t.Fatal(err)
	}
	<-hung
	if err := first.Close(); err != nil { // it lost its etcd too
		t.Fatal(err)
	}
	began := time.Now()
	two := openHub(t, f, statetest.Connect(t, endpoint), db)
	two.is(two.ended(a.ID), "SUCCEEDED: "+a.Title+"\nDONE "+app1+" (replicas 3 -> 5)")
	t.Logf("taken over after %s, with a lease of %s", time.Since(began).Round(time.Millisecond), two.timing.lease)
	letGo <- struct{}{} // its command arrives after all
	one.stop()
	if w := f.written(); !slices.Equal(w, []string{app1 + "=scale 5"}) {
		t.Errorf("written %v, want once", w)
	}
}
