package fleet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/template"
	"time"
)

//go:embed shop
var shop embed.FS

var manifests = template.Must(template.ParseFS(shop, "shop/*.tmpl"))

// application is one Deployment of the reference application: gateway -> app1 -> app2 -> app3 -> db.
type application struct {
	Name, Version, Upstream, Team string
	Replicas                      int
	Secret                        *secretEnv
}

type secretEnv struct{ Env, Name, Key string }

// applications are what a cluster runs. zone3 lags one version of app3 behind, as some cluster always does.
func applications(cluster string) []application {
	app3 := "1.4.0"
	if cluster == "zone3" {
		app3 = "1.3.2"
	}
	return []application{
		{Name: "gateway", Version: "2.1.0", Upstream: "http://app1.shop", Team: "edge", Replicas: 2,
			Secret: &secretEnv{"OPS_PASSWORD", "gateway-basic-auth", "password"}},
		{Name: "app1", Version: "1.4.0", Upstream: "http://app2.shop", Team: "checkout", Replicas: 2},
		{Name: "app2", Version: "1.4.0", Upstream: "http://app3.shop", Team: "catalogue", Replicas: 3},
		{Name: "app3", Version: app3, Upstream: "postgres://db.shop:5432", Team: "payments", Replicas: 2,
			Secret: &secretEnv{"PAYMENT_TOKEN", "payment-api", "token"}},
	}
}

// marker remembers on the namespace which manifests were applied, so that an `up` on a fleet that people have changed
// leaves their changes alone.
const marker = "fleet.foretop.io/manifests"

// install applies nodes and application unless the cluster has them.
func (c *cluster) install(ctx context.Context, f *Fleet) (bool, error) {
	nodes, err := c.render(f, "nodes.yaml.tmpl")
	if err != nil {
		return false, err
	}
	app, err := c.render(f, "app.yaml.tmpl")
	if err != nil {
		return false, err
	}
	crds, err := shop.ReadFile("shop/crds.yaml")
	if err != nil {
		return false, fmt.Errorf("read definitions: %w", err)
	}
	sum := sha256.Sum256([]byte(nodes + app + string(crds)))
	want := hex.EncodeToString(sum[:])[:16]
	have, err := c.installed(ctx, f)
	if err != nil {
		return false, err
	}
	if have == want {
		return false, nil
	}
	if err := c.apply(ctx, f, nodes+"---\n"+string(crds)); err != nil {
		return false, err
	}
	if _, err := f.Kubectl(ctx, c.Name, "wait", "--for=condition=Established", "--timeout=60s", "crd", "routes.shop.example.com", "featureflags.shop.example.com"); err != nil {
		return false, err
	}
	if err := c.apply(ctx, f, app); err != nil {
		return false, err
	}
	if err := c.waitApplication(ctx, f, 2*time.Minute); err != nil {
		return false, err
	}
	_, err = f.Kubectl(ctx, c.Name, "annotate", "namespace", "shop", "--overwrite", marker+"="+want)
	return true, err
}

func (c *cluster) render(f *Fleet, name string) (string, error) {
	numbers := make([]int, f.nodes)
	for i := range numbers {
		numbers[i] = i + 1
	}
	var b bytes.Buffer
	err := manifests.ExecuteTemplate(&b, name, map[string]any{"Cluster": c.Name, "Number": c.Number, "Nodes": numbers, "Apps": applications(c.Name)})
	if err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return b.String(), nil
}

func (c *cluster) apply(ctx context.Context, f *Fleet, yaml string) error {
	_, err := f.kubectl(ctx, c.Name, strings.NewReader(yaml), "apply", "-f", "-")
	return err
}

func (c *cluster) installed(ctx context.Context, f *Fleet) (string, error) {
	api, err := c.api(f.dir)
	if err != nil {
		return "", err
	}
	defer api.close()
	var namespace struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	err = api.get(ctx, "/api/v1/namespaces/shop", &namespace)
	var status *statusError
	if errors.As(err, &status) && status.code == http.StatusNotFound {
		return "", nil
	}
	return namespace.Metadata.Annotations[marker], err
}

// deployment is the little of a Deployment that the fleet looks at.
type deployment struct {
	Metadata struct {
		Name       string `json:"name"`
		Generation int64  `json:"generation"`
	} `json:"metadata"`
	Spec struct {
		Replicas int32 `json:"replicas"`
		Template struct {
			Spec struct {
				Containers []struct {
					Name  string `json:"name"`
					Image string `json:"image"`
				} `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64 `json:"observedGeneration"`
		Replicas           int32 `json:"replicas"`
		UpdatedReplicas    int32 `json:"updatedReplicas"`
		ReadyReplicas      int32 `json:"readyReplicas"`
	} `json:"status"`
}

func (d deployment) image() string {
	if len(d.Spec.Template.Spec.Containers) == 0 {
		return ""
	}
	return d.Spec.Template.Spec.Containers[0].Image
}

// settled says that every replica is of the newest template and ready.
func (d deployment) settled() bool {
	return d.Status.ObservedGeneration >= d.Metadata.Generation && d.Status.UpdatedReplicas == d.Spec.Replicas &&
		d.Status.ReadyReplicas == d.Spec.Replicas && d.Status.Replicas == d.Spec.Replicas
}

func (a *api) deployments(ctx context.Context) (map[string]deployment, error) {
	var list struct {
		Items []deployment `json:"items"`
	}
	if err := a.get(ctx, "/apis/apps/v1/namespaces/shop/deployments", &list); err != nil {
		return nil, err
	}
	byName := map[string]deployment{}
	for _, d := range list.Items {
		byName[d.Metadata.Name] = d
	}
	return byName, nil
}

// waitApplication polls until all Deployments of the application are settled.
func (c *cluster) waitApplication(ctx context.Context, f *Fleet, limit time.Duration) error {
	return c.waitDeployments(ctx, f, limit, func(all map[string]deployment) string {
		for _, app := range applications(c.Name) {
			if d, ok := all[app.Name]; !ok || !d.settled() {
				return fmt.Sprintf("%s has %d of %d replicas ready", app.Name, d.Status.ReadyReplicas, d.Spec.Replicas)
			}
		}
		return ""
	})
}

// waitDeployments polls until nothing is missing any more; missing says what still is.
func (c *cluster) waitDeployments(ctx context.Context, f *Fleet, limit time.Duration, missing func(map[string]deployment) string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	api, err := c.api(f.dir)
	if err != nil {
		return err
	}
	defer api.close()
	for {
		all, err := api.deployments(ctx)
		what := ""
		if err != nil {
			what = err.Error()
		} else if what = missing(all); what == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the application is not where it should be: %s", what)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
