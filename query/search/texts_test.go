package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/texts"
)

func textOf(cluster, resource, name string) texts.Key {
	return texts.Key{Cluster: uidOf(cluster), Resource: resource, Namespace: "shop", Name: name}
}

// json is the JSON of an object as get one, a page and a list answer it: all the same.
func (w *world) json(cluster, name string) string {
	w.t.Helper()
	var found []string
	add := func(objects []*records.Object, err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range objects {
			if len(o.Annotations) != 1 {
				w.t.Errorf("annotations of %s: %v", name, o.Annotations)
			}
			found = append(found, string(o.JSON))
		}
	}
	o, err := w.service.Object(w.t.Context(), everyone, ref(w.t, cluster+":shop/configmaps/"+name), time.Time{})
	if o != nil {
		add([]*records.Object{o}, err)
	}
	r := records.Request{Query: "cluster:" + cluster + " name:" + name, First: 10}
	add(w.all(r), nil)
	l, err := w.service.List(w.t.Context(), everyone, r)
	if err != nil {
		w.t.Fatal(err)
	}
	objects, _, err := l.Next(w.t.Context(), 10)
	add(objects, err)
	if len(found) != 3 || found[0] != found[1] || found[1] != found[2] {
		w.t.Fatalf("%s is answered as %q", name, found)
	}
	return found[0]
}

func TestObjectsAreAnsweredFromTexts(t *testing.T) {
	w := newWorld(t)
	annotated := func(name, note string) object {
		o := configMap("shop", name)
		meta := o["metadata"].(object)
		meta["annotations"], meta["resourceVersion"] = object{"note": note}, "7"
		return o
	}
	ver := w.put("zone1", annotated("a", "one"), write{})
	for i := range 300 { // more than are read at once
		w.put("zone2", annotated(fmt.Sprintf("many-%03d", i), "one"), write{})
	}
	w.flush()
	w.eventually("columns answer", func() bool {
		e, err := w.service.Explain(t.Context(), everyone, "kind:cm", "resources")
		return err == nil && strings.HasPrefix(e.Engine, "columns ")
	})

	stored := w.json("zone1", "a")
	text, ok := w.texts.Get(nil, textOf("zone1", "configmaps", "a"), ver)
	if !ok || string(text) != stored {
		t.Errorf("what was read from the database is not among the texts: %t %s", ok, text)
	}
	marked := strings.Replace(stored, "one", "two", 1)
	w.texts.Publish(w.texts.Write(textOf("zone1", "configmaps", "a"), ver, marked))
	if got := w.json("zone1", "a"); got != marked {
		t.Errorf("the text is not answered, but %s", got)
	}

	other := strings.Replace(stored, `"resourceVersion":"`, `"resourceVersion":"9`, 1)
	w.texts.Publish(w.texts.Write(textOf("zone1", "configmaps", "a"), ver, other))
	if got := w.json("zone1", "a"); got != stored {
		t.Errorf("a text of another version that had the number is answered: %s", got)
	}

	found := w.all(records.Request{Query: "cluster:zone2 kind:cm sort:name", First: 1000})
	again := w.all(records.Request{Query: "cluster:zone2 kind:cm sort:name", First: 1000})
	if len(found) != 300 || !slices.EqualFunc(found, again, func(a, b *records.Object) bool {
		return a.Ref == b.Ref && string(a.JSON) == string(b.JSON) && a.Annotations["note"] == "one" && strings.Contains(string(a.JSON), `"`+a.Name+`"`)
	}) {
		t.Errorf("%d objects, and %d when they are asked for again", len(found), len(again))
	}

	gone := w.put("zone1", annotated("a", "one"), write{deleted: true})
	w.flush()
	w.eventually("the deletion is seen", func() bool { return len(w.search("name:a")) == 0 })
	w.eventually("the text is gone", func() bool {
		_, ok := w.texts.Get(nil, textOf("zone1", "configmaps", "a"), ver)
		return !ok
	})
	if _, ok := w.texts.Get(nil, textOf("zone1", "configmaps", "a"), gone); ok {
		t.Error("a deleted object has a text")
	}
}

func TestTextsOfClustersOutOfSightAreNotAnswered(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", configMap("shop", "a"), write{})
	w.flush()
	w.eventually("columns answer", func() bool {
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:cm", First: 10})
		return err == nil && r.Engine == "columns" && len(r.Objects) == 1
	})
	l, err := w.service.List(t.Context(), everyone, records.Request{Query: "kind:cm"})
	if err != nil {
		t.Fatal(err)
	}
	at := ref(t, "zone1:shop/configmaps/a")
	if o, err := w.service.Object(t.Context(), access.Scope{}, at, time.Time{}); o != nil || err != nil {
		t.Errorf("who may see nothing sees %v, %v", o, err)
	}
	if found, err := w.service.Objects(t.Context(), access.Scope{}, []kube.Ref{at}); len(found) > 0 || err != nil {
		t.Errorf("who may see nothing sees %v, %v", found, err)
	}
	w.mu.Lock()
	w.entries = slices.DeleteFunc(w.entries, func(e clusters.Entry) bool { return e.Name == "zone1" })
	w.mu.Unlock()
	if o, err := w.service.Object(t.Context(), everyone, at, time.Time{}); o != nil || err != nil {
		t.Errorf("of a cluster that was removed there is %v, %v", o, err)
	}
	if found := w.all(records.Request{Query: "kind:cm", First: 10}); len(found) > 0 {
		t.Errorf("of a cluster that was removed there is %v", refs(found))
	}
	if found, _, err := l.Next(t.Context(), 10); err != nil || len(found) != 1 {
		t.Errorf("a list that began before: %v, %v", refs(found), err) // it is of the clusters that were seen then
	}
}
