package fleet

import (
	"context"
	"strings"
)

// Condition is a cluster's processes at a moment.
type Condition struct {
	Name    string
	State   string // running, stopped, partly running (missing ...), down
	API     string
	Memory  int64 // bytes in RAM
	Broken  bool
	Version string
}

// Status looks at every cluster.
func (f *Fleet) Status(ctx context.Context) ([]Condition, error) {
	var all []Condition
	for _, c := range f.clusters {
		running, err := processes(c.home(f.dir))
		if err != nil {
			return nil, err
		}
		condition := Condition{Name: c.Name, API: c.url(), Version: KubernetesVersion}
		there, stopped := map[string]bool{}, 0
		for _, p := range running {
			there[p.name] = true
			condition.Memory += p.memory()
			if p.stopped {
				stopped++
			}
		}
		var missing []string
		for _, name := range programs {
			if !there[name] {
				missing = append(missing, name)
			}
		}
		switch {
		case len(running) == 0:
			condition.State = "down"
		case stopped > 0:
			condition.State = "stopped"
		case len(missing) > 0:
			condition.State = "partly running, missing " + strings.Join(missing, ", ")
		default:
			condition.State = "running"
			if condition.Broken, err = c.broken(ctx, f); err != nil {
				return nil, err
			}
		}
		all = append(all, condition)
	}
	return all, nil
}

func (c *cluster) broken(ctx context.Context, f *Fleet) (bool, error) {
	api, err := c.api(f.dir)
	if err != nil {
		return false, err
	}
	defer api.close()
	_, broken := api.look(ctx)
	return broken, nil
}
