package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

func TestGroups(t *testing.T) {
	w := newWorld(t)
	reference(w)
	check := func(query string, want ...records.Group) {
		t.Helper()
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 1})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Groups); diff != "" {
			t.Errorf("%s, by %s (-want +got):\n%s", query, r.Engine, diff)
		}
	}
	for _, engine := range []string{"", "deleted:any "} { // in columns, and by the database
		check(engine+`kind:deploy group:cluster`, records.Group{Values: []string{"zone1"}, Count: 3, Ready: 2, NotReady: 1},
			records.Group{Values: []string{"zone2"}, Count: 3, Ready: 3}, records.Group{Values: []string{"zone3"}, Count: 3, Ready: 3})
		check(engine+`app:app2 kind:deploy group:image.tag,ready`, records.Group{Values: []string{"1.0", "true"}, Count: 2, Ready: 2}, records.Group{Values: []string{"1.0", "false"}, Count: 1, NotReady: 1})
		check(engine+`group:kind,app kind:cm`, records.Group{Values: []string{"ConfigMap", ""}, Count: 3})
	}
	_, err := w.service.Search(t.Context(), everyone, records.Request{Query: "group:age", First: 1})
	if access.Code(err) != "QL_BAD_VALUE" {
		t.Errorf("a group without values to count: %v", err)
	}
}
