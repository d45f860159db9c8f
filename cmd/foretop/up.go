package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/foretop/foretop/action"
	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/heap"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/telemetry"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/internal/tokens"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/graph"
	"github.com/foretop/foretop/query/saved"
	"github.com/foretop/foretop/query/search"
	"github.com/foretop/foretop/schemas"
	"github.com/foretop/foretop/ui"
)

var (
	_ graph.Reader  = (*search.Service)(nil)
	_ graph.Actions = (*action.Service)(nil)
)

// upConfig is what `foretop up` is told. Everything has a default: `foretop up` alone works.
type upConfig struct {
	dataDir          string
	listen           string
	collectorsListen string
	opsListen        string
	clickhouse       string
	etcd             []string
	engineLibrary    string
	kubeconfig       string
	contexts         []string
	file             string
	retention        string
	textsMax         byteSize
	log              logFlags
}

func (c *upConfig) register(flags *pflag.FlagSet) {
	flags.StringVar(&c.dataDir, "data-dir", defaultDataDir(), "folder of everything this hub keeps")
	flags.StringVar(&c.listen, "listen", "127.0.0.1:7080", "address for people and programs: page, GraphQL")
	flags.StringVar(&c.collectorsListen, "collectors-listen", "127.0.0.1:7443", "address for collectors that dial in (gRPC over TLS 1.3); empty for none")
	flags.StringVar(&c.opsListen, "ops-listen", "127.0.0.1:7081", "address for /metrics, /healthz, /readyz, /status and profiles; empty for none")
	flags.StringVar(&c.clickhouse, "clickhouse", "", "DSN of a ClickHouse server, clickhouse://USER:PASSWORD@HOST:9000/DATABASE or http(s)://...; empty for the embedded engine")
	flags.StringSliceVar(&c.etcd, "etcd", nil, "endpoints of an etcd cluster, comma-separated; empty for the embedded one")
	flags.StringVar(&c.engineLibrary, "engine-library", "", "path of libchdb.so; empty to look where make engine puts it")
	flags.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig whose contexts are attached; default $KUBECONFIG or ~/.kube/config")
	flags.StringSliceVar(&c.contexts, "contexts", nil, "contexts to attach, comma-separated; default all; 'none' for none")
	flags.StringVar(&c.file, "config", "", "YAML file with clusters and what is collected; see docs/configuration.md")
	flags.StringVar(&c.retention, "retention", retentionDefault, "for how long versions that were replaced, and deleted objects, are kept: 36h, 30d, 8w, forever; --config has it by kind")
	c.textsMax = 16 << 30
	flags.Var(&c.textsMax, "texts-max", "disk space for the JSON of current objects, so that the database need not be asked for it: 4Gi, 500Mi")
	c.log.register(flags)
}

func upCommand() *cobra.Command {
	var cfg upConfig
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run a whole hub for the clusters of your kubeconfig",
		Long: `Run every role of the hub in one process: collectors for the contexts of your kubeconfig, aggregator,
embedded ClickHouse, embedded etcd, query, actions and the page. Prints the address to log in at.`,
		Example: `  foretop up
  foretop up --contexts prod-eu,prod-us --data-dir /var/lib/foretop
  foretop up --clickhouse clickhouse://foretop:secret@db:9000/foretop`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runUp(cmd.Context(), cfg, cmd.OutOrStdout(), cfg.log.logger(cmd.ErrOrStderr()))
		},
	}
	cfg.register(cmd.Flags())
	return cmd
}

