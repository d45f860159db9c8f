package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sigs.k8s.io/yaml"

	"github.com/foretop/foretop/collector"
	"github.com/foretop/foretop/collector/executor"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
)

// configFile is what --config holds: what is too long for flags.
type configFile struct {
	// Collect says what collectors of this process take.
	Collect collector.Filters `json:"collect"`
	// Live says what the hub may read of members themselves through collectors of this process.
	Live executor.Live `json:"live"`
	// Act says what the hub may do to members through collectors of this process.
	Act executor.Policy `json:"act"`
	// Clusters names and labels the contexts of the kubeconfig.
	Clusters []clusterConfig `json:"clusters"`
	// Relations says how objects of CRDs name others.
	Relations []kube.RelationRule `json:"relations"`
	// FourEyes are verbs of actions that need another person's approval in every cluster.
	FourEyes []string `json:"fourEyes"`
	// Retention says for how long the past is kept.
	Retention retentionConfig `json:"retention"`

	rules *kube.RelationRules // Relations, read
}

type clusterConfig struct {
	Context string            `json:"context"`
	Name    string            `json:"name,omitempty"` // default: the context's
	Labels  map[string]string `json:"labels,omitempty"`
}

// cluster is what the file says of a context, nil when nothing.
func (c *configFile) cluster(context string) *clusterConfig {
	for i := range c.Clusters {
		if c.Clusters[i].Context == context {
			return &c.Clusters[i]
		}
	}
	return nil
}

// loadConfig reads path strictly: an unknown field is a mistake, not a wish. No path is an empty file.
func loadConfig(path string) (*configFile, error) {
	var c configFile
	var raw []byte
	var err error
	if path != "" {
		raw, err = os.ReadFile(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("There is no configuration file %s.", path), Fix: "Check --config."}
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err := yaml.UnmarshalStrict(raw, &c); err != nil {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s is not valid: %v.", path, err), Fix: "docs/configuration.md lists every field."}
	}
	seen := map[string]bool{}
	for i, k := range c.Clusters {
		if k.Context == "" {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s: clusters[%d] names no context.", path, i)}
		}
		if seen[k.Context] {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s: context %s is there twice.", path, k.Context)}
		}
		seen[k.Context] = true
	}
	if err := c.Live.Check(); err != nil {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s: %v.", path, err), Fix: "docs/configuration.md shows what can be said of live reads."}
	}
	if err := c.Act.Check(); err != nil {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s: %v.", path, err), Fix: "docs/configuration.md shows what can be said of actions."}
	}
	for _, verb := range c.FourEyes {
		if _, ok := actions.KindsOf(verb); !ok && verb != actions.Apply {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s: fourEyes names %q, which is no verb of an action.", path, verb), Fix: "docs/actions.md lists them; they are written in capitals: DELETE, DRAIN."}
		}
	}
	if c.rules, err = kube.ReadRelationRules(c.Relations); err != nil {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Configuration file %s: %v.", path, err), Fix: "docs/relations.md shows how relations are declared."}
	}
	return &c, nil
}
