package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"log/slog"

	"github.com/foretop/foretop/collector/executor"
	"github.com/foretop/foretop/collector/redact"
)

// ExecutorConfig of NewExecutor; REST is required.
type ExecutorConfig struct {
	REST       *rest.Config
	Policy     executor.Policy // the zero value allows all verbs outside kube-system
	Live       executor.Live   // the zero value allows all reads
	Redact     redact.Config
	Cluster    string // name for log lines and metrics
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil leaves metrics unregistered
}

// NewExecutor returns what carries out the hub's commands on the cluster of cfg.REST.
func NewExecutor(cfg ExecutorConfig) (Executor, error) {
	reg, log := cfg.Registerer, cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.Cluster != "" {
		log = log.With("cluster", cfg.Cluster)
		if reg != nil {
			reg = prometheus.WrapRegistererWith(prometheus.Labels{"cluster": cfg.Cluster}, reg)
		}
	}
	cfg.Redact.Registerer = reg
	return executor.New(executor.Config{REST: cfg.REST, Policy: cfg.Policy, Live: cfg.Live, Redact: cfg.Redact, Log: log, Registerer: reg})
}
