package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// applyFlags are of foretop apply.
type applyFlags struct {
	actFlags
	files, overrides    []string
	clusters, namespace string
	force, serverSide   bool
}

func applyCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply -f FILE -C CLUSTERS",
		Short: "Apply manifests to any set of clusters by server-side apply, with what is different in some of them",
		Long: `Apply manifests to any set of clusters by server-side apply. The plan shows what each cluster would change and who else owns a field that
the manifest sets. Overrides change the manifest for some clusters:

  CLUSTERS:replicas=N,registry=HOST[/PATH],env.NAME=VALUE

where CLUSTERS are names and globs by comma, registry replaces that of every image, and env is of every container. Later overrides win.`,
		Example: `  foretop apply -f app.yaml -C zone1,zone2 -n shop --dry-run=server
  foretop apply -f app.yaml -C 'prod-*' --override 'prod-eu-*:registry=eu.example.com,env.REGION=eu' --by-cluster
  cat app.yaml | foretop apply -f - -C zone1 --yes`,
		Args: noArguments,
		RunE: f.run,
	}
	flags := cmd.Flags()
	f.actFlags.register(cmd)
	flags.StringSliceVarP(&f.files, "filename", "f", nil, "file or folder of manifests, YAML or JSON; - is standard input")
	flags.StringVarP(&f.clusters, "clusters", "C", "", "clusters to apply to: names and globs (prod-*), and labels (env=prod), by comma")
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace of objects whose manifest names none")
	flags.StringArrayVar(&f.overrides, "override", nil, "what is different in some clusters: CLUSTERS:replicas=N,registry=R,env.NAME=VALUE")
	flags.BoolVar(&f.force, "force-conflicts", false, "take over fields that others own")
	flags.BoolVar(&f.serverSide, "server-side", true, "apply on the server, the only way here")
	completeFlags(cmd, &f.conn)
	return cmd
}

func (f *applyFlags) run(cmd *cobra.Command, _ []string) error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case len(f.files) == 0:
		return usageError{errors.New("-f says which manifests; it is missing")}
	case f.clusters == "":
		return usageError{errors.New("-C says to which clusters; it is missing. -C '*' is all of them")}
	case !f.serverSide:
		return usageError{errors.New("--server-side=false: manifests are applied on the server, the only way here")}
	}
	var overrides []map[string]any
	for _, text := range f.overrides {
		o, err := override(text)
		if err != nil {
			return err
		}
		overrides = append(overrides, o)
	}
	documents, err := manifests(cmd.InOrStdin(), f.files)
	if err != nil {
		return err
	}
	h, err := f.conn.open()
	if err != nil {
		return err
	}
	if err := h.namespaced(cmd.Context(), documents, f.namespace); err != nil {
		return err
	}
	clusters, err := h.clusterNames(cmd.Context(), f.clusters)
	if err != nil {
		return err
	}
	if f.dryRun == "client" {
		for _, d := range documents {
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s in %s (dry run)\n", d.object.GetKind(), strings.TrimPrefix(d.object.GetNamespace()+"/"+d.object.GetName(), "/"), strings.Join(clusters, ","))
		}
		return nil
	}
	parameters := map[string]any{"manifest": joined(documents), "clusters": clusters}
	if len(overrides) > 0 {
		parameters["overrides"] = overrides
	}
	if f.force {
		parameters["force"] = true
	}
	return f.act(cmd, h, map[string]any{"verb": "APPLY", "parameters": parameters})
}

// override reads CLUSTERS:replicas=N,registry=R,env.NAME=VALUE.
func override(text string) (map[string]any, error) {
	wrong := func(format string, args ...any) (map[string]any, error) {
		return nil, usageError{fmt.Errorf("--override %q: "+format+". Write CLUSTERS:replicas=N,registry=R,env.NAME=VALUE", append([]any{text}, args...)...)}
	}
	names, rest, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsAny(names, "= ") {
		return wrong("it does not begin with clusters and a colon")
	}
	o := map[string]any{}
	clusters := slices.DeleteFunc(strings.Split(names, ","), func(s string) bool { return s == "" })
	if len(clusters) == 0 {
		return wrong("it names no clusters")
	}
	var env []map[string]any
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(part, "=")
		variable, isEnv := strings.CutPrefix(name, "env.")
		switch {
		case !ok:
			return wrong("%q is no NAME=VALUE", part)
		case name == "replicas":
			n, err := strconv.ParseInt(value, 10, 32)
			if err != nil || n < 0 {
				return wrong("%q is no number of replicas", value)
			}
			o["replicas"] = n
		case name == "registry" && value != "":
			o["registry"] = value
		case isEnv && variable != "":
			env = append(env, map[string]any{"name": variable, "value": value})
		default:
			return wrong("%q cannot be overridden", part)
		}
	}
	o["clusters"] = clusters
	if len(env) > 0 {
		o["env"] = env
	}
	return o, nil
}

