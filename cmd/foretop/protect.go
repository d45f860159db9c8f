package main

import (
	"context"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clusters"
)

// protector protects clusters, with audit.
type protector struct {
	registry *clusters.Registry
	trail    *audit.Log
}

func (p *protector) Protect(ctx context.Context, scope access.Scope, source, cluster string, level clusters.Protection) (now clusters.Protection, done bool, err error) {
	if scope.Nothing() {
		return "", false, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	e, there := p.registry.ByName(cluster)
	row := audit.Row{Actor: scope.User(), Source: source, Verb: "PROTECT", Phase: "cluster", ClusterUID: e.UID, Cluster: cluster, Name: cluster}
	if there {
		detail := map[string]any{"from": e.Protection.String(), "to": level.String()}
		err = p.trail.Around(ctx, row, detail, func() (err error) {
			_, done, err = p.registry.Protect(ctx, cluster, level, scope.User())
			detail["done"] = done
			return err
		})
	} else {
		_, done, err = p.registry.Protect(ctx, cluster, level, scope.User())
	}
	if err != nil {
		return "", false, err
	}
	e, _ = p.registry.ByName(cluster)
	return e.Protection, done, nil
}
