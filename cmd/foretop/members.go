package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/collector"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// pushTarget is one member that the hub dials itself.
type pushTarget struct {
	name, context string
	labels        map[string]string
	rest          *rest.Config
	problem       error // why rest is nil: a context that cannot be used is shown, it stops nobody else
}

// pushTargets are the contexts of the kubeconfig that were asked for.
func pushTargets(cfg upConfig, file *configFile, log *slog.Logger) ([]pushTarget, error) {
	if slices.Equal(cfg.contexts, []string{"none"}) {
		return nil, nil
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = cfg.kubeconfig
	raw, err := rules.Load()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("There is no kubeconfig at %s.", cfg.kubeconfig), Fix: "Name one with --kubeconfig, or start without clusters with --contexts none."}
	case err != nil:
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The kubeconfig cannot be read: %v.", err), Fix: "Repair it, or name another with --kubeconfig."}
	}
	names := cfg.contexts
	if len(names) == 0 {
		for name := range raw.Contexts {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	if len(names) == 0 {
		log.Warn("no cluster attached: the kubeconfig has no context; add one, or attach collectors with 'foretop clusters add'")
	}
	targets := make([]pushTarget, 0, len(names))
	for _, name := range names {
		targets = append(targets, pushTargetOf(raw, name, file))
	}
	return targets, nil
}

func pushTargetOf(raw *clientcmdapi.Config, context string, file *configFile) pushTarget {
	t := pushTarget{name: context, context: context}
	if c := file.cluster(context); c != nil {
		if c.Name != "" {
			t.name = c.Name
		}
		t.labels = c.Labels
	}
	if raw.Contexts[context] == nil {
		known := make([]string, 0, len(raw.Contexts))
		for name := range raw.Contexts {
			known = append(known, name)
		}
		slices.Sort(known)
		t.problem = &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("The kubeconfig has no context %q.", context), Fix: fmt.Sprintf("It has %q; check --contexts and --kubeconfig.", known)}
		return t
	}
	cfg, err := clientcmd.NewNonInteractiveClientConfig(*raw, context, nil, nil).ClientConfig()
	if err != nil {
		t.problem = &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Context %q of the kubeconfig cannot be used: %v.", context, err), Fix: "Repair its cluster and user entries."}
		return t
	}
	t.rest = cfg
	return t
}

// members runs the collectors of this process and routes commands to whoever reaches a member.
type members struct {
	agg      *aggregator.Server
	registry *clusters.Registry
	log      *slog.Logger
	metrics  prometheus.Registerer
	dataDir  string

	mu    sync.Mutex
	local map[string]collector.Executor // by cluster UID
}

func newMembers(agg *aggregator.Server, registry *clusters.Registry, log *slog.Logger, metrics prometheus.Registerer, dataDir string) *members {
	return &members{agg: agg, registry: registry, log: log, metrics: metrics, dataDir: dataDir, local: map[string]collector.Executor{}}
}

// run keeps one collector per target until ctx ends. A member that cannot be reached stops nobody else.
func (m *members) run(ctx context.Context, targets []pushTarget, file *configFile) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	for _, t := range targets {
		wait.Go(func() { m.keep(ctx, t, file) })
	}
	<-ctx.Done()
	return nil
}

const (
	retryFirst = 2 * time.Second
	retryMost  = 30 * time.Second
)

// keep attaches t, and again whenever it was lost, with growing pauses.
func (m *members) keep(ctx context.Context, t pushTarget, file *configFile) {
	log := m.log.With("cluster", t.name)
	pause := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := m.attach(ctx, t, file, log)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errRemoved) {
			log.Info("cluster was removed and is not collected until the hub starts again")
			return
		}
		if time.Since(began) > retryMost {
			pause = retryFirst
		}
		log.Warn("cluster not attached", "err", err, "retry_in", pause)
		m.note(ctx, t, err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, retryMost)
	}
}

