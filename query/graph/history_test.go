package graph_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/graph"
)

// pastReader answers one suspect, one difference and one relation; what is not asked for panics.
type pastReader struct{ graph.Reader }

func (pastReader) object(name string) *records.Object {
	o := &records.Object{Ref: kube.Ref{Cluster: "zone1", Namespace: "shop", GroupResource: kube.GroupResource{Resource: "configmaps"}, Name: name}}
	o.Kind, o.Name = "ConfigMap", name
	return o
}

func (r pastReader) Suspects(_ context.Context, _ access.Scope, query string, before time.Time, window time.Duration, first int) ([]*records.Suspect, error) {
	v := &records.Version{Object: *r.object(query), Op: "update", Sentence: before.UTC().Format(time.RFC3339) + " " + window.String()}
	return []*records.Suspect{{Version: v, Score: 0.5, Reasons: []records.SuspectReason{{Text: "because", Weight: -0.25}}}}[:min(first, 1)], nil
}

func (r pastReader) Diff(_ context.Context, _ access.Scope, d records.DiffRequest) (*records.Diff, error) {
	answer := &records.Diff{From: r.object(d.From.Name), Hidden: 3}
	if d.Noise {
		answer.Unified, answer.Changes = "+a", []kube.Difference{{Path: "data.a", To: d.ToAt.UTC().Format(time.RFC3339)}}
	}
	return answer, nil
}

func (r pastReader) Related(_ context.Context, _ access.Scope, ref kube.Ref, _ int, types ...string) (*records.Graph, error) {
	from, to := r.object(ref.Name), r.object(strings.Join(types, "+"))
	return &records.Graph{Nodes: []records.GraphNode{{Object: from, Hidden: 7, X: 1.5, Y: 2}}, Edges: []records.GraphEdge{{From: from.Ref, To: to.Ref, Type: "uses"}}, Width: 220, Height: 48, Bends: map[int][]records.Point{0: {{X: 1, Y: 2.5}}}}, nil
}

func TestSuspectsDifferencesAndPictures(t *testing.T) {
	g, err := graph.New(graph.Deps{Reader: pastReader{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(query, want string) {
		t.Helper()
		answer, err := json.Marshal(g.Exec(access.NewContext(t.Context(), access.All("test")), graph.Request{Query: query}))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(answer)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	const ref = `"zone1:shop/configmaps/c"`
	ask(`{suspects(query:"c",before:"2026-11-20T09:00:00Z"){score reasons{text weight} change{name summary version{ref type}}}}`,
		`{"data":{"suspects":[{"score":0.5,"reasons":[{"text":"because","weight":-0.25}],"change":{"name":"c","summary":"2026-11-20T09:00:00Z 1h0m0s","version":{"ref":"zone1:shop/configmaps/c","type":"UPDATED"}}}]}}`)
	ask(`{diff(from:`+ref+`,to:`+ref+`){same hidden unified changes{path} from{name} to{name}}}`, `{"data":{"diff":{"same":true,"hidden":3,"unified":"","changes":[],"from":{"name":"c"},"to":null}}}`)
	ask(`{diff(from:`+ref+`,to:`+ref+`,noise:true,toAt:"2026-11-20T09:00:00Z"){same unified changes{path from to}}}`,
		`{"data":{"diff":{"same":false,"unified":"+a","changes":[{"path":"data.a","from":"","to":"2026-11-20T09:00:00Z"}]}}}`)
	ask(`{related(ref:`+ref+`,types:["uses","owns"]){width height nodes{ref hidden x y} edges{to type bends{x y}}}}`,
		`{"data":{"related":{"width":220,"height":48,"nodes":[{"ref":"zone1:shop/configmaps/c","hidden":7,"x":1.5,"y":2}],"edges":[{"to":"zone1:shop/configmaps/uses+owns","type":"uses","bends":[{"x":1,"y":2.5}]}]}}}`)
	for query, want := range map[string]string{
		`{suspects(query:"c",before:"2026-11-20T09:00:00Z",first:0){score}}`: "first is 0",
		`{related(ref:` + ref + `,types:[]){width}}`:                         "types is empty",
		`{related(ref:` + ref + `,depth:9){width}}`:                          "depth must be from 1 to 6",
		`{diff(from:"c",to:` + ref + `){same}}`:                              "is not a reference",
	} {
		answer := g.Exec(access.NewContext(t.Context(), access.All("test")), graph.Request{Query: query})
		if len(answer.Errors) != 1 || !strings.Contains(answer.Errors[0].Message, want) {
			t.Errorf("%s: %v, want %s", query, answer.Errors, want)
		}
	}
}
