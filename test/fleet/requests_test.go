package fleet

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestBrokenApplicationIsSeenInItsCallersMetrics(t *testing.T) {
	traffic, counted := newTraffic("zone1"), newRequests()
	counted.silence(false)
	for range 300 {
		counted.count(traffic.request(noon, false))
	}
	healthy := scrape(t, counted)
	for range 300 {
		counted.count(traffic.request(noon, true))
	}
	broken := scrape(t, counted)
	rose := func(series string) float64 {
		t.Helper()
		before, known := healthy[series]
		if !known {
			t.Errorf("got no %s before the first error", series)
		}
		return broken[series] - before
	}
	if errors := healthy[`http_client_requests_total{namespace="shop",app="app1",upstream="app2",code="503"}`]; errors != 0 {
		t.Errorf("got %g errors of a healthy application, want none", errors)
	}
	failed := rose(`http_client_requests_total{namespace="shop",app="app1",upstream="app2",code="503"}`)
	if failed < 60 || failed > 140 {
		t.Errorf("got %g of 300 calls of app2 failed, want about a third", failed)
	}
	for series, want := range map[string]float64{
		`http_requests_total{namespace="shop",app="gateway",code="503"}`: failed,
		`http_requests_total{namespace="shop",app="gateway",code="200"}`: 300 - failed,
		`http_requests_total{namespace="shop",app="app2",code="200"}`:    300 - failed,
		`http_requests_total{namespace="shop",app="app3",code="200"}`:    300 - failed,
	} {
		if got := rose(series); got != want {
			t.Errorf("got %s risen by %g, want %g", series, got, want)
		}
	}
}

func TestDurationsAreAHistogram(t *testing.T) {
	counted := newRequests()
	counted.silence(false)
	for _, took := range []time.Duration{5 * time.Millisecond, 6 * time.Millisecond, 2 * time.Minute} {
		counted.count(exchange{served: []served{{app: "app1", code: 200, took: took}}})
	}
	got := scrape(t, counted)
	for series, want := range map[string]float64{
		`http_request_duration_seconds_bucket{namespace="shop",app="app1",le="0.005"}`: 1,
		`http_request_duration_seconds_bucket{namespace="shop",app="app1",le="0.01"}`:  2,
		`http_request_duration_seconds_bucket{namespace="shop",app="app1",le="2.5"}`:   2,
		`http_request_duration_seconds_bucket{namespace="shop",app="app1",le="+Inf"}`:  3,
		`http_request_duration_seconds_count{namespace="shop",app="app1"}`:             3,
		`http_request_duration_seconds_sum{namespace="shop",app="app1"}`:               120.011,
	} {
		if got[series] != want {
			t.Errorf("got %g for %s, want %g", got[series], series, want)
		}
	}
}

func TestApplicationsOfASilentClusterCannotBeScraped(t *testing.T) {
	counted := newRequests()
	for _, silent := range []bool{false, true} {
		counted.silence(silent)
		recorder := httptest.NewRecorder()
		counted.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if got := recorder.Code != http.StatusOK; got != silent {
			t.Errorf("got %d of a cluster with silent=%v", recorder.Code, silent)
		}
	}
}

var sample = regexp.MustCompile(`^([a-z_]+\{([a-z]+="[^"]*",?)+\}) (\S+)$`)

// scrape reads every series, and refuses a line that is neither one nor a comment.
func scrape(t *testing.T, counted *requests) map[string]float64 {
	t.Helper()
	recorder := httptest.NewRecorder()
	counted.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	series := map[string]float64{}
	for line := range strings.Lines(recorder.Body.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			t.Fatalf("got line %q", line)
		}
		value, err := strconv.ParseFloat(parts[3], 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		series[parts[1]] = value
	}
	return series
}