// note shows in the registry why t is not attached; what is stored of it stays.
func (m *members) note(ctx context.Context, t pushTarget, cause error) {
	if _, known := m.registry.ByName(t.name); !known {
		if err := m.registry.Add(ctx, clusters.Cluster{Name: t.name, Mode: clusters.Push, Context: t.context, Labels: t.labels}); err != nil {
			m.log.Warn("register cluster", "cluster", t.name, "err", err)
			return
		}
	}
	status := clusters.Status{State: records.Pending, Reason: cause.Error()}
	if e, ok := m.registry.ByName(t.name); ok && !e.Status.AsOf.IsZero() {
		status = clusters.Status{State: records.Stale, Reason: cause.Error(), AsOf: e.Status.AsOf, HeardAt: e.Status.HeardAt}
	}
	if err := m.registry.SetStatus(ctx, t.name, status); err != nil {
		m.log.Warn("note cluster status", "cluster", t.name, "err", err)
	}
}

// attach identifies the member and collects from it until ctx ends or the collector gives up.
func (m *members) attach(ctx context.Context, t pushTarget, file *configFile, log *slog.Logger) error {
	if t.problem != nil {
		return t.problem
	}
	uid, kubernetes, err := collector.Identify(ctx, t.rest)
	if err != nil {
		return err
	}
	member := clusters.Cluster{Name: t.name, Mode: clusters.Push, Context: t.context, KubernetesVersion: kubernetes, Labels: t.labels}
	if err := m.registry.Add(ctx, member); err != nil {
		return err
	}
	if err := m.registry.Bind(ctx, t.name, uid); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	executor, err := collector.NewExecutor(collector.ExecutorConfig{REST: t.rest, Policy: file.Act, Live: file.Live, Cluster: t.name, Log: m.log})
	if err != nil {
		return err
	}
	agent, err := collector.New(collector.Config{
		REST:       t.rest,
		Opener:     inProcess{m.agg, m.registry, uid, cancel},
		ClusterUID: uid,
		Cluster:    t.name,
		Filters:    file.Collect,
		DataDir:    filepath.Join(m.dataDir, "collectors", uid),
		Log:        m.log.With("part", "collector"),
		Registerer: m.metrics,
		Version:    version,
	})
	if err != nil {
		return err
	}
	m.reach(uid, executor)
	defer m.reach(uid, nil) // what answers at the address later may be another cluster
	log.Info("cluster attached", "uid", uid, "kubernetes", kubernetes)
	if err := agent.Run(ctx); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// reach notes how a member is reached from this process, nil when no more.
func (m *members) reach(uid string, executor collector.Executor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if executor == nil {
		delete(m.local, uid)
		return
	}
	m.local[uid] = executor
}

// execute sends a command to whoever reaches the member: a collector of this process, or one that dialled in.
func (m *members) execute(ctx context.Context, clusterUID string, c *ingestpb.Command) *ingestpb.CommandResult {
	m.mu.Lock()
	local := m.local[clusterUID]
	m.mu.Unlock()
	if local != nil {
		return local.Execute(ctx, c)
	}
	return m.agg.Execute(ctx, clusterUID, c)
}

// fetch is execute for commands that read in parts.
func (m *members) fetch(ctx context.Context, clusterUID string, c *ingestpb.Command, take func(*ingestpb.Fetched) error) *ingestpb.CommandResult {
	m.mu.Lock()
	local := m.local[clusterUID]
	m.mu.Unlock()
	if local != nil {
		return local.Fetch(ctx, c, take)
	}
	return m.agg.Fetch(ctx, clusterUID, c, take)
}

// errRemoved ends the collector of a cluster that people have removed.
var errRemoved = errors.New("the cluster was removed from the registry")

// inProcess opens a collector's stream by a call instead of over gRPC.
type inProcess struct {
	agg      *aggregator.Server
	registry *clusters.Registry
	uid      string
	end      context.CancelCauseFunc // of the collector
}

func (p inProcess) Open(ctx context.Context, hello *ingestpb.Hello) (collector.Sink, error) {
	if _, there := p.registry.ByUID(p.uid); !there {
		p.end(errRemoved)
		return nil, errRemoved
	}
	session, err := p.agg.Open(ctx, p.uid, hello)
	if err != nil {
		return nil, err
	}
	return session, nil
}
