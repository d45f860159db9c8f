package main

import (
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/search"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// In foretop up the writer hands search what it commits; a process of its own reads it from the database. Both answer
// the same, to the last field.
func TestWhatIsHandedOverIsWhatIsRead(t *testing.T) {
	h := startRealHub(t)
	apart, err := search.New(search.Deps{DB: h.db, Clusters: h.registry, IndexDir: t.TempDir(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- apart.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	same := func(query string, want int) {
		t.Helper()
		var got [2][]*records.Object
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			for i, s := range []*search.Service{h.service, apart} {
				r, err := s.Search(ctx, access.All("test"), records.Request{Query: query, First: 100})
				if err != nil {
					t.Fatal(err)
				}
				if got[i] = r.Objects; r.Engine != "columns" {
					got[i] = nil
				}
			}
			if len(got[0]) == want && len(got[1]) == want {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d handed over, %d read, want %d", query, len(got[0]), len(got[1]), want)
			}
		}
		for i := range got[0] {
			handed, read := *got[0][i], *got[1][i]
			if string(handed.JSON) != string(read.JSON) {
				t.Errorf("%s: handed over\n%s\nread\n%s", query, handed.JSON, read.JSON)
			}
			if handed.JSON, read.JSON = nil, nil; !reflect.DeepEqual(handed, read) {
				t.Errorf("%s: handed over\n%+v\nread\n%+v", query, handed, read)
			}
		}
	}
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","uid":"p1","resourceVersion":"7","creationTimestamp":"2026-11-01T00:00:00Z",
		"labels":{"app":"web"},"annotations":{"team":"a"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"r1","controller":true}]},
		"spec":{"nodeName":"n1","serviceAccountName":"web","containers":[{"name":"web","image":"web:1"}]},
		"status":{"phase":"Running","podIP":"10.0.0.1","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"web","ready":true,"restartCount":2}]}}`
	h.send("prod-eu-1", ingestpb.Op_OP_SNAPSHOT, pod, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","uid":"c1","resourceVersion":"not-a-number"}}`)
	same("ns:shop", 2)
	h.send("prod-eu-1", ingestpb.Op_OP_UPDATE, strings.Replace(strings.Replace(pod, `"7"`, `"8"`, 1), "web:1", "web:2", 1))
	h.send("prod-us-2", ingestpb.Op_OP_ADD, pod)
	same("ns:shop", 3)
	same("image:web:2", 1)
	h.send("prod-us-2", ingestpb.Op_OP_DELETE, pod)
	same("ns:shop", 2)
}
