package ql

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/records"
)

const somePod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"app.kubernetes.io/name":"Web"},"annotations":{"a\u003cb":"x"}},` +
	`"spec":{"replicas":3,"ratio":0.25,"paused":false,"empty":"","none":null,"list":[],"map":{},"zero":0,"nodeSelector":{"disktype":"ssd"},` +
	`"containers":[{"name":"app","image":"nginx:1.27","args":["-v","--x=1"],"resources":{"limits":{"memory":"2Gi","cpu":"500m"}}},{"name":"side","resources":{}}],` +
	`"matrix":[[1,2],[3]]},"subjects":[{"name":"ann"},{"name":"bob"}]}`

func TestPathsReadWhatStandsInTheObject(t *testing.T) {
	o := &records.Version{}
	o.JSON = []byte(somePod)
	o.CreatedAt = testNow
	var queries []*Query
	f := func(text string, want bool) {
		t.Helper()
		q, err := Parse(text, testOptions(Resources))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if got := q.Eval(&o.Object, Others{}); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
		queries = append(queries, q)
	}
	f(`spec.nodeSelector.disktype:SSD`, true)
	f(`spec.nodeSelector.disktype=SSD`, false)
	f(`spec.nodeSelector.disktype:s*`, true)
	f(`spec.nodeSelector.Disktype:ssd`, false)
	f(`spec.nodeSelector:ssd`, false)
	f(`spec.containers[*].image:nginx*`, true)
	f(`spec.containers.image:/^nginx:\d/`, true)
	f(`spec.containers[0].image:nginx*`, true)
	f(`spec.containers[1].image:nginx*`, false)
	f(`spec.containers[2].name:*`, false)
	f(`spec.containers.args:-v`, true)
	f(`spec.containers[0].args[1]:--x=1`, true)
	f(`spec.containers.name!=app`, false)
	f(`spec.containers.name:app,other`, true)
	f(`spec.missing!=app`, true)
	f(`spec.matrix[0]:2`, true)
	f(`spec.matrix[1]:2`, false)
	f(`spec.matrix:2`, false) // one list at a time
	f(`spec.matrix[*]:2`, true)
	f(`metadata.labels.app.kubernetes.io/name:web`, true)
	f(`metadata.annotations."a<b":x`, true)
	f(`.subjects.name:bob`, true)
	f(`spec.replicas>2`, true)
	f(`spec.replicas>3`, false)
	f(`spec.replicas:2..4`, true)
	f(`spec.replicas:3,none`, true)
	f(`spec.ratio<=250m`, true)
	f(`spec.ratio<250m`, false)
	f(`spec.containers[*].resources.limits.memory>2Gi`, false)
	f(`spec.containers[*].resources.limits.memory>=2048Mi`, true)
	f(`spec.containers[*].resources.limits.memory>2G`, true)
	f(`spec.containers[*].resources.limits.cpu:0.4..0.5`, true)
	f(`spec.containers[*].resources.limits.cpu<0.5`, false)
	f(`spec.nodeSelector.disktype>0`, false) // a text is neither above nor below
	f(`-spec.nodeSelector.disktype>0`, true)
	f(`spec.paused:false`, true)
	f(`spec.paused:true`, false)
	f(`has:spec.paused has:spec.zero`, true)
	f(`no:spec.empty no:spec.none no:spec.list no:spec.map no:spec.missing.deep`, true)
	f(`spec.empty:""`, true)
	f(`spec.missing:""`, false)
	f(`has:spec.containers.resources.limits`, true)
	f(`has:spec.containers[1].resources.limits`, false)
	f(`has:data.password`, false)
	f(strings.TrimSpace(strings.Repeat(`.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a>1 `, 64)), false)

	db := clickhousetest.Open(t)
	o.Op = "add"
	insert(t, db, "resource_history", []*records.Version{o})
	for _, q := range queries {
		if got, want := ask(t, db, "resource_history", []*Query{q})[0][0], q.Eval(&o.Object, Others{}); got != want {
			t.Errorf("%s: ClickHouse says %t, Eval %t", q.Canonical(), got, want)
		}
	}
}

// BenchmarkPaths is what conditions on 1,000 objects of 2 KB cost, a column beside paths; one object in 50 has disktype.
func BenchmarkPaths(b *testing.B) {
	objects := generateObjects(rand.New(rand.NewPCG(1, 7)), 1000)
	managed := strings.Repeat(`{"manager":"kubelet","operation":"Update","fieldsV1":{"f:status":{"f:phase":{}}}},`, 20)
	for i, o := range objects {
		key := "disk"
		if i%50 == 0 {
			key = "disktype"
		}
		o.DeletedAt = time.Time{}
		o.JSON = []byte(strings.NewReplacer(`"disktype"`, `"`+key+`"`, `"labels"`, `"managedFields":[`+strings.TrimSuffix(managed, ",")+`],"labels"`).Replace(somePod))
	}
	db := clickhousetest.Open(b)
	insert(b, db, "resource_history", objects)
	for _, text := range []string{"node:node-1", "spec.nodeSelector.disktype:ssd", "spec.replicas:3", "spec.replicas>2", "spec.containers[*].resources.limits.memory>1Gi"} {
		b.Run(text, func(b *testing.B) {
			q, err := Parse(text, testOptions(Resources))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				p := new(clickhouse.Params)
				where, err := q.ClickHouse(p, Env{})
				if err != nil {
					b.Fatal(err)
				}
				rows, err := db.Query(context.Background(), "SELECT count() FROM "+db.Table("resource_history")+" WHERE "+where, p)
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
				}
				if err := rows.Err(); err != nil {
					b.Fatal(err)
				}
				rows.Close()
			}
		})
	}
}
