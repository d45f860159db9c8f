package action

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// A hub in a process of its own, which the test kills at the moment it chose. The child has etcd and the journal;
// members and audit are the parent's, reached by this socket.
const (
	childDir    = "FORETOP_TEST_ACTION_DIR"
	childSocket = "FORETOP_TEST_ACTION_SOCKET"
	childAction = "FORETOP_TEST_ACTION_ID"

	childConfirm = "FORETOP_TEST_ACTION_CONFIRM"
	childStep    = "FORETOP_TEST_ACTION_STEP" // of the journal, after which the child kills itself
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := childHub(dir); err != nil {
			fmt.Fprintln(os.Stderr, "child hub:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type overSocket struct {
	audit.Database // of which only Insert is asked for: the chain was begun by the parent
	client         *http.Client
}

func (o overSocket) post(path string, body []byte) ([]byte, error) {
	r, err := o.client.Post("http://parent"+path, "", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

func (o overSocket) Insert(_ context.Context, _ string, _ []clickhouse.Column, token string) error {
	_, err := o.post("/audit", []byte(token))
	return err
}

func (o overSocket) dispatch(_ context.Context, cluster string, c *ingestpb.Command) *ingestpb.CommandResult {
	raw, err := proto.Marshal(c)
	if err == nil {
		raw, err = o.post("/dispatch?cluster="+cluster, raw)
	}
	r := &ingestpb.CommandResult{}
	if err == nil {
		err = proto.Unmarshal(raw, r)
	}
	if err != nil {
		return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_UNAVAILABLE, Message: err.Error()}
	}
	return r
}

func childHub(dir string) error {
	ctx := context.Background()
	store, err := state.Open(ctx, state.Config{DataDir: dir}, nil)
	if err != nil {
		return err
	}
	parent := overSocket{client: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", os.Getenv(childSocket))
	}}}}
	f := newFleet()
	s := New(Deps{Store: store, Audit: audit.New(store, parent, nil), Finder: f, Clusters: f, Dispatch: parent.dispatch})
	if text := os.Getenv(childStep); text != "" {
		last, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		var steps atomic.Int32
		s.journal.kept = func() {
			if int(steps.Add(1)) == last {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
	id := os.Getenv(childAction)
	if _, err := s.Run(ctx, operator, id, os.Getenv(childConfirm)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() { // ends by itself when there is no further step
		for ctx.Err() == nil {
			if a, err := s.existing(ctx, id); err == nil && a.FinishedAt != nil {
				cancel()
			}
			sleep(ctx, 20*time.Millisecond)
		}
	}()
	return s.Work(ctx)
}

func TestKilledHubWritesAtMostOnce(t *testing.T) {
	db := clickhousetest.Open(t)
	const five = app1 + "=scale 5"
	for _, c := range []struct {
		name     string
		executed bool           // before the kill
		restart  bool           // the collector too is another when the hub is back
		between  func(f *fleet) // what happens while the hub is away
		want     string         // state and message of the target
		writes   []string
	}{
		{name: "between intent and dispatch", want: "DONE", writes: []string{five}},
		{name: "between intent and dispatch, the status moved", between: func(f *fleet) { f.change(app1, func(*workload) {}) }, want: "DONE", writes: []string{five}},
		{name: "between intent and dispatch, somebody changed the object",
			between: func(f *fleet) { f.change(app1, func(w *workload) { w.replicas, w.generation = 7, w.generation+1 }) },
			want:    "FAILED app1 was changed by somebody else while the hub was away"},
		{name: "between dispatch and result", executed: true, want: "DONE", writes: []string{five}},
		{name: "between dispatch and result, the collector forgot", executed: true, restart: true, want: "DONE", writes: []string{five}},
		{name: "between dispatch and result, somebody changed it back", executed: true, restart: true,
			between: func(f *fleet) { f.change(app1, func(w *workload) { w.replicas, w.generation = 3, w.generation+1 }) },
			want:    "FAILED app1 was changed by somebody else while the hub was away", writes: []string{five}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			f := newFleet(app1)
			open := func() *state.Store {
				store, err := state.Open(t.Context(), state.Config{DataDir: dir}, nil)
				if err != nil {
					t.Fatal(err)
				}
				return store
			}
			store := open()
			h := openHub(t, f, store, db)
			a := h.plan(scaleTo(5, app1))
			h.stop()
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}

			killAtWrite(t, f, dir, a.ID, c.executed)
			if c.restart {
				f.answers = map[string]*ingestpb.CommandResult{}
			}
			if c.between != nil {
				c.between(f)
			}

			store = open()
			defer store.Close()
			h = openHub(t, f, store, db)
			began := time.Now()
			got := h.ended(a.ID)
			h.stop()
			t.Logf("ended %s after the hub was back", time.Since(began).Round(time.Millisecond))
			x := got.Targets[0]
			if s := strings.TrimSpace(x.State + " " + x.Message); !strings.HasPrefix(s, c.want) {
				t.Errorf("target: %s, want %s", s, c.want)
			}
			if w := f.written(); !slices.Equal(w, c.writes) {
				t.Errorf("written %v, want %v", w, c.writes)
			}
		})
	}
}

// killAtWrite runs the action in a child hub and kills it when its command to write arrives: before the member
// carries it out, or after.
func killAtWrite(t *testing.T, f *fleet, dir, id string, execute bool) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childSocket+"="+socket, childAction+"="+id)
	cmd.Stderr = os.Stderr
	var intents atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/audit", func(_ http.ResponseWriter, r *http.Request) { intents.Add(1) })
	mux.HandleFunc("/dispatch", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var c ingestpb.Command
		if err == nil {
			err = proto.Unmarshal(raw, &c)
		}
		if err != nil {
			t.Error(err)
			return
		}
		if c.GetRead() == nil && !c.DryRun {
			if intents.Load() == 0 {
				t.Error("dispatched before the audit had the intent")
			}
			if execute {
				f.execute(r.URL.Query().Get("cluster"), &c)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			return
		}
		answer, err := proto.Marshal(f.execute(r.URL.Query().Get("cluster"), &c))
		if err != nil {
			t.Error(err)
		}
		w.Write(answer)
	})
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	defer server.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("child hub ended by itself: %v", err)
		}
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		t.Fatal("child hub never dispatched")
	}
}
