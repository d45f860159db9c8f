package fleet

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

const brokenImage = "registry.example.com/shop/app2:1.5.0-broken"

// Break rolls app2 of a cluster out to a version whose container exits at once, as a person would with `kubectl set
// image`, and returns when the rollout hangs with one pod in CrashLoopBackOff: app2 is at 2 of 3.
func (f *Fleet) Break(ctx context.Context, name string) error {
	c, err := f.cluster(name)
	if err != nil {
		return err
	}
	if err := c.setImage(ctx, f, brokenImage); err != nil {
		return err
	}
	if err := c.waitDeployments(ctx, f, time.Minute, func(all map[string]deployment) string {
		d := all["app2"]
		if d.Status.ObservedGeneration >= d.Metadata.Generation && d.Status.UpdatedReplicas > 0 && d.Status.ReadyReplicas < d.Spec.Replicas {
			return ""
		}
		return "app2 has not begun to roll out"
	}); err != nil {
		return err
	}
	return c.waitCrash(ctx, f, time.Minute)
}

// Heal rolls app2 back to the version the fleet was installed with, and returns when all replicas are ready.
func (f *Fleet) Heal(ctx context.Context, name string) error {
	c, err := f.cluster(name)
	if err != nil {
		return err
	}
	for _, app := range applications(c.Name) {
		if app.Name != "app2" {
			continue
		}
		if err := c.setImage(ctx, f, "registry.example.com/shop/app2:"+app.Version); err != nil {
			return err
		}
	}
	return c.waitDeployments(ctx, f, time.Minute, func(all map[string]deployment) string {
		if d := all["app2"]; !d.settled() {
			return fmt.Sprintf("app2 has %d of %d replicas ready", d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		return ""
	})
}

func (c *cluster) setImage(ctx context.Context, f *Fleet, image string) error {
	_, err := f.Kubectl(ctx, c.Name, "-n", "shop", "set", "image", "deployment/app2", "app2="+image)
	return err
}

// waitCrash polls until a pod of app2 waits in CrashLoopBackOff.
func (c *cluster) waitCrash(ctx context.Context, f *Fleet, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	api, err := c.api(f.dir)
	if err != nil {
		return err
	}
	defer api.close()
	for {
		var pods struct {
			Items []struct {
				Status struct {
					ContainerStatuses []struct {
						State struct {
							Waiting struct {
								Reason string `json:"reason"`
							} `json:"waiting"`
						} `json:"state"`
					} `json:"containerStatuses"`
				} `json:"status"`
			} `json:"items"`
		}
		err := api.get(ctx, "/api/v1/namespaces/shop/pods?labelSelector=app%3Dapp2", &pods)
		for _, pod := range pods.Items {
			for _, status := range pod.Status.ContainerStatuses {
				if status.State.Waiting.Reason == "CrashLoopBackOff" {
					return nil
				}
			}
		}
		select {
		case <-ctx.Done():
			if err == nil {
				err = ctx.Err()
			}
			return fmt.Errorf("no pod of app2 crashes: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Stop takes a cluster away: SIGSTOP leaves its connections open and silent, SIGKILL is a crash of all its processes.
func (f *Fleet) Stop(name string, how syscall.Signal) error {
	if how != syscall.SIGSTOP && how != syscall.SIGKILL {
		return fmt.Errorf("a cluster is stopped with STOP or KILL, not %v", how)
	}
	c, err := f.cluster(name)
	if err != nil {
		return err
	}
	running, err := processes(c.home(f.dir))
	if err != nil {
		return err
	}
	if len(running) == 0 {
		return fmt.Errorf("%s does not run: start it with `fleet start --cluster %s`", name, name)
	}
	for _, p := range running {
		if err := p.signal(how); err != nil {
			return err
		}
	}
	if how == syscall.SIGKILL {
		if left := await(running, 5*time.Second); len(left) > 0 {
			return fmt.Errorf("%s (pid %d) does not end", left[0].name, left[0].pid)
		}
	}
	return nil
}

// Start brings a stopped cluster back on its data and returns when its API answers.
func (f *Fleet) Start(ctx context.Context, name string) error {
	c, err := f.cluster(name)
	if err != nil {
		return err
	}
	return c.up(ctx, f)
}

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
