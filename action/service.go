// Package action changes members: it plans a change on frozen targets, runs it from a journal, and undoes it.
// It alone decides to write to a cluster, and it never reaches one itself: it dispatches typed commands.
//
// Invariant: no member is asked to write before the intent is in etcd and in the audit, and no intent is carried
// out twice.
package action

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Finder looks up what is stored; the search service is one.
type Finder interface {
	Search(ctx context.Context, scope access.Scope, r records.Request) (*records.Result, error)
	Objects(ctx context.Context, scope access.Scope, refs []kube.Ref) ([]*records.Object, error)
	Object(ctx context.Context, scope access.Scope, ref kube.Ref, at time.Time) (*records.Object, error)
	History(ctx context.Context, scope access.Scope, ref kube.Ref, first int, after string) (*records.Page[*records.Version], error)
	Members(ctx context.Context, scope access.Scope) ([]records.Member, error)
}

// Directory knows the members; *clusters.Registry is one.
type Directory interface {
	ByName(name string) (clusters.Entry, bool)
}

// Dispatch has a member's collector carry out a command. It always answers; CODE_UNAVAILABLE when no collector does.
type Dispatch func(ctx context.Context, clusterUID string, c *ingestpb.Command) *ingestpb.CommandResult

// Deps is what a Service needs; all but FourEyes, Log and Registerer are required.
type Deps struct {
	Store      *state.Store
	Audit      *audit.Log
	Finder     Finder
	Clusters   Directory
	Dispatch   Dispatch
	FourEyes   []string // verbs that need another person's approval everywhere
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Service plans, runs and undoes actions. All methods are safe for concurrent use.
type Service struct {
	Deps
	journal journal
	hub     string // names this process as owner of what it runs
	now     func() time.Time
	timing  timing

	targets *prometheus.CounterVec
	running prometheus.Gauge

	mu      sync.Mutex
	execute map[string]bool // actions this process is running

	plans sync.WaitGroup // that are being tried
}

// timing holds every time that tests shorten.
type timing struct {
	dryRun, command, rollout, reach, poll, scan, lease, plan, planWait time.Duration
}

var defaultTiming = timing{
	dryRun:  10 * time.Second,
	command: 30 * time.Second,
	rollout: 5 * time.Minute,  // as long as kubectl's users are used to wait
	reach:   60 * time.Second, // a collector that reconnects needs a few seconds
	poll:    time.Second,
	scan:    5 * time.Second,
	lease:   10 * time.Second,

	plan:     10 * time.Minute,
	planWait: 10 * time.Second, // less than any client waits
}

const (
	maxTargets    = 5000
	planParallel  = 8
	planGoodFor   = 30 * time.Minute
	phraseTargets = 10 // more than this many targets need a phrase
)

// New returns a Service. Nothing is carried out before Work.
func New(deps Deps) *Service {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		Deps: deps, journal: journal{store: deps.Store, kept: func() {}}, hub: rand.Text(), now: time.Now, timing: defaultTiming, execute: map[string]bool{},
		targets: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_action_targets_total", Help: "Targets that ended, by verb and state."}, []string{"verb", "state"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "foretop_action_running_count", Help: "Actions that this hub is running."}),
	}
	if deps.Registerer != nil {
		deps.Registerer.MustRegister(s.targets, s.running)
	}
	return s
}

