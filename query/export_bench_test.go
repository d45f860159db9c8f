package query_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/foretop/foretop/query"
)

// BenchmarkExport writes 20,000 objects of 3 KiB out of memory: what an export costs beside reading them.
func BenchmarkExport(b *testing.B) {
	const objects = 20_000
	s, err := query.New(query.Deps{Reader: &manyObjects{objects: objects, size: 3 << 10}, Token: token, UI: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	hub := httptest.NewServer(s.Handler())
	defer hub.Close()
	for name, args := range map[string]url.Values{
		"csv":    {},
		"ndjson": {"format": {"ndjson"}},
		"yaml":   {"format": {"yaml"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, hub.URL+"/api/v1/export?"+args.Encode(), nil)
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				resp, err := hub.Client().Do(req)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if err != nil || resp.Trailer.Get("Foretop-Rows") != "20000" {
					b.Fatalf("%d bytes, %v, %v", n, err, resp.Trailer)
				}
				b.SetBytes(n)
			}
			b.ReportMetric(float64(objects)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
