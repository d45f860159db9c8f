package aggregator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// madeEvent is like those that schedulers and kubelets write: about one of many Pods, seen two times.
func madeEvent(i int, at time.Time, whole bool) *ingestpb.Record {
	pod := fmt.Sprintf("checkout-%s-%05d", []string{"api", "worker", "web"}[i%3], i/4)
	uid := fmt.Sprintf("%08x-1111-4222-8333-%012x", i*2654435761%(1<<32), i*40503)
	reason := []string{"Scheduled", "Pulled", "Created", "BackOff"}[i%4]
	message := []string{"Successfully assigned shop/" + pod + " to node-" + fmt.Sprint(i%200), `Container image "registry.example.com/shop/checkout:1.4.` + fmt.Sprint(i%9) + `" already present on machine`, "Created container app", "Back-off restarting failed container app in pod " + pod}[i%4]
	name, stamp := pod+"."+fmt.Sprintf("%016x", i*7919), at.UTC().Format(time.RFC3339)
	e := &ingestpb.Event{Namespace: fmt.Sprint("shop-", i%20), Name: name, Uid: uid, ResourceVersion: fmt.Sprint(1000000 + i), Type: "Normal", Reason: reason, Message: message, Source: "kubelet", Count: 2,
		FirstMs: at.UnixMilli(), LastMs: at.UnixMilli(), ObservedMs: at.UnixMilli(), RegardingVersion: "v1", RegardingKind: "Pod", RegardingNamespace: fmt.Sprint("shop-", i%20), RegardingName: pod, RegardingUid: "p" + uid[1:]}
	if whole {
		e.Object = []byte(`{"apiVersion":"v1","count":2,"eventTime":null,"firstTimestamp":"` + stamp + `","involvedObject":{"apiVersion":"v1","fieldPath":"spec.containers{app}","kind":"Pod","name":"` + pod +
			`","namespace":"` + e.Namespace + `","resourceVersion":"` + fmt.Sprint(900000+i) + `","uid":"` + e.RegardingUid + `"},"kind":"Event","lastTimestamp":"` + stamp + `","message":"` + strings.ReplaceAll(message, `"`, `\"`) +
			`","metadata":{"creationTimestamp":"` + stamp + `","name":"` + name + `","namespace":"` + e.Namespace + `","resourceVersion":"` + e.ResourceVersion + `","uid":"` + uid +
			`"},"reason":"` + reason + `","reportingComponent":"kubelet","reportingInstance":"node-` + fmt.Sprint(i%200) + `","source":{"component":"kubelet","host":"node-` + fmt.Sprint(i%200) + `"},"type":"Normal"}`)
	}
	return &ingestpb.Record{Body: &ingestpb.Record_Event{Event: e}}
}

// What it costs to keep events as their members have them, beside what is kept of them for search: bytes on disk once
// merged, and time of the hub and the engine together.
func BenchmarkEvents(b *testing.B) {
	for what, whole := range map[string]bool{"for search": false, "whole": true} {
		b.Run(what, func(b *testing.B) {
			const atOnce = 1000
			h := newHub(b)
			s := h.opens(b)
			n := 0
			for b.Loop() {
				var list []*ingestpb.Record
				for range atOnce {
					list = append(list, madeEvent(n, time.Now(), whole))
					n++
				}
				s.sends(list...)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "us/event")
			for _, table := range []string{"events", "current_events"} {
				if err := h.db.Exec(b.Context(), "OPTIMIZE TABLE "+h.db.Table(table)+" FINAL", nil); err != nil {
					b.Fatal(err)
				}
				var bytes uint64
				if err := h.one(b.Context(), "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = '"+h.db.Database()+"' AND table = '"+table+"'", nil, &bytes); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(bytes)/float64(n), table+"-B/event")
			}
		})
	}
}
