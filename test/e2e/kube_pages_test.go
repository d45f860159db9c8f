package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kubePage is a part of a list as the Kubernetes API answers it.
type kubePage struct {
	Metadata struct {
		ResourceVersion    string
		Continue           string
		RemainingItemCount *int
	}
	Items []struct {
		Metadata struct{ Name string }
	}
}

func (p kubePage) names() (names []string) {
	for _, o := range p.Items {
		names = append(names, o.Metadata.Name)
	}
	return names
}

func readPage(t *testing.T, path string) kubePage {
	t.Helper()
	out, stderr, err := through(t.Context(), "zone1", "get", "--raw", path)
	if err != nil {
		t.Fatalf("%s: %v %s", path, err, stderr)
	}
	var p kubePage
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// Pages show one moment: what comes and goes while they are read is in none of them.
func TestPagesOfAListAreOfOneMoment(t *testing.T) {
	const namespace = "paged"
	removeNamespace(t, namespace)
	m, err := openMember("zone1")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.create(t.Context(), "/api/v1/namespaces", object("v1", "Namespace", namespace, nil)); err != nil {
		t.Fatal(err)
	}
	core := "/api/v1/namespaces/" + namespace + "/configmaps"
	for i := range 7 {
		if err := m.create(t.Context(), core, object("v1", "ConfigMap", "m-"+strconv.Itoa(i), nil)); err != nil {
			t.Fatal(err)
		}
	}
	var all kubePage
	eventually(t, patience, "the list is whole", func(context.Context) error {
		if all = readPage(t, core); len(all.Items) < 8 { // and the root certificate
			return errors.New("it is not")
		}
		return nil
	})
	page := readPage(t, core+"?limit=3")
	if left := page.Metadata.RemainingItemCount; left == nil || *left != len(all.Items)-3 {
		t.Errorf("after 3 of %d, %v are left", len(all.Items), left)
	}
	if err := m.delete(t.Context(), core+"/m-6"); err != nil {
		t.Fatal(err)
	}
	if err := m.create(t.Context(), core, object("v1", "ConfigMap", "a-new-one", nil)); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the hub has seen both", func(context.Context) error {
		if now := readPage(t, core).names(); slices.Contains(now, "m-6") || !slices.Contains(now, "a-new-one") {
			return errors.New("it has not")
		}
		return nil
	})
	names := page.names()
	for page.Metadata.Continue != "" {
		next := core + "?limit=3&continue=" + page.Metadata.Continue
		again := readPage(t, next)
		page = readPage(t, next) // the answer before was lost
		if !slices.Equal(again.names(), page.names()) || again.Metadata.Continue != page.Metadata.Continue {
			t.Errorf("the same page: %v, then %v", again, page)
		}
		names = append(names, page.names()...)
	}
	if !slices.Equal(names, all.names()) {
		t.Errorf("pages have %v, the list had %v", names, all.names())
	}
	_, stderr, err := through(t.Context(), "zone1", "get", "--raw", core+"?limit=3&continue="+strings.Repeat("A", 27))
	if err == nil || !strings.Contains(stderr, "list again") {
		t.Errorf("a page of a list that nobody began: %v %s", err, stderr)
	}
}
