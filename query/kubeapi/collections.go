package kubeapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/duration"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/saved"
)

// collections is Clusterpedia's own resource: lists of objects of several kinds. The API server that has it stands at
// the root, as Clusterpedia's does.
var collections = schema.GroupVersionResource{Group: "clusterpedia.io", Version: "v1beta1", Resource: "collectionresources"}

const collectionKind = "CollectionResource"

// collection is one of them.
type collection struct {
	metav1.TypeMeta
	Metadata      metav1.ObjectMeta `json:"metadata"`
	ResourceTypes []collected       `json:"resourceTypes"`
	query         string            // of a saved search
}

// collected is kinds of a collection: all of a group without Resource.
type collected struct {
	Group    string `json:"group"`
	Version  string `json:"version"`
	Kind     string `json:"kind,omitempty"`
	Resource string `json:"resource"`
}

func (t collected) has(k records.Kind) bool {
	return (t.Group == "*" || t.Group == k.Group) && (t.Version == "" || t.Version == k.Version) && (t.Resource == "" || t.Resource == "*" || t.Resource == k.Resource)
}

// serveRoot answers the API server that has collections.
func (q *question) serveRoot() error {
	group := metav1.APIGroup{Name: collections.Group, PreferredVersion: metav1.GroupVersionForDiscovery{GroupVersion: collections.GroupVersion().String(), Version: collections.Version}}
	group.Versions = []metav1.GroupVersionForDiscovery{group.PreferredVersion}
	resource := "/apis/" + collections.GroupVersion().String() + "/" + collections.Resource
	switch path := strings.TrimSuffix(q.path, "/"); {
	case path == "/api":
		write(q.w, http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{}, ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{}})
	case path == "/apis":
		write(q.w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{group}})
	case path == "/apis/"+collections.Group:
		group.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
		write(q.w, http.StatusOK, group)
	case path == "/apis/"+collections.GroupVersion().String():
		write(q.w, http.StatusOK, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: collections.GroupVersion().String(),
			APIResources: []metav1.APIResource{{Name: collections.Resource, SingularName: strings.ToLower(collectionKind), Kind: collectionKind, Verbs: metav1.Verbs{"get", "list"}}}})
	case path != resource && !strings.HasPrefix(path, resource+"/"):
		return notFound(q.path + "; the fleet is below /kube and " + clusterpedia)
	case q.r.Method != http.MethodGet && q.r.Method != http.MethodHead:
		return q.notWritten(&apirequest.RequestInfo{APIGroup: collections.Group, Resource: collections.Resource, Verb: strings.ToLower(q.r.Method)})
	case q.r.URL.Query().Get("watch") == "true" || q.r.URL.Query().Get("watch") == "1":
		return apierrors.NewMethodNotSupported(collections.GroupResource(), "watch")
	case path == resource:
		return q.collectionList()
	default:
		name, err := url.PathUnescape(strings.TrimPrefix(path, resource+"/"))
		if err != nil {
			return apierrors.NewBadRequest(err.Error())
		}
		return q.collection(name, "")
	}
	return nil
}

// collectionNamed is a collection; those of any kinds take them from the parameters groups and resources.
func (q *question) collectionNamed(name string) (*collection, error) {
	c := &collection{TypeMeta: metav1.TypeMeta{Kind: collectionKind, APIVersion: collections.GroupVersion().String()}, Metadata: metav1.ObjectMeta{Name: name}, ResourceTypes: []collected{}}
	values := q.r.URL.Query()
	if name != "any" && (values.Has("groups") || values.Has("resources")) {
		return nil, apierrors.NewBadRequest("groups and resources are asked of the collection any")
	}
	switch name {
	case "any":
	case "workloads":
		for _, r := range []string{"deployments", "daemonsets", "statefulsets"} {
			c.ResourceTypes = append(c.ResourceTypes, collected{Group: "apps", Version: "v1", Resource: r})
		}
	case "kuberesources":
		seen := map[string]bool{}
		for _, gv := range legacyscheme.Scheme.PrioritizedVersionsAllGroups() {
			if !seen[gv.Group] {
				seen[gv.Group] = true
				c.ResourceTypes = append(c.ResourceTypes, collected{Group: gv.Group})
			}
		}
		slices.SortFunc(c.ResourceTypes, func(a, b collected) int { return strings.Compare(a.Group, b.Group) })
	default:
		searches, err := q.searches()
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(searches, func(s *saved.Search) bool { return s.Name == name })
		if at < 0 {
			return nil, apierrors.NewNotFound(collections.GroupResource(), name+": there are any, kuberesources, workloads and saved searches of objects")
		}
		c.query = searches[at].Query
		c.Metadata.Annotations = map[string]string{queryAnnotation: c.query}
	}
	return c, nil
}

