package search_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/records"
)

// Events of a fleet as objects: all of them by pages, and those of one object, as kubectl describe asks.
func BenchmarkEventsOfAFleet(b *testing.B) {
	const clusters, each = 100, 2000
	w := newWorld(b)
	for c := range clusters {
		name := fmt.Sprintf("cluster-%02d", c)
		w.addCluster(name)
		for i := range each {
			pod := fmt.Sprintf("checkout-%05d", i/4)
			h := happened{cluster: name, namespace: fmt.Sprint("shop-", i%20), name: fmt.Sprintf("%s.%016x", pod, i), uid: fmt.Sprintf("%s-%08d-1111-4222-8333", name, i), pod: pod,
				kind: []string{"Normal", "Normal", "Normal", "Warning"}[i%4], reason: []string{"Scheduled", "Pulled", "Created", "BackOff"}[i%4], count: 1}
			h.first = w.happens(h)
			if i%4 == 3 {
				w.happens(h)
			}
		}
		w.listed(name)
		if c%10 == 9 {
			w.flushQuietly()
		}
	}
	for what, query := range map[string]string{
		"all":                allEvents,
		"of one cluster":     allEvents + ` cluster="cluster-42"`,
		"of one object":      allEvents + ` cluster="cluster-42" ns="shop-3" .involvedObject.uid="uid-checkout-00105"`,
		"warnings, of all":   allEvents + ` -.type="Normal"`,
		"a label, of a page": allEvents + ` cluster="cluster-42" selector:"team=x"`,
	} {
		b.Run(what, func(b *testing.B) {
			var list, page time.Duration
			pages, total := 0, 0
			for b.Loop() {
				began := time.Now()
				l, err := w.service.List(context.Background(), everyone, records.Request{Query: query})
				if err != nil {
					b.Fatal(err)
				}
				list += time.Since(began)
				total = l.Total()
				for more := l.Total() > 0; more && pages < 10*(b.N+1); pages++ {
					began = time.Now()
					if _, more, err = l.Next(context.Background(), 500); err != nil {
						b.Fatal(err)
					}
					page += time.Since(began)
				}
			}
			b.ReportMetric(float64(total), "events")
			b.ReportMetric(float64(list.Milliseconds())/float64(b.N), "ms/list")
			if pages > 0 {
				b.ReportMetric(float64(page.Milliseconds())/float64(pages), "ms/page")
			}
		})
	}
}
