package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/internal/kube"
)

// resource is one object as the verbs print it.
type resource struct {
	Ref, Cluster, Group, Version, Resource, Kind string
	Namespace                                    *string
	Name                                         string
	CreatedAt, ChangedAt                         *time.Time
	DeletedAt                                    *time.Time
	ChangedBy, Status, Health, Node              string
	Ready                                        *bool
	Replicas, ReadyReplicas, Restarts            *int
	Images                                       []string
	Labels, Annotations                          map[string]string
	ResourceVersion                              string
	Object                                       json.RawMessage
}

const resourceFields = `ref cluster group version resource kind namespace name createdAt changedAt deletedAt changedBy status health node ready replicas readyReplicas restarts images`

// coverage says which clusters an answer speaks for.
type coverage struct {
	Asked, Answered, Stale int
	Missing                []string
	Clusters               []struct {
		Cluster, State, Reason string
		AsOf                   *time.Time
	}
}

const coverageFields = `coverage{asked answered stale clusters{cluster state asOf reason} missing}`

// String is the line for stderr: 198/200 clusters, 2 stale (stage-7 4m, lab-3 26m).
func (c *coverage) String() string {
	var stale, pending []string
	fresh := 0
	for _, x := range c.Clusters {
		switch x.State {
		case "LIVE", "DEGRADED":
			fresh++
		case "STALE":
			stale = append(stale, x.Cluster+" "+ago(x.AsOf))
		case "PENDING", "SYNCING":
			pending = append(pending, x.Cluster)
		}
	}
	s := fmt.Sprintf("%d/%d clusters", fresh, c.Asked)
	if len(stale) > 0 {
		s += fmt.Sprintf(", %d stale (%s)", len(stale), strings.Join(stale, ", "))
	}
	if len(pending) > 0 {
		s += fmt.Sprintf(", %d not complete yet (%s)", len(pending), strings.Join(pending, ", "))
	}
	for _, sentence := range c.Missing {
		s += "\n" + sentence
	}
	return s
}

// complete holds when every cluster's part is there and fresh.
func (c *coverage) complete() bool {
	for _, x := range c.Clusters {
		if x.State != "LIVE" && x.State != "DEGRADED" {
			return false
		}
	}
	return c.Answered == c.Asked
}

// check answers the error for --require-complete.
func (f *scopeFlags) check(c *coverage) error {
	if !f.requireComplete || c.complete() {
		return nil
	}
	return &exitError{exitPartial, errors.New("the answer is not complete: " + c.String())}
}

type found struct {
	Total    int
	Nodes    []*resource
	PageInfo struct {
		HasNextPage bool
		EndCursor   *string
	}
	Facets []struct {
		Field    string
		Distinct int
		Values   []struct {
			Value string
			Count int
		}
	}
	Groups   []group
	Coverage coverage
	TookMs   float64
	Engine   string
}

// group is what group: counts: the objects that have these values.
type group struct {
	Values   []string `json:"values"`
	Count    int      `json:"count"`
	Ready    int      `json:"ready"`
	NotReady int      `json:"notReady"`
}

// listing says what of a search is wanted.
type listing struct {
	limit  int    // objects; 0 is all
	chunk  int    // objects a request; 0 is as many as are good
	fields string // of objects, beside resourceFields
	facets []string
	groups bool
}

// search asks page after page until limit objects are there; limit 0 is all of them.
func (h *hub) search(ctx context.Context, query string, limit int, objects bool, facets []string) (*found, error) {
	want := listing{limit: limit, facets: facets}
	if objects {
		want.fields = "object"
	}
	return h.list(ctx, query, want)
}

func (h *hub) list(ctx context.Context, query string, want listing) (*found, error) {
	page, limit, facets := want.chunk, want.limit, want.facets
	if page == 0 {
		page = 500
	}
	groups := ""
	if want.groups {
		groups = " groups{values count ready notReady}"
	}
	ask := `query($query:String!,$first:Int!,$after:String,$facets:[String!]){search(query:$query,first:$first,after:$after,facets:$facets){
		total tookMs engine pageInfo{hasNextPage endCursor} facets{field distinct values{value count}} ` + coverageFields + groups + ` nodes{` + resourceFields + ` ` + want.fields + `}}}`
	all := &found{}
	var after *string
	for {
		first := page
		if limit > 0 {
			first = min(page, limit-len(all.Nodes))
		}
		var answer struct{ Search found }
		if err := h.ask(ctx, ask, map[string]any{"query": query, "first": first, "after": after, "facets": facets}, &answer); err != nil {
			return nil, err
		}
		nodes := append(all.Nodes, answer.Search.Nodes...)
		if after == nil {
			*all = answer.Search
		}
		all.Nodes, all.PageInfo = nodes, answer.Search.PageInfo
		after, facets = answer.Search.PageInfo.EndCursor, nil
		if !all.PageInfo.HasNextPage || after == nil || limit > 0 && len(all.Nodes) >= limit {
			return all, nil
		}
	}
}

// ready is what kubectl's READY column says, as far as it is known for the kind.
func (r *resource) ready() string {
	switch {
	case r.Replicas != nil && r.ReadyReplicas != nil:
		return fmt.Sprintf("%d/%d", *r.ReadyReplicas, *r.Replicas)
	case r.Ready == nil:
		return "-"
	case *r.Ready:
		return "yes"
	}
	return "no"
}

func (r *resource) namespace() string {
	if r.Namespace == nil {
		return ""
	}
	return *r.Namespace
}

func (r *resource) restarts() string {
	if r.Restarts == nil {
		return "-"
	}
	return fmt.Sprint(*r.Restarts)
}