// queryAnnotation says what a saved search asks.
const queryAnnotation = "foretop.io/query"

// searches are the saved searches of objects that the caller sees, the caller's own first.
func (q *question) searches() (list []*saved.Search, err error) {
	if q.saved == nil {
		return nil, nil
	}
	all, err := q.saved.List(q.r.Context(), q.scope)
	for _, own := range []bool{true, false} {
		for _, s := range all {
			if s.Page == "resources" && (s.Owner == q.scope.User()) == own {
				list = append(list, s)
			}
		}
	}
	return list, err
}

// chosen reads groups and resources.
func (q *question) chosen(c *collection) error {
	values := q.r.URL.Query()
	if !values.Has("groups") && !values.Has("resources") {
		return apierrors.NewBadRequest("the collection any needs kinds: write groups=apps,batch/v1 (an empty one is the core group, * is all), or resources=apps/v1/deployments,/pods")
	}
	if values.Has("groups") {
		for _, text := range strings.Split(values.Get("groups"), ",") {
			group, version, _ := strings.Cut(strings.TrimSpace(text), "/")
			c.ResourceTypes = append(c.ResourceTypes, collected{Group: group, Version: version})
		}
	}
	if values.Has("resources") {
		for _, text := range strings.Split(values.Get("resources"), ",") {
			t := collected{}
			switch parts := strings.Split(strings.TrimSpace(text), "/"); {
			case len(parts) == 2 && parts[1] != "":
				t.Group, t.Resource = parts[0], parts[1]
			case len(parts) == 3 && parts[2] != "":
				t.Group, t.Version, t.Resource = parts[0], parts[1], parts[2]
			default:
				return apierrors.NewBadRequest(fmt.Sprintf("resources has %q: write GROUP/RESOURCE or GROUP/VERSION/RESOURCE, such as apps/deployments, apps/v1/deployments or /pods", text))
			}
			c.ResourceTypes = append(c.ResourceTypes, t)
		}
	}
	return nil
}

// kindsOf are the kinds of a collection as conditions; an error names what no member has.
func (q *question) kindsOf(c *collection) ([]string, error) {
	if c.query != "" {
		return nil, nil
	}
	var names []string
	for i := range c.ResourceTypes {
		t := &c.ResourceTypes[i]
		if t.Group == "*" && t.Resource == "" {
			return nil, nil
		}
		found := false
		for _, m := range q.members {
			for _, k := range m.Kinds {
				if !t.has(k) {
					continue
				}
				found = true
				if stored(k.GroupResource) == coreEvents && t.Resource == "" {
					continue // which are in a list of their own alone
				}
				if name := strings.TrimPrefix(kindTerm(stored(k.GroupResource)), "kind:"); !slices.Contains(names, name) {
					names = append(names, name)
				}
				if t.Resource == k.Resource && t.Group == k.Group {
					t.Version, t.Kind = k.Version, k.Kind
				}
			}
		}
		if !found && c.Metadata.Name == "any" {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("no member has %q, in the version that is kept: kubectl api-resources lists what there is", strings.Trim(t.Group+"/"+t.Version+"/"+t.Resource, "/")))
		}
	}
	if events := strings.TrimPrefix(kindTerm(coreEvents), "kind:"); len(names) > 1 && slices.Contains(names, events) {
		return nil, apierrors.NewBadRequest("events are listed alone: ask for resources=/events, or add injectEvents=true to have them with the objects they are about")
	}
	if len(names) == 0 {
		return nil, apierrors.NewBadRequest("no member has kinds of the collection " + c.Metadata.Name)
	}
	return []string{"kind:" + strings.Join(names, ",")}, nil
}

// collection answers the objects of one.
func (q *question) collection(name, fieldSelector string) error {
	c, err := q.collectionNamed(name)
	if err != nil {
		return err
	}
	if name == "any" {
		if err := q.chosen(c); err != nil {
			return err
		}
	}
	a, err := q.options("groups", "resources")
	if err != nil {
		return err
	}
	if fieldSelector != "" {
		a.fields = strings.TrimPrefix(fieldSelector, ",")
	}
	fields, err := fieldTerms(a.fields, kube.GroupResource{}, nil)
	if err != nil {
		return err
	}
	kinds, err := q.kindsOf(c)
	if err != nil {
		return err
	}
	asked := &search{query: c.query}
	if err := q.readQuery(asked); err != nil {
		return err
	}
	q.ask(a, slices.Concat(kinds, fields, asked.terms))
	if a.Limit == 0 && a.Continue == "" {
		listing, err := q.reader.List(q.r.Context(), q.scope, a.request)
		if err != nil {
			return err
		}
		q.warnAbout(listing.Coverage())
		p := &part{}
		if a.form != asTable {
			return q.streamCollection(c, a.form, p, func(do func(*records.Object) error) error { return each(q.r.Context(), listing, do) })
		}
		if err := each(q.r.Context(), listing, func(o *records.Object) error { p.objects = append(p.objects, o); return nil }); err != nil {
			return err
		}
		return q.collectionTable(p)
	}
	p, err := q.part(a)
	if err != nil {
		return err
	}
	if a.form == asTable {
		return q.collectionTable(p)
	}
	return q.streamCollection(c, a.form, p, p.each)
}

