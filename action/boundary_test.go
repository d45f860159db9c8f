package action

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// A hub is killed after every single step of the journal, and its collector forgets what it answered: the next hub
// writes what is left, and nothing twice.
func TestKilledAtEveryStepOfTheJournal(t *testing.T) {
	db := clickhousetest.Open(t)
	third := "zone1:shop/deployments.apps/app3"
	for name, in := range map[string]actions.Input{
		"restart":        refs(app1, app2, third),
		"scale in waves": func() actions.Input { in := scaleTo(5, app1, app2, third); in.Waves.Size = 2; return in }(),
	} {
		t.Run(name, func(t *testing.T) {
			for step := 1; ; step++ {
				f := newFleet(app1, app2, third)
				dir := t.TempDir()
				open := func() *state.Store {
					store, err := state.Open(t.Context(), state.Config{DataDir: dir}, nil)
					if err != nil {
						t.Fatal(err)
					}
					return store
				}
				store := open()
				h := openHub(t, f, store, db)
				a := h.plan(in)
				h.stop()
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				killed := runChild(t, f, dir, a, step)
				f.mu.Lock()
				f.answers = map[string]*ingestpb.CommandResult{}
				f.mu.Unlock()

				store = open()
				h = openHub(t, f, store, db)
				got := h.ended(a.ID)
				h.stop()
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				if got.State != succeeded {
					t.Errorf("killed after step %d: %s", step, text(got))
				}
				var of []string
				for _, w := range f.written() {
					of = append(of, w[:len(app1)])
				}
				if !slices.Equal(of, []string{app1, app2, third}) {
					t.Errorf("killed after step %d, written: %v", step, f.written())
				}
				if !killed {
					if step < 8 { // a head for the run and its end, two or more for each target
						t.Errorf("the journal has %d steps, which cannot be all", step)
					}
					t.Logf("%d steps", step-1)
					return
				}
			}
		})
	}
}

// runChild runs a in a child hub, which kills itself after a step of the journal. It reports false when there was none.
func runChild(t *testing.T, f *fleet, dir string, a *actions.Action, step int) (killed bool) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/audit", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/dispatch", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var c ingestpb.Command
		if err == nil {
			err = proto.Unmarshal(raw, &c)
		}
		if err == nil {
			raw, err = proto.Marshal(f.execute(r.URL.Query().Get("cluster"), &c))
		}
		if err != nil {
			return // the child is gone
		}
		_, _ = w.Write(raw)
	})
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	defer server.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childSocket+"="+socket, childAction+"="+a.ID, childConfirm+"="+a.ConfirmPhrase, childStep+"="+strconv.Itoa(step))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err != nil
	case <-time.After(60 * time.Second):
		_ = cmd.Process.Kill()
		t.Fatal("child hub neither ended nor was killed")
		return false
	}
}