// document is one object of a manifest.
type document struct {
	text   []byte
	object unstructured.Unstructured
	from   string
}

func manifests(in io.Reader, files []string) ([]*document, error) {
	var all []*document
	for _, name := range files {
		list := []string{name}
		if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
			list = nil
			entries, err := os.ReadDir(name)
			if err != nil {
				return nil, fmt.Errorf("read manifests: %w", err)
			}
			for _, e := range entries {
				if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) && !e.IsDir() {
					list = append(list, filepath.Join(name, e.Name()))
				}
			}
		}
		for _, path := range list {
			documents, err := readManifest(in, path)
			if err != nil {
				return nil, err
			}
			all = append(all, documents...)
		}
	}
	if len(all) == 0 {
		return nil, usageError{fmt.Errorf("-f %s holds no objects", strings.Join(files, ","))}
	}
	return all, nil
}

func readManifest(in io.Reader, path string) ([]*document, error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		defer file.Close()
		in = file
	}
	var all []*document
	reader := yaml.NewYAMLReader(bufio.NewReader(in))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		d := &document{text: bytes.TrimSpace(text), from: path}
		if err := sigsyaml.Unmarshal(text, &d.object.Object); err != nil {
			return nil, usageError{fmt.Errorf("document %d of %s is not YAML or JSON: %w", len(all)+1, path, err)}
		}
		if len(d.object.Object) == 0 { // comments alone
			continue
		}
		if d.object.IsList() {
			err = d.object.EachListItem(func(o runtime.Object) error {
				item := o.(*unstructured.Unstructured)
				text, err := sigsyaml.Marshal(item.Object)
				all = append(all, &document{text: text, object: *item, from: path})
				return err
			})
			if err != nil {
				return nil, usageError{fmt.Errorf("list in %s: %w", path, err)}
			}
			continue
		}
		if d.object.GetKind() == "" || d.object.GetAPIVersion() == "" || d.object.GetName() == "" {
			return nil, usageError{fmt.Errorf("document %d of %s is no object: it lacks apiVersion, kind or metadata.name", len(all)+1, path)}
		}
		all = append(all, d)
	}
}

// namespaced puts objects that need a namespace and have none into the given one, as kubectl does.
func (h *hub) namespaced(ctx context.Context, documents []*document, namespace string) error {
	if namespace == "" {
		return nil
	}
	var answer struct {
		Kinds []struct {
			Group, Kind string
			Namespaced  bool
		}
	}
	if err := h.ask(ctx, `{kinds{group kind namespaced}}`, nil, &answer); err != nil {
		return err
	}
	for _, d := range documents {
		gvk := d.object.GroupVersionKind()
		clusterWide := false
		for _, k := range answer.Kinds {
			clusterWide = clusterWide || k.Group == gvk.Group && k.Kind == gvk.Kind && !k.Namespaced
		}
		switch has := d.object.GetNamespace(); {
		case clusterWide || has == namespace:
		case has != "":
			return usageError{fmt.Errorf("%s %s of %s is of namespace %s, and -n says %s", gvk.Kind, d.object.GetName(), d.from, has, namespace)}
		default:
			d.object.SetNamespace(namespace)
			text, err := sigsyaml.Marshal(d.object.Object)
			if err != nil {
				return fmt.Errorf("write manifest: %w", err)
			}
			d.text = text
		}
	}
	return nil
}

func joined(documents []*document) string {
	var all strings.Builder
	for i, d := range documents {
		if i > 0 {
			all.WriteString("---\n")
		}
		all.Write(bytes.TrimRight(d.text, "\n"))
		all.WriteString("\n")
	}
	return all.String()
}

// clusterNames is -C as names and globs; labels are looked up.
func (h *hub) clusterNames(ctx context.Context, clusters string) ([]string, error) {
	terms, err := clusterTerms(clusters)
	if err != nil {
		return nil, err
	}
	if !strings.ContainsAny(clusters, "=!() ") {
		return outsideParentheses(clusters), nil
	}
	var answer struct{ Clusters []struct{ Name string } }
	query := strings.Join(terms, " ")
	if err := h.ask(ctx, `query($query:String!){clusters(query:$query){name}}`, map[string]any{"query": query}, &answer); err != nil {
		return nil, err
	}
	var names []string
	for _, c := range answer.Clusters {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no cluster %s", clusters)
	}
	return names, nil
}
