package fleet

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Condition is a cluster's processes at a moment.
type Condition struct {
	Name    string
	State   string // running, stopped, partly running (missing ...), down
	API     string
	Memory  int64 // bytes in RAM
	Broken  bool
	Version string
	// Metrics is where the applications count their requests, and Silent that they do not. NodeMetrics is where kubelets
	// say what is used, with NODE for a node's name.
	Metrics     string
	Silent      bool
	NodeMetrics string
}

// Status looks at every cluster.
func (f *Fleet) Status(ctx context.Context) ([]Condition, error) {
	var all []Condition
	for _, c := range f.clusters {
		running, err := processes(c.home(f.dir))
		if err != nil {
			return nil, err
		}
		condition := Condition{Name: c.Name, API: c.url(), Version: KubernetesVersion, Metrics: c.metricsURL(), NodeMetrics: c.nodeMetricsURL("NODE"), Silent: true}
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
			condition.Silent = !scrapable(ctx, condition.Metrics)
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

// scrapable says whether a scrape of an address would succeed.
func scrapable(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}