// Work carries out actions that were told to run, those that an earlier process left unfinished too, until ctx ends.
func (s *Service) Work(ctx context.Context) error {
	if s.Store.Exclusive() { // only one process can have the journal open: whoever owned an action is dead
		if err := s.journal.disown(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	var wait sync.WaitGroup
	defer s.plans.Wait()
	defer wait.Wait()
	for ctx.Err() == nil {
		lease, err := s.Store.Lease(ctx, s.timing.lease)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.Log.Warn("no lease to run actions with, trying again", "err", err)
			sleep(ctx, s.timing.poll)
			continue
		}
		leased, cancel := context.WithCancel(ctx)
		s.follow(leased, lease, &wait)
		cancel()
		wait.Wait()
		release, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		if err := lease.Release(release); err != nil {
			s.Log.Debug("lease left to run out", "err", err)
		}
		done()
	}
	return nil
}

// follow starts what is to run until ctx ends or the lease is lost.
func (s *Service) follow(ctx context.Context, lease *state.Lease, wait *sync.WaitGroup) {
	heads := s.Store.Watch(ctx, headPrefix)
	scan := time.NewTicker(s.timing.scan) // finds actions whose owner died
	defer scan.Stop()
	prune := time.NewTicker(time.Hour)
	defer prune.Stop()
	pending := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-lease.Lost():
			if ctx.Err() == nil {
				s.Log.Warn("lease on running actions lost, taking them up again")
			}
			return
		case c, ok := <-heads:
			if !ok {
				return
			}
			for _, e := range c.Entries {
				a, err := decodeHead(e)
				if err != nil {
					s.Log.Error("action in the journal cannot be read, skipped", "key", e.Key, "err", err)
					continue
				}
				if a.State == running {
					pending[a.ID] = true
				} else {
					delete(pending, a.ID)
				}
			}
		case <-scan.C:
		case <-prune.C:
			if err := s.journal.prune(ctx, s.now().Add(-24*time.Hour)); err != nil {
				s.Log.Warn("plans that were never run not removed, trying again in an hour", "err", err)
			}
		}
		for id := range pending {
			s.start(ctx, lease, id, wait)
		}
	}
}

func (s *Service) start(ctx context.Context, lease *state.Lease, id string, wait *sync.WaitGroup) {
	s.mu.Lock()
	busy := s.execute[id]
	s.execute[id] = true
	s.mu.Unlock()
	if busy {
		return
	}
	done := func() {
		s.mu.Lock()
		delete(s.execute, id)
		s.mu.Unlock()
	}
	if err := s.journal.own(ctx, id, s.hub, lease); err != nil {
		done()
		if !errors.Is(err, state.ErrConflict) && ctx.Err() == nil { // a conflict: another hub runs it
			s.Log.Warn("action not taken up, trying again", "action_id", id, "err", err)
		}
		return
	}
	s.running.Inc()
	wait.Go(func() {
		defer done()
		defer s.running.Dec()
		r := &execution{Service: s, id: id}
		if err := r.run(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("action interrupted, taking it up again", "action_id", id, "err", err)
		}
		letGo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := s.journal.disownOne(letGo, id, s.hub); err != nil {
			s.Log.Debug("ownership left to run out", "action_id", id, "err", err)
		}
	})
}

// newID sorts by time and is short enough to type.
func (s *Service) newID() string {
	return "a-" + strconv.FormatInt(s.now().UnixMilli(), 36) + strings.ToLower(rand.Text()[:4])
}

// Action answers nil, nil when there is none.
func (s *Service) Action(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	if scope.Nothing() || !plausibleID(id) {
		return nil, nil
	}
	a, _, err := s.journal.action(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.shown(a), nil
}

// Actions lists newest first; after is the id to continue behind.
func (s *Service) Actions(ctx context.Context, scope access.Scope, first int, after string) ([]*actions.Action, bool, error) {
	if scope.Nothing() {
		return nil, false, nil
	}
	if after != "" && !plausibleID(after) {
		return nil, false, &access.Error{Code: "BAD_REQUEST", Message: "This cursor is not one of a list of actions.", Fix: "Start again without it."}
	}
	list, more, err := s.journal.newest(ctx, first, after)
	for i := range list {
		list[i] = s.shown(list[i])
	}
	return list, more, err
}

// shown is an action as people see it: a plan that is too old is expired, targets of a running one are queued.
func (s *Service) shown(a *actions.Action) *actions.Action {
	if (a.State == planned || a.State == planning) && s.now().Sub(a.CreatedAt) > planGoodFor {
		a.State = expired
	}
	if a.State == planned && len(a.Targets) > 0 { // its clusters may be protected otherwise than when it was planned
		s.guard(a)
		a.ConfirmPhrase = s.phrase(a)
	}
	if a.State != running {
		return a
	}
	for i, t := range a.Targets {
		if t.State == ready {
			queued := *t
			queued.State = "QUEUED"
			a.Targets[i] = &queued
		}
	}
	return a
}

func plausibleID(id string) bool {
	return strings.HasPrefix(id, "a-") && len(id) <= 40 && !strings.Contains(id, "/")
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
