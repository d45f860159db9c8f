package fleet

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// buckets are the upper bounds of the duration histogram, in seconds.
var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5}

// requests counts what the applications of a cluster answer and ask, and says it as text for Prometheus:
//
//	http_requests_total{namespace,app,code}                 requests an application answered
//	http_request_duration_seconds{namespace,app}            how long they took, a histogram
//	http_client_requests_total{namespace,app,upstream,code} requests it sent on; 503 when nobody took them
type requests struct {
	mu        sync.Mutex
	silent    bool
	answers   map[answer]uint64
	durations map[string]*histogram
	calls     map[call]uint64
}

type answer struct {
	app  string
	code int
}

type histogram struct {
	counts []uint64 // per bucket, not yet summed up; the last is above all bounds
	sum    float64
}

// newRequests begins with every series at 0, so that the first error is an increase. A cluster has not answered yet.
func newRequests() *requests {
	r := &requests{silent: true, answers: map[answer]uint64{}, durations: map[string]*histogram{}, calls: map[call]uint64{}}
	for _, app := range []string{"gateway", "app1", "app2", "app3"} {
		r.answers[answer{app, http.StatusOK}] = 0
		r.durations[app] = &histogram{counts: make([]uint64, len(buckets)+1)}
	}
	for _, app := range []string{"gateway", "app1"} {
		r.answers[answer{app, http.StatusServiceUnavailable}] = 0
	}
	for _, hop := range []call{{app: "gateway", upstream: "app1"}, {app: "app1", upstream: "app2"}, {app: "app2", upstream: "app3"}} {
		for _, hop.code = range []int{http.StatusOK, http.StatusServiceUnavailable} {
			r.calls[hop] = 0
		}
	}
	return r
}

func (r *requests) count(e exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range e.served {
		r.answers[answer{s.app, s.code}]++
		h := r.durations[s.app]
		i, _ := slices.BinarySearch(buckets, s.took.Seconds())
		h.counts[i]++
		h.sum += s.took.Seconds()
	}
	for _, c := range e.calls {
		r.calls[c]++
	}
}

// silence says whether the cluster answers: the applications of one that does not cannot be scraped either.
func (r *requests) silence(silent bool) {
	r.mu.Lock()
	r.silent = silent
	r.mu.Unlock()
}

func (r *requests) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	silent := r.silent
	var text bytes.Buffer
	r.write(&text)
	r.mu.Unlock()
	if silent {
		http.Error(w, "the cluster does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // a client that left is its own affair
}

func (r *requests) write(w io.Writer) {
	fmt.Fprintf(w, "# HELP http_requests_total Requests an application answered.\n# TYPE http_requests_total counter\n")
	for _, a := range slices.SortedFunc(maps.Keys(r.answers), func(a, b answer) int {
		return cmp.Or(strings.Compare(a.app, b.app), a.code-b.code)
	}) {
		fmt.Fprintf(w, "http_requests_total{namespace=\"shop\",app=%q,code=\"%d\"} %d\n", a.app, a.code, r.answers[a])
	}
	fmt.Fprintf(w, "# HELP http_request_duration_seconds How long an application took to answer.\n# TYPE http_request_duration_seconds histogram\n")
	for _, app := range slices.Sorted(maps.Keys(r.durations)) {
		h, below := r.durations[app], uint64(0)
		for i, count := range h.counts {
			bound := "+Inf"
			if i < len(buckets) {
				bound = strconv.FormatFloat(buckets[i], 'g', -1, 64)
			}
			below += count
			fmt.Fprintf(w, "http_request_duration_seconds_bucket{namespace=\"shop\",app=%q,le=%q} %d\n", app, bound, below)
		}
		fmt.Fprintf(w, "http_request_duration_seconds_sum{namespace=\"shop\",app=%q} %g\n", app, h.sum)
		fmt.Fprintf(w, "http_request_duration_seconds_count{namespace=\"shop\",app=%q} %d\n", app, below)
	}
	fmt.Fprintf(w, "# HELP http_client_requests_total Requests an application sent on; 503 when nobody took them.\n# TYPE http_client_requests_total counter\n")
	for _, c := range slices.SortedFunc(maps.Keys(r.calls), func(a, b call) int {
		return cmp.Or(strings.Compare(a.app, b.app), strings.Compare(a.upstream, b.upstream), a.code-b.code)
	}) {
		fmt.Fprintf(w, "http_client_requests_total{namespace=\"shop\",app=%q,upstream=%q,code=\"%d\"} %d\n", c.app, c.upstream, c.code, r.calls[c])
	}
}