func runUp(ctx context.Context, cfg upConfig, out io.Writer, log *slog.Logger) error {
	//                 pull collectors --gRPC--v
	// clusters <--watch-- push collectors --> aggregator --> ClickHouse <-- search <-- graph <-- people
	//     ^------------------- commands ----------- action <-------------------------'
	collect, err := loadConfig(cfg.file)
	if err != nil {
		return err
	}
	retention, err := collect.Retention.read(cfg.retention)
	if err != nil {
		return err
	}
	if err := openDataDir(cfg.dataDir); err != nil {
		return err
	}
	token, err := adminToken(cfg.dataDir)
	if err != nil {
		return err
	}
	ops := telemetry.New(version)

	// Addresses first: a taken port is found before anything has started.
	people, err := query.Listen(cfg.listen, "listen")
	if err != nil {
		return err
	}
	defer people.Close()
	all := newParts(ctx)
	all.add(heap.Pace)
	if err := all.serveOps(cfg.opsListen, ops); err != nil {
		return err
	}

	store, err := state.Open(ctx, state.Config{Endpoints: cfg.etcd, DataDir: cfg.dataDir}, log.With("part", "etcd"))
	if err != nil {
		return err
	}
	defer store.Close()
	all.add(func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return nil
		case <-store.Failed(): // the disk is full: nothing more can be written until the hub is started again
			return store.Err()
		}
	})

	kept, err := texts.Open(texts.Config{Dir: filepath.Join(cfg.dataDir, "texts"), Most: int64(cfg.textsMax), Log: log.With("part", "texts"), Registerer: ops.Metrics})
	if err != nil {
		return err
	}
	defer kept.Close()
	all.add(kept.Run)

	began := time.Now()
	db, err := clickhouse.Open(ctx, clickhouse.Config{
		DSN:        cfg.clickhouse,
		Registerer: ops.Metrics,
		Engine: clickhouse.EngineConfig{
			Library: cfg.engineLibrary,
			DataDir: filepath.Join(cfg.dataDir, "clickhouse"),
			Socket:  filepath.Join(cfg.dataDir, "engine.sock"),
		},
	}, log.With("part", "clickhouse"))
	if err != nil {
		return err
	}
	defer db.Close()
	all.add(db.Run)
	if err := db.Migrate(ctx, schemas.ClickHouse); err != nil {
		return err
	}
	reportReady(ctx, ops, store.Err, db.Ping)
	log.Info("database ready", "took", time.Since(began).Round(time.Millisecond))

	registry := clusters.New(store, log.With("part", "clusters"))
	if err := registry.Load(ctx); err != nil {
		return err
	}
	all.add(registry.Run)

	index, err := search.New(search.Deps{DB: db, Clusters: registry, IndexDir: filepath.Join(cfg.dataDir, "index"), Texts: kept, Relations: collect.rules, Kept: retention.For, Log: log.With("part", "search"), Registerer: ops.Metrics})
	if err != nil {
		return err
	}
	all.add(index.Run)

	agg := aggregator.New(aggregator.Deps{DB: db, Clusters: registry, Texts: kept, Log: log.With("part", "aggregator"), Registerer: ops.Metrics, OnCommit: index.Committed, Retention: retention})
	all.add(agg.Run)
	ops.Status("aggregator", func() any { return agg.Status() })

	trail := audit.New(store, db, log.With("part", "audit"))
	auditKey, err := audit.OpenKey(cfg.dataDir)
	if err != nil {
		return err
	}
	all.add(func(ctx context.Context) error { return trail.Run(ctx, auditKey) })
	named := tokens.New(store, trail, log.With("part", "tokens"))
	all.add(named.Run)
	members := newMembers(agg, registry, log, ops.Metrics, cfg.dataDir)
	acts := action.New(action.Deps{Store: store, Audit: trail, Finder: index, Clusters: registry, Dispatch: members.execute, FourEyes: collect.FourEyes, Log: log.With("part", "action"), Registerer: ops.Metrics})
	all.add(acts.Work)

	ca, err := aggregator.OpenAuthority(cfg.dataDir)
	if err != nil {
		return err
	}
	deps := query.Deps{Reader: index, Kube: index, Live: &live{members}, Actions: acts, Saved: saved.New(store, index.Check), Audit: trail, Tokens: named, Protect: &protector{registry, trail}, UI: ui.Files(), Token: token, Ready: ops.Ready, Log: log.With("part", "query"), Metrics: ops.Metrics, Version: version}
	if cfg.collectorsListen != "" {
		l, err := query.Listen(cfg.collectorsListen, "collectors-listen")
		if err != nil {
			return err
		}
		gate, err := aggregator.NewGate(agg, aggregator.GateConfig{CA: ca, Address: l.Addr().String()})
		if err != nil {
			l.Close()
			return err
		}
		all.add(func(ctx context.Context) error { return gate.Serve(ctx, l) })
		deps.Members = &joiner{registry: registry, trail: trail, hub: l.Addr().String(), pin: gate.CAPin()}
	}
	server, err := query.New(deps)
	if err != nil {
		return err
	}
	all.add(func(ctx context.Context) error {
		return query.Serve(ctx, query.Either(people, ca.ServerTLS(people.Addr().String())), server.Handler())
	})

	targets, err := pushTargets(cfg, collect, log)
	if err != nil {
		return err
	}
	all.add(func(ctx context.Context) error { return members.run(ctx, targets, collect) })

	url := "http://" + people.Addr().String()
	if err := os.WriteFile(filepath.Join(cfg.dataDir, "hub.url"), []byte(url+"\n"), 0o600); err != nil {
		return dataDirError(cfg.dataDir, err)
	}
	fmt.Fprintf(out, "Foretop %s is up with %d %s.\nOpen %s/login#token=%s\n", version, len(targets), plural(len(targets), "cluster", "clusters"), url, token)

	err = all.run()
	if ctx.Err() != nil && err == nil {
		log.Info("stopped")
	}
	return err
}

