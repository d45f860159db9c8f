package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
)

// fragile is a database that fails, or loses its answer, when it is told to.
type fragile struct {
	*clickhouse.DB
	mu     sync.Mutex
	before error // nothing is inserted
	after  error // it is inserted, and the answer is lost
	blocks int
}

func (f *fragile) set(before, after error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

func (f *fragile) Insert(ctx context.Context, table string, columns []clickhouse.Column, token string) error {
	f.mu.Lock()
	before, after := f.before, f.after
	f.blocks++
	f.mu.Unlock()
	if before != nil {
		return before
	}
	if err := f.DB.Insert(ctx, table, columns, token); err != nil {
		return err
	}
	return after
}

func openLog(t *testing.T) (*Log, *fragile, *state.Store) {
	t.Helper()
	store, db := statetest.Open(t), &fragile{DB: clickhousetest.Open(t)}
	return New(store, db, nil), db, store
}

func row(i int) Row {
	return Row{Action: fmt.Sprintf("a-%d", i), Actor: "olga", Source: "cli", Verb: "SCALE", Phase: "plan", Cluster: "zone1", ClusterUID: "uid-1",
		Group: "apps", Resource: "deployments", Namespace: "shop", Name: fmt.Sprintf("app%d", i), Result: "PLANNED", Reason: "test", Detail: fmt.Sprintf(`{"n":%d,"text":"ä<b>"}`, i)}
}

func (l *Log) must(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := l.Append(t.Context(), fmt.Sprintf("t-%d", i), row(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// all is every row in the order of an export.
func (l *Log) all(t *testing.T) []Row {
	t.Helper()
	var list []Row
	if err := l.Export(t.Context(), access.All("test"), "", func(r *Row) error { list = append(list, *r); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

// whole expects that the audit has these names, in this order, and that nothing is wrong with it.
func (l *Log) whole(t *testing.T, names ...string) {
	t.Helper()
	var got []string
	for _, r := range l.all(t) {
		if r.Phase != Genesis {
			got = append(got, r.Name)
		}
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("rows %v, want %v", got, names)
	}
	v, err := l.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !v.Whole() {
		t.Errorf("found: %s", strings.Join(v.Sentences(), "\n"))
	}
}

func TestRowsHangTogether(t *testing.T) {
	l, _, _ := openLog(t)
	l.must(t, 1, 3)
	rows := l.all(t)
	if len(rows) != 4 || rows[0].Phase != Genesis || rows[0].PrevHash != "" {
		t.Fatalf("got %+v, want the genesis row and three", rows)
	}
	for i, r := range rows {
		if r.Seq != uint64(i+1) || r.Hash != r.Sum() {
			t.Errorf("row %d: seq %d, hash %s", i, r.Seq, r.Hash)
		}
		if i > 0 && r.PrevHash != rows[i-1].Hash {
			t.Errorf("row %d does not name the one before", i)
		}
	}
	l.whole(t, "app1", "app2", "app3")
}

// The text that is hashed is a contract: whoever kept an export verifies it with any version.
func TestHashOfARow(t *testing.T) {
	r := row(7)
	r.Seq, r.At, r.PrevHash = 8, time.UnixMilli(1764000000123), strings.Repeat("0", 64)
	var b strings.Builder
	r.write(&b)
	want := "foretop audit row 1\nseq:1:8\nat:13:1764000000123\naction:3:a-7\nactor:4:olga\nsource:3:cli\nverb:5:SCALE\nphase:4:plan\nclusterUID:5:uid-1\ncluster:5:zone1\n" +
		"group:4:apps\nresource:11:deployments\nnamespace:4:shop\nname:4:app7\nuid:0:\nresult:7:PLANNED\nreason:4:test\ndetail:22:{\"n\":7,\"text\":\"ä<b>\"}\nprevHash:64:" + r.PrevHash + "\n"
	if b.String() != want {
		t.Errorf("got:\n%swant:\n%s", b.String(), want)
	}
}

func TestRowsWithOneTokenAreChainedOnce(t *testing.T) {
	l, db, store := openLog(t)
	l.must(t, 1, 2)
	l.must(t, 1, 2)
	again := New(store, db, nil) // the hub was started again
	again.must(t, 1, 3)
	again.whole(t, "app1", "app2", "app3")
}

func TestManyAtOnceShareInserts(t *testing.T) {
	l, db, _ := openLog(t)
	l.must(t, 1, 1)
	db.blocks = 0
	var wait sync.WaitGroup
	for i := 2; i <= 200; i++ {
		wait.Go(func() {
			if err := l.Append(t.Context(), fmt.Sprintf("t-%d", i), row(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(l.all(t)); n != 201 {
		t.Errorf("%d rows, want 201", n)
	}
	if db.blocks > 100 {
		t.Errorf("%d inserts for 199 rows at once", db.blocks)
	}
	if v, err := l.Verify(t.Context()); err != nil || !v.Whole() {
		t.Errorf("%v %v", v, err)
	}
}

// Whatever is lost between etcd and the database, the next row finds the one before in its place.
func TestNothingIsLostBetweenHeadAndDatabase(t *testing.T) {
	for name, c := range map[string]struct{ before, after error }{
		"the insert failed":   {before: errors.New("table is gone")},
		"its answer was lost": {after: errors.New("connection reset")},
	} {
		t.Run(name, func(t *testing.T) {
			l, db, store := openLog(t)
			l.must(t, 1, 1)
			db.set(c.before, c.after)
			if err := l.Append(t.Context(), "t-2", row(2)); err == nil {
				t.Fatal("appended, want an error")
			}
			db.set(nil, nil)
			next := New(store, db, nil) // the hub died there
			next.must(t, 3, 3)
			next.whole(t, "app1", "app2", "app3")
			next.must(t, 2, 2) // whoever was answered an error comes again
			next.whole(t, "app1", "app2", "app3")
		})
	}
	t.Run("so long ago that the token is forgotten", func(t *testing.T) {
		l, db, store := openLog(t)
		l.must(t, 1, 2)
		next := New(store, db, nil)
		next.now = func() time.Time { return time.Now().Add(2 * sureFor) }
		db.blocks = 0
		next.must(t, 3, 3)
		next.whole(t, "app1", "app2", "app3")
		if db.blocks != 1 {
			t.Errorf("%d inserts, want only that of the new row", db.blocks)
		}
	})
}

func TestSeveralHubsWriteOneChain(t *testing.T) {
	endpoint, db := statetest.Server(t), clickhousetest.Open(t)
	var wait sync.WaitGroup
	hubs := []*Log{New(statetest.Connect(t, endpoint), db, nil), New(statetest.Connect(t, endpoint), db, nil), New(statetest.Connect(t, endpoint), db, nil)}
	for h, l := range hubs {
		wait.Go(func() {
			for i := range 20 {
				if err := l.Append(t.Context(), fmt.Sprintf("h%d-%d", h, i), row(100*h+i)); err != nil {
					t.Error(err)
				}
				if err := l.Append(t.Context(), fmt.Sprintf("both-%d", i), row(1000+i)); err != nil { // as two hubs that take over one action
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := len(hubs[0].all(t)); n != 1+3*20+20 {
		t.Errorf("%d rows, want 81", n)
	}
	if v, err := hubs[1].Verify(t.Context()); err != nil || !v.Whole() {
		t.Errorf("%+v %v", v, err)
	}
}

func TestRowsFromBeforeTheChainAreHeldByIt(t *testing.T) {
	l, db, _ := openLog(t)
	old := []Row{row(1), row(2)}
	for i := range old {
		old[i].At, old[i].Seq = time.UnixMilli(int64(1000*(i+1))).UTC(), uint64(i+1)<<12
	}
	if err := db.Insert(t.Context(), "audit", columnsOf(old), "old"); err != nil {
		t.Fatal(err)
	}
	l.must(t, 3, 3)
	l.whole(t, "app1", "app2", "app3")
	if first := l.all(t)[2]; first.Seq != 2<<12+1 || !strings.Contains(first.Detail, `"rowsBefore":2`) {
		t.Errorf("the chain begins with %+v", first)
	}
	change(t, db.DB, "UPDATE reason = 'other' WHERE seq = 4096")
	found(t, l, Before, "The rows from before the chain were changed: there are 2 of 2, or not as they were when it began.")
}

func TestALongDetailIsCutWithItsDigest(t *testing.T) {
	l, _, _ := openLog(t)
	r := row(1)
	r.Detail = `"` + strings.Repeat("x", detailMost) + `"`
	if err := l.Append(t.Context(), "t-1", r, row(2)); err != nil {
		t.Fatal(err)
	}
	l.whole(t, "app1", "app2")
	if d := l.all(t)[1].Detail; !strings.Contains(d, `"cut":true`) || !strings.Contains(d, fmt.Sprintf(`"bytes":%d`, detailMost+2)) || len(d) > 8<<10 {
		t.Errorf("detail %.200s", d)
	}
}