func (r *resource) changed() string {
	s := ago(r.ChangedAt)
	if r.ChangedBy != "" {
		s += " (" + r.ChangedBy + ")"
	}
	return s
}

// images without what every reader knows: the registry and its path.
func (r *resource) images(full bool) string {
	if full {
		return orDash(strings.Join(r.Images, ","))
	}
	short := make([]string, len(r.Images))
	for i, image := range r.Images {
		image, _, _ = strings.Cut(image, "@")
		short[i] = image[strings.LastIndex(image, "/")+1:]
	}
	return orDash(strings.Join(short, ","))
}

// decode gives the object, marked with its cluster. Never a new top-level field: it must stay appliable.
func (r *resource) decode() (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal(r.Object, &o.Object); err != nil {
		return nil, fmt.Errorf("read object %s: %w", r.Ref, err)
	}
	annotate(o, "foretop.io/cluster", r.Cluster)
	return o, nil
}

func annotate(o *unstructured.Unstructured, key, value string) {
	a := o.GetAnnotations()
	if a == nil {
		a = map[string]string{}
	}
	a[key] = value
	o.SetAnnotations(a)
}

// answered are objects as they are printed.
type answered struct {
	list     []*resource
	alone    bool // one that was named
	more     int  // that were left out
	coverage *coverage
}

// print writes the objects in any format; table is for the table ones.
func (f *outputFlags) print(out io.Writer, a answered, table func() error) error {
	list := a.list
	switch {
	case f.table():
		return table()
	case f.format == "ref":
		for _, r := range list {
			fmt.Fprintln(out, r.Ref)
		}
		return nil
	case f.format == "name": // needs no object
		for _, r := range list {
			fmt.Fprintln(out, r.kindName())
		}
		return nil
	}
	var objects []*unstructured.Unstructured
	for _, r := range list {
		o, err := r.decode()
		if err != nil {
			return err
		}
		if f.compat {
			annotate(o, "shadow.clusterpedia.io/cluster-name", r.Cluster)
		}
		objects = append(objects, o)
	}
	if f.customColumns() {
		return f.printCustomColumns(out, objects)
	}
	return f.objects(out, objects, a)
}

// needsObjects holds for formats that print whole objects.
func (f *outputFlags) needsObjects() bool {
	return !f.table() && f.format != "ref" && f.format != "name"
}

// target is what a person typed to name objects: a reference, TYPE/NAME, or TYPE NAME.
type target struct{ kind, name string }

// targets reads arguments as kubectl does. References come back in refs.
func targets(args []string) (refs []string, named []target, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if _, err := kube.ParseRef(arg); err == nil {
			refs = append(refs, arg)
			continue
		}
		if kind, name, ok := strings.Cut(arg, "/"); ok {
			if kind == "" || name == "" || strings.Contains(name, "/") {
				return nil, nil, usageError{fmt.Errorf("%q is neither CLUSTER:NAMESPACE/RESOURCE/NAME nor TYPE/NAME", arg)}
			}
			named = append(named, target{kind, name})
			continue
		}
		if i == len(args)-1 {
			return nil, nil, usageError{fmt.Errorf("%q names no object: write TYPE/NAME, as in deployment/app2, or a reference, as in zone1:shop/deployments.apps/app2", arg)}
		}
		for _, name := range args[i+1:] {
			named = append(named, target{arg, name})
		}
		break
	}
	if len(refs)+len(named) == 0 {
		return nil, nil, usageError{errors.New("name an object: TYPE/NAME, as in deployment/app2, or a reference, as in zone1:shop/deployments.apps/app2")}
	}
	return refs, named, nil
}

// resolve turns arguments into references, in every cluster that the flags allow.
func (h *hub) resolve(ctx context.Context, args []string, scope scopeFlags) ([]string, error) {
	refs, missing, err := h.resolveAll(ctx, args, scope)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("there is no %s in %s", missing[0], where(scope))
	}
	return refs, err
}

// resolveAll is resolve that also names what is not there.
func (h *hub) resolveAll(ctx context.Context, args []string, scope scopeFlags) (refs, missing []string, err error) {
	refs, named, err := targets(args)
	if err != nil {
		return nil, nil, err
	}
	terms, err := scope.terms()
	if err != nil {
		return nil, nil, err
	}
	for _, t := range named {
		query := strings.Join(append(terms, "kind:"+value(t.kind), "name="+quoted(t.name)), " ")
		r, err := h.search(ctx, query, 0, false, nil)
		if err != nil {
			return nil, nil, err
		}
		if len(r.Nodes) == 0 {
			missing = append(missing, t.kind+"/"+t.name)
		}
		if err := scope.check(&r.Coverage); err != nil {
			return nil, nil, err
		}
		for _, n := range r.Nodes {
			refs = append(refs, n.Ref)
		}
	}
	return refs, missing, nil
}

// resolveOne is for verbs that are about one object.
func (h *hub) resolveOne(ctx context.Context, args []string, scope scopeFlags) (string, error) {
	refs, err := h.resolve(ctx, args, scope)
	if err != nil {
		return "", err
	}
	if len(refs) > 1 {
		const most = 10
		list := refs
		if len(list) > most {
			list = append(list[:most:most], fmt.Sprintf("and %d more", len(refs)-most))
		}
		return "", usageError{fmt.Errorf("%d objects have that name; name one by its reference:\n  %s", len(refs), strings.Join(list, "\n  "))}
	}
	return refs[0], nil
}

func where(scope scopeFlags) string {
	s := "any cluster"
	if scope.clusters != "" {
		s = "cluster " + scope.clusters
	}
	if scope.namespace != "" {
		s = "namespace " + scope.namespace + " of " + s
	}
	return s
}
