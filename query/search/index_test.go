package search

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// tableOf is columns of one ConfigMap for each name.
func tableOf(names ...string) *columns.Table {
	t := columns.New()
	put(t, names...)
	return t
}

func put(t *columns.Table, names ...string) {
	for i, name := range names {
		o := &records.Object{Ver: uint64(i + 1)}
		o.Kind, o.Name, o.UID = "ConfigMap", name, "uid"
		t.Apply([]columns.Change{{Key: columns.Key{Cluster: "c", Resource: "configmaps", Name: name}, Object: o}})
	}
}

// opened is an index in dir that has the words of t.
func opened(t *testing.T, dir string, table *columns.Table) (x *index, written int) {
	t.Helper()
	x = newIndex(dir, slog.New(slog.DiscardHandler))
	x.least = 10
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	written, err := x.complete(table)
	if err != nil {
		t.Fatal(err)
	}
	return x, written
}

// finds reports whether the index, with what is fresh beside it, finds names by a text that is being typed.
func finds(t *testing.T, x *index, table *columns.Table, text string, want int) {
	t.Helper()
	q, err := ql.Parse(text, ql.Options{Typing: true})
	if err != nil {
		t.Fatal(err)
	}
	_ = table.Read(func(v *columns.View) error {
		words, release := x.vocabulary(table, v)
		defer release()
		set, exact := q.Rows(v, v.Living(), words, nil)
		if got := set.Count(); got != want || !exact || words == nil || !words.Asked || words.Err != nil {
			t.Errorf("%s finds %d, want %d; %+v", text, got, want, words)
		}
		return nil
	})
}

func TestIndexHasTheWordsOfColumns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "index")
	table := tableOf("settings", "checkout-web", "checkout-api")
	x, written := opened(t, dir, table)
	if written == 0 || x.count() != int64(written) {
		t.Errorf("%d words written, it has %d", written, x.count())
	}
	for text, n := range map[string]int{"sett": 1, "check": 2, "chekout~": 2, "set*gs": 1, "web": 1, "configmap": 3, "nothing": 0} {
		finds(t, x, table, text, n)
	}
	put(table, "meanwhile")
	finds(t, x, table, "mean", 1) // not written yet
	if fresh := table.Fresh(); !slices.Equal(fresh, []string{"meanwhile"}) {
		t.Errorf("fresh are %v", fresh)
	}
	if n := x.count(); n != int64(written)+1 {
		t.Errorf("%d words can be asked for, want %d", n, written+1)
	}
	x.close()

	x, written = opened(t, dir, table)
	if written != 1 {
		t.Errorf("%d words are written after a restart, want the one that is new", written)
	}
	finds(t, x, table, "mean", 1)
	x.close()

	x, written = opened(t, dir, tableOf("settings"))
	if written != 0 || x.count() <= 3 {
		t.Errorf("of fewer objects: %d words written, it has %d", written, x.count())
	}
}

func TestIndexForgetsWhatNobodySays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "index")
	table := tableOf("settings")
	x, few := opened(t, dir, table)
	for i := range 40 {
		if err := x.write([]string{fmt.Sprintf("gone%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if !x.stale() {
		t.Error("it is not stale")
	}
	if written, err := x.complete(table); err != nil || written != few || x.count() != int64(few) || x.stale() {
		t.Errorf("it wrote %d words and has %d, %v; want %d", written, x.count(), err, few)
	}
	finds(t, x, table, "sett", 1)
}

// Whatever became of the folder, the index is built anew and finds what there is.
func TestIndexOfADamagedFolder(t *testing.T) {
	table := tableOf("settings", "checkout-web")
	segments := func(t *testing.T, dir string) []string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "words.bleve", "store", "*.zap"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no segments in %s: %v", dir, err)
		}
		return files
	}
	for name, damage := range map[string]func(t *testing.T, dir string) error{
		"a segment is cut off": func(t *testing.T, dir string) error {
			for _, f := range segments(t, dir) {
				if err := os.Truncate(f, 20); err != nil {
					return err
				}
			}
			return nil
		},
		"a segment is empty": func(t *testing.T, dir string) error {
			for _, f := range segments(t, dir) {
				if err := os.Truncate(f, 0); err != nil {
					return err
				}
			}
			return nil
		},
		"a bit of a segment is another": func(t *testing.T, dir string) error {
			for _, f := range segments(t, dir) {
				text, err := os.ReadFile(f)
				if err != nil {
					return err
				}
				text[len(text)/2] ^= 1
				if err := os.WriteFile(f, text, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		"a segment is gone": func(t *testing.T, dir string) error {
			for _, f := range segments(t, dir) {
				if err := os.Remove(f); err != nil {
					return err
				}
			}
			return nil
		},
		"it is a file": func(_ *testing.T, dir string) error {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			return os.WriteFile(dir, []byte("?"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "index")
			x, _ := opened(t, dir, table)
			x.close()
			if err := damage(t, dir); err != nil {
				t.Fatal(err)
			}
			x, _ = opened(t, dir, table)
			finds(t, x, table, "check", 1)
		})
	}
}

// While objects come, and while their words are written, whatever is there is found by its words.
func TestNoWordIsEverMissing(t *testing.T) {
	table := tableOf("settings")
	x, before := opened(t, filepath.Join(t.TempDir(), "index"), table)
	const objects = 5000
	var there atomic.Int64
	var g sync.WaitGroup
	g.Go(func() {
		for i := range int64(objects) {
			put(table, fmt.Sprintf("early%d", i+1))
			there.Store(i + 1)
		}
	})
	g.Go(func() {
		for there.Load() < objects {
			fresh := table.Fresh()
			if len(fresh) == 0 {
				continue
			}
			if err := x.write(slices.Clone(fresh)); err != nil {
				t.Error(err)
				return
			}
			table.Forget(len(fresh))
		}
	})
	asked := 0
	for there.Load() < objects {
		if n := there.Load(); n > 0 {
			finds(t, x, table, fmt.Sprintf(`early%d kind:cm`, n), 1) // the whole word
			finds(t, x, table, fmt.Sprintf(`erly%d~`, n), 1)
			asked++
		}
	}
	g.Wait()
	if asked == 0 || x.count() <= int64(before) {
		t.Errorf("asked %d times, %d words written", asked, x.count())
	}
}
