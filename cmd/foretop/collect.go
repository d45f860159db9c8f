package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/foretop/foretop/collector"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/telemetry"
)

type collectConfig struct {
	hub, caPin, token string
	dataDir           string
	kubeconfig        string
	context           string
	opsListen         string
	file              string
	log               logFlags
}

func (c *collectConfig) register(flags *pflag.FlagSet) {
	flags.StringVar(&c.hub, "hub", "", "HOST:PORT of the hub's collectors' listener")
	flags.StringVar(&c.caPin, "ca-pin", "", "SHA-256 of the public key of the hub's certificate authority, as 'foretop clusters add' prints it")
	flags.StringVar(&c.token, "token", "", "single-use token of 'foretop clusters add'; needed until the collector has its certificate")
	flags.StringVar(&c.dataDir, "data-dir", filepath.Join(defaultDataDir(), "collector"), "folder for the collector's certificate")
	flags.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig of the member; default: the service account of the pod it runs in, else ~/.kube/config")
	flags.StringVar(&c.context, "context", "", "context of the kubeconfig; default its current one")
	flags.StringVar(&c.opsListen, "ops-listen", "", "address for /metrics, /healthz and profiles; empty for none")
	flags.StringVar(&c.file, "config", "", "YAML file that says what is collected; see docs/configuration.md")
	c.log.register(flags)
}

func collectCommand() *cobra.Command {
	var cfg collectConfig
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Run the collector of one cluster, dialling out to a hub",
		Long: `Collect one member cluster and send it to a hub. The collector dials out, so the member needs no open port.
The hub tells which cluster it is by the collector's certificate, which it gets with a single-use token:

  foretop clusters add prod-eu        # at the hub; prints the command to run at the member`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCollect(cmd.Context(), cfg, cfg.log.logger(cmd.ErrOrStderr()))
		},
	}
	cfg.register(cmd.Flags())
	return cmd
}

func runCollect(ctx context.Context, cfg collectConfig, log *slog.Logger) error {
	// API server --list/watch--> agent --batches--> gRPC over TLS --> hub
	//     ^------------ commands --------------------'
	if cfg.hub == "" {
		return usageError{fmt.Errorf("--hub is missing: give the address that 'foretop clusters add' printed")}
	}
	file, err := loadConfig(cfg.file)
	if err != nil {
		return err
	}
	if err := openDataDir(cfg.dataDir); err != nil {
		return err
	}
	member, err := memberConfig(cfg)
	if err != nil {
		return err
	}
	ops := telemetry.New(version)
	uid, kubernetes, err := collector.Identify(ctx, member)
	if err != nil {
		return err
	}
	executor, err := collector.NewExecutor(collector.ExecutorConfig{REST: member, Policy: file.Act, Live: file.Live, Log: log, Registerer: ops.Metrics})
	if err != nil {
		return err
	}
	link, err := collector.Dial(ctx, collector.DialConfig{
		Hub: cfg.hub, CAPin: cfg.caPin, Token: cfg.token, DataDir: cfg.dataDir,
		ClusterUID: uid, KubernetesVersion: kubernetes, Executor: executor, Log: log.With("part", "link"),
	})
	if err != nil {
		return err
	}
	defer link.Close()
	agent, err := collector.New(collector.Config{
		REST: member, Opener: link, ClusterUID: uid, Filters: file.Collect, DataDir: cfg.dataDir,
		Log: log.With("part", "collector"), Registerer: ops.Metrics, Version: version,
	})
	if err != nil {
		return err
	}
	all := newParts(ctx)
	if err := all.serveOps(cfg.opsListen, ops); err != nil {
		return err
	}
	all.add(agent.Run)
	return all.run()
}

// memberConfig finds the member: a named kubeconfig, the pod's own service account, or ~/.kube/config.
func memberConfig(cfg collectConfig) (*rest.Config, error) {
	if cfg.kubeconfig == "" && cfg.context == "" && os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return rest.InClusterConfig()
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = cfg.kubeconfig
	member, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: cfg.context}).ClientConfig()
	if err != nil {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The kubeconfig cannot be used: %v.", err), Fix: "Check --kubeconfig and --context."}
	}
	return member, nil
}
