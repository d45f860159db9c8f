package fleet

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed kwok/metrics.yaml
var kubeletMetrics string

// usage is what one container takes at rest and at the top of the daily curve, which here takes wave seconds.
type usage struct {
	container      string  // empty: every other
	idle, busy     float64 // cores
	resting, grown int     // MiB
}

const wave = 600 // seconds from rest to the top and back

var usages = []usage{
	{container: "gateway", idle: 0.02, busy: 0.06, resting: 38, grown: 52},
	{container: "app1", idle: 0.03, busy: 0.12, resting: 84, grown: 110},
	{container: "app2", idle: 0.05, busy: 0.18, resting: 120, grown: 170},
	{container: "app3", idle: 0.03, busy: 0.09, resting: 92, grown: 118},
	{container: "db", idle: 0.08, busy: 0.30, resting: 340, grown: 420},
	{container: "node-agent", idle: 0.004, busy: 0.008, resting: 22, grown: 24},
	{idle: 0.002, busy: 0.004, resting: 8, grown: 10},
}

// MetricsURL is where a cluster's applications count their requests, as text for Prometheus.
func (f *Fleet) MetricsURL(name string) (string, error) {
	c, err := f.cluster(name)
	if err != nil {
		return "", err
	}
	return c.metricsURL(), nil
}

// NodeMetricsURL is where a node's kubelet would say what its containers use: /metrics/resource, on kwok's own port,
// since the API server forwards nothing to a kubelet on loopback.
func (f *Fleet) NodeMetricsURL(name, node string) (string, error) {
	c, err := f.cluster(name)
	if err != nil {
		return "", err
	}
	return c.nodeMetricsURL(node), nil
}

func (c *cluster) metricsURL() string {
	return fmt.Sprintf("http://127.0.0.1:%d/metrics", c.Ports.Applications)
}

func (c *cluster) nodeMetricsURL(node string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/metrics/nodes/%s/metrics/resource", c.Ports.Kwok, node)
}

// metricsConfig is a second file that kwok reads: kwokctl leaves metrics out of the first unless it may also run a
// metrics-server, which nothing here needs. kwokctl remembers the flag that names it from when it made the cluster.
func (c *cluster) metricsConfig(dir string) string {
	return filepath.Join(workdir(dir), c.Name+".metrics.yaml")
}

func metricsConfiguration() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s---\napiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterResourceUsage\nmetadata: {name: applications}\nspec:\n  usages:\n", kubeletMetrics)
	for _, u := range usages {
		cpu := running("0.0", fmt.Sprintf("%g + %g * double(%%s)", u.idle, (u.busy-u.idle)/(wave/2)))
		memory := running("0", fmt.Sprintf("%d + %d * (%%s)", u.resting<<20, (u.grown-u.resting)<<20/(wave/2)))
		fmt.Fprintf(&b, "    - containers: [%s]\n      usage:\n        cpu: {expression: %q}\n        memory: {expression: %q}\n", u.container, cpu, memory)
	}
	return b.String()
}

// running is an expression for a use that rises and falls, and is none in a pod that has completed, waits for its image
// or crashes. The format says what becomes of the seconds since rest, or until rest. Pods are up to half a wave apart.
func running(none, format string) string {
	phase := `(pod.metadata.uid < "4" ? 0 : pod.metadata.uid < "8" ? 100 : pod.metadata.uid < "c" ? 200 : 300)`
	second := fmt.Sprintf("(int(UnixSecond(Now())) + %s) %% %d", phase, wave)
	return fmt.Sprintf(`pod.status.phase != "Running" || container.image.endsWith("-broken") ? %s : `, none) +
		fmt.Sprintf(format, fmt.Sprintf("%s < %d ? %s : %d - %s", second, wave/2, second, wave, second))
}
