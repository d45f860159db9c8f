package fleet

import (
	"context"
	"fmt"
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