// streamCollection writes a collection as its objects come.
func (q *question) streamCollection(c *collection, form form, p *part, each func(func(*records.Object) error) error) error {
	head, err := json.Marshal(c)
	if err != nil {
		return err
	}
	whole := strings.TrimSuffix(string(head), "}")
	if p.meta.Continue != "" {
		whole += fmt.Sprintf(`,"continue":%q`, p.meta.Continue)
	}
	if left := p.meta.RemainingItemCount; left != nil {
		whole += fmt.Sprintf(`,"remainingItemCount":%d`, *left)
	}
	return q.items(whole, form, q.item, each)
}

// item is an object of a collection: of its kind, also when there is nothing of it but metadata.
func (q *question) item(o *records.Object, form form) ([]byte, error) {
	text, err := q.object(o, asObjects)
	if err != nil || form == asObjects {
		return text, err
	}
	var bare struct {
		Kind       string          `json:"kind"`
		APIVersion string          `json:"apiVersion"`
		Metadata   json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(text, &bare); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Ref, err)
	}
	return json.Marshal(bare)
}

func (q *question) collectionTable(p *part) error {
	include, err := q.included()
	if err != nil {
		return err
	}
	t := metav1.Table{TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"}, ListMeta: p.meta, Rows: []metav1.TableRow{}}
	for _, name := range []string{"Cluster", "Group", "Version", "Kind", "Namespace", "Name", "Age"} {
		c := metav1.TableColumnDefinition{Name: name, Type: "string"}
		if name == "Name" {
			c.Format = "name"
		}
		t.ColumnDefinitions = append(t.ColumnDefinitions, c)
	}
	for _, o := range p.objects {
		age := "<unknown>"
		if !o.CreatedAt.IsZero() {
			age = duration.HumanDuration(time.Since(o.CreatedAt))
		}
		row := metav1.TableRow{Cells: []any{o.Ref.Cluster, o.Group, o.Version, o.Kind, o.Namespace, o.Name, age}}
		if include != metav1.IncludeNone {
			form := asMetadata
			if include == metav1.IncludeObject {
				form = asObjects
			}
			if row.Object.Raw, err = q.object(o, form); err != nil {
				return err
			}
		}
		t.Rows = append(t.Rows, row)
	}
	write(q.w, http.StatusOK, t)
	return nil
}

// collectionList answers which collections there are, or what is in one that a field selector names: kubectl takes no
// selectors beside a name.
func (q *question) collectionList() error {
	if named, is := strings.CutPrefix(q.r.URL.Query().Get("fieldSelector"), "metadata.name="); is {
		name, rest, _ := strings.Cut(named, ",")
		return q.collection(name, ","+rest)
	}
	form, err := q.form()
	if err != nil {
		return err
	}
	list := struct {
		metav1.TypeMeta
		metav1.ListMeta `json:"metadata"`
		Items           []*collection `json:"items"`
	}{TypeMeta: metav1.TypeMeta{Kind: collectionKind + "List", APIVersion: collections.GroupVersion().String()}}
	t := metav1.Table{TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"},
		ColumnDefinitions: []metav1.TableColumnDefinition{{Name: "Name", Type: "string", Format: "name"}, {Name: "Resources", Type: "string"}}}
	names := []string{"any", "kuberesources", "workloads"}
	searches, err := q.searches()
	if err != nil {
		return err
	}
	for _, s := range searches {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	for _, name := range names {
		c, err := q.collectionNamed(name)
		if err != nil {
			return err
		}
		list.Items = append(list.Items, c)
		kinds := []string{}
		for _, r := range c.ResourceTypes {
			resource := r.Resource
			if resource == "" {
				resource = "*"
			}
			kinds = append(kinds, strings.TrimSuffix(resource+"."+r.Group, "."))
		}
		if len(kinds) == 0 {
			kinds = []string{cmp.Or(c.query, "*")}
		}
		row := metav1.TableRow{Cells: []any{name, strings.Join(kinds, ",")}}
		if row.Object.Raw, err = json.Marshal(metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadata", APIVersion: "meta.k8s.io/v1"}, ObjectMeta: c.Metadata}); err != nil {
			return err
		}
		t.Rows = append(t.Rows, row)
	}
	if form == asTable {
		write(q.w, http.StatusOK, t)
	} else {
		write(q.w, http.StatusOK, list)
	}
	return nil
}