// reportReady has /readyz ask what the hub stands on. Whoever asks need not say who he is: he is not told why.
func reportReady(ctx context.Context, ops *telemetry.Ops, control func() error, database func(context.Context) error) {
	ops.ReadyWhen("control state", func() error {
		if control() != nil {
			return errors.New("it cannot be written")
		}
		return nil
	})
	ops.ReadyWhen("database", func() error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if database(ctx) != nil {
			return errors.New("it does not answer")
		}
		return nil
	})
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// joiner lets people register members whose collectors dial in.
type joiner struct {
	registry *clusters.Registry
	trail    *audit.Log
	hub, pin string
}

const joinTokenLife = time.Hour

func (j *joiner) Join(ctx context.Context, name string, labels map[string]string) (*graph.Join, error) {
	if e, there := j.registry.ByName(name); there && e.Mode == clusters.Push {
		return nil, &access.Error{
			Code: "CONFLICT", Message: fmt.Sprintf("The hub dials %s itself, from context %s of its kubeconfig: no collector can join under this name.", name, e.Context),
			Fix: "Choose another name, or leave the context out with --contexts and remove the cluster first: foretop clusters rm " + name,
		}
	}
	if e, there := j.registry.ByName(name); there {
		if level, ok := e.Labels[clusters.ProtectionLabel]; ok { // clusters protect takes it off, with as many people as it needs
			if labels = maps.Clone(labels); labels == nil {
				labels = map[string]string{}
			}
			labels[clusters.ProtectionLabel] = level
		}
	}
	var token string
	err := j.trail.Around(ctx, memberRow(ctx, "ADD_CLUSTER", name), map[string]any{"labels": labels}, func() (_ string, err error) {
		if err := j.registry.Add(ctx, clusters.Cluster{Name: name, Mode: clusters.Pull, Labels: labels}); err != nil {
			return "", err
		}
		token, err = j.registry.NewJoinToken(ctx, name, joinTokenLife)
		return "", err
	})
	if err != nil {
		return nil, err
	}
	command := strings.Join([]string{"foretop collect", "--hub", j.hub, "--ca-pin", j.pin, "--token", token}, " ")
	return &graph.Join{Cluster: name, Token: token, Hub: j.hub, CAPin: j.pin, Command: command, ExpiresAt: time.Now().Add(joinTokenLife)}, nil
}

func (j *joiner) Remove(ctx context.Context, name string) error {
	e, there := j.registry.ByName(name)
	if !there {
		return j.registry.Remove(ctx, name) // a sentence
	}
	if err := e.CheckRemove(); err != nil {
		return err
	}
	row := memberRow(ctx, "REMOVE_CLUSTER", name)
	row.ClusterUID = e.UID
	return j.trail.Around(ctx, row, nil, func() (string, error) { return "", j.registry.Remove(ctx, name) })
}

// memberRow is the audit of a change to the registry.
func memberRow(ctx context.Context, verb, name string) audit.Row {
	return audit.Row{Actor: access.FromContext(ctx).User(), Source: graph.SourceOf(ctx), Verb: verb, Phase: "cluster", Cluster: name, Name: name}
}
