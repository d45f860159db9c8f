package state_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
)

func open(t *testing.T, dir string) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), state.Config{DataDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeys(t *testing.T) {
	s, ctx := statetest.Open(t), t.Context()
	rev, err := s.Create(ctx, "a/1", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(ctx, "a/1", []byte("again")); !errors.Is(err, state.ErrExists) {
		t.Errorf("create of an existing key: %v, want ErrExists", err)
	}
	e, err := s.Get(ctx, "a/1")
	if err != nil || e.Key != "a/1" || string(e.Value) != "one" || e.Revision != rev {
		t.Errorf("got %v %v, want what was created", e, err)
	}
	if _, err := s.Get(ctx, "a/2"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("get of an absent key: %v, want ErrNotFound", err)
	}
	if _, err := s.Update(ctx, "a/1", []byte("two"), rev); err != nil {
		t.Errorf("update at the newest revision: %v", err)
	}
	if _, err := s.Update(ctx, "a/1", []byte("three"), rev); !errors.Is(err, state.ErrConflict) {
		t.Errorf("update at an old revision: %v, want ErrConflict", err)
	}
	if _, err := s.Commit(ctx, []state.Condition{state.Is("a/1", []byte("two")), state.Absent("a/3")},
		state.Set("a/2", []byte("2")), state.Set("a/3", []byte("3"))); err != nil {
		t.Errorf("commit whose conditions hold: %v", err)
	}
	if _, err := s.Commit(ctx, []state.Condition{state.Absent("a/3")}, state.Unset("a/1")); !errors.Is(err, state.ErrConflict) {
		t.Errorf("commit whose condition does not hold: %v, want ErrConflict", err)
	}
	list, err := s.List(ctx, "a/")
	if err != nil || keys(list) != "a/1 a/2 a/3" {
		t.Errorf("list: %s %v", keys(list), err)
	}
	list, err = s.Newest(ctx, "a/", "", 2)
	if err != nil || keys(list) != "a/3 a/2" {
		t.Errorf("newest two: %s %v", keys(list), err)
	}
	list, err = s.Newest(ctx, "a/", "a/2", 2)
	if err != nil || keys(list) != "a/1" {
		t.Errorf("newest before a/2: %s %v", keys(list), err)
	}
	if err := s.Delete(ctx, "a/1"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(ctx, "a/1"); err != nil {
		t.Errorf("delete of an absent key: %v", err)
	}
}

func TestIncrementNeverGivesAValueTwice(t *testing.T) {
	s, ctx := statetest.Open(t), t.Context()
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 10 {
				n, err := s.Increment(ctx, "counter")
				mu.Lock()
				if err != nil || seen[n] {
					t.Errorf("got %d again, or %v", n, err)
				}
				seen[n] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(seen) != 40 || !seen[1] || !seen[40] {
		t.Errorf("%d values, want 1 to 40", len(seen))
	}
}

func TestWatchSendsEverythingThenEveryChange(t *testing.T) {
	s, ctx := statetest.Open(t), t.Context()
	put := func(key string) {
		if _, err := s.Put(ctx, key, []byte("v")); err != nil {
			t.Fatal(err)
		}
	}
	put("w/1")
	put("x/1")
	changes := s.Watch(ctx, "w/")
	if c := <-changes; !c.Reset || keys(c.Entries) != "w/1" {
		t.Errorf("first change %+v, want all of w/", c)
	}
	put("x/2")
	put("w/2")
	if c := <-changes; c.Reset || keys(c.Entries) != "w/2" {
		t.Errorf("got %+v, want w/2", c)
	}
	if err := s.Delete(ctx, "w/1"); err != nil {
		t.Fatal(err)
	}
	if c := <-changes; len(c.Deleted) != 1 || c.Deleted[0].Key != "w/1" {
		t.Errorf("got %+v, want w/1 deleted", c)
	}
}

func TestWatchersDoNotDisturbEachOther(t *testing.T) {
	s, ctx := statetest.Open(t), t.Context()
	for round := range 10 {
		one, two := s.Watch(ctx, "w/"), s.Watch(ctx, "w/")
		<-one
		<-two
		key := fmt.Sprintf("w/%d", round)
		if _, err := s.Put(ctx, key, nil); err != nil {
			t.Fatal(err)
		}
		for _, w := range []<-chan state.Change{one, two} {
			if c := <-w; keys(c.Entries) != key {
				t.Fatalf("got %+v, want %s", c, key)
			}
		}
		go func() {
			for range one {
			}
		}()
		go func() {
			for range two {
			}
		}()
	}
}

func TestLeasedKeysVanishWithTheirHolder(t *testing.T) {
	s, ctx := statetest.Open(t), t.Context()
	lease, err := s.Lease(ctx, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(ctx, nil, state.SetLeased("owner", []byte("me"), lease)); err != nil {
		t.Fatal(err)
	}
	if err := lease.Release(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, "owner"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("after release: %v, want ErrNotFound", err)
	}
}

func TestSecondHubOfOneFolderIsToldSo(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	_, err := state.Open(t.Context(), state.Config{DataDir: dir}, nil)
	want := "Another Foretop uses " + dir + ". Stop it, or choose another folder with --data-dir."
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Errorf("after the first closed: %v", err)
	}
}

func TestHubsShareAnExternalEtcd(t *testing.T) {
	endpoint := statetest.Server(t)
	one, two, ctx := statetest.Connect(t, endpoint), statetest.Connect(t, endpoint), t.Context()
	if one.Exclusive() {
		t.Error("an external etcd is said to be ours alone")
	}
	changes := two.Watch(ctx, "s/")
	<-changes
	rev, err := one.Create(ctx, "s/1", []byte("v"))
	if err != nil {
		t.Fatal(err)
	}
	if c := <-changes; keys(c.Entries) != "s/1" {
		t.Errorf("the other hub saw %+v", c)
	}
	if _, err := two.Update(ctx, "s/1", []byte("w"), rev); err != nil {
		t.Error(err)
	}
	if _, err := one.Update(ctx, "s/1", []byte("x"), rev); !errors.Is(err, state.ErrConflict) {
		t.Errorf("update behind the other hub's: %v, want ErrConflict", err)
	}
}

func TestUnreachableEndpointsAreNamedWithinFiveSeconds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	endpoint := "http://" + l.Addr().String()
	began := time.Now()
	_, err = state.Open(t.Context(), state.Config{Endpoints: []string{endpoint}}, nil)
	if access.Code(err) != "UNAVAILABLE" || !strings.Contains(err.Error(), endpoint) || !strings.Contains(err.Error(), "--etcd,") {
		t.Errorf("got %v, want a sentence that names %s and the flag", err, endpoint)
	}
	if d := time.Since(began); d > 8*time.Second {
		t.Errorf("took %s, want about 5s", d)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open(t.Context(), state.Config{DataDir: filepath.Join(file, "data")}, nil); err == nil {
		t.Error("opened a folder below a file")
	}
	if _, err := state.Open(t.Context(), state.Config{}, nil); err == nil {
		t.Error("opened without a folder or endpoints")
	}
}

func TestStartTime(t *testing.T) {
	dir := t.TempDir()
	for _, what := range []string{"new folder", "reopened"} {
		began := time.Now()
		s := open(t, dir)
		t.Logf("%s: ready after %s", what, time.Since(began).Round(time.Millisecond))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// childVar makes this test binary a hub that writes until it is killed.
const childVar = "FORETOP_TEST_STATE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		writeForEver(dir)
	}
	os.Exit(m.Run())
}

func writeForEver(dir string) {
	ctx := context.Background()
	s, err := state.Open(ctx, state.Config{DataDir: dir}, nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		if _, err := s.Create(ctx, fmt.Sprintf("written/%06d", i), []byte("x")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

func TestWhatWasAnsweredSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		from := -1
		if round > 0 { // a used folder, and no leftovers of the lock
			s := open(t, dir)
			for _, e := range list(t, s) {
				if err := s.Delete(t.Context(), e.Key); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childVar+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("child said %s", lines.Text())
			}
			if from = n; n == 50 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd.Wait()
		s := open(t, dir)
		if got := len(list(t, s)); got < from+1 {
			t.Errorf("round %d: %d keys after the kill, want at least the %d that were answered", round, got, from+1)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func list(t *testing.T, s *state.Store) []state.Entry {
	t.Helper()
	l, err := s.List(t.Context(), "written/")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func keys(list []state.Entry) string {
	var names []string
	for _, e := range list {
		names = append(names, e.Key)
	}
	return strings.Join(names, " ")
}
