package query

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// page serves the built page: files as they are, brotli or gzip when they were pre-compressed and the client
// takes it, index.html for every address of the page's own router.
func page(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if info, err := fs.Stat(files, name); name == "" || err != nil || info.IsDir() {
			if strings.HasPrefix(name, "assets/") {
				http.NotFound(w, r) // a stale page asks for a chunk that is no more
				return
			}
			name = "index.html"
		}
		h := w.Header()
		if strings.HasPrefix(name, "assets/") {
			h.Set("Cache-Control", "public, max-age=31536000, immutable") // names hold a hash of the content
		} else {
			h.Set("Cache-Control", "no-cache")
		}
		if t := mime.TypeByExtension(path.Ext(name)); t != "" {
			h.Set("Content-Type", t)
		}
		h.Set("Vary", "Accept-Encoding")
		for _, c := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
			if !accepts(r, c.encoding) {
				continue
			}
			if _, err := fs.Stat(files, name+c.suffix); err == nil {
				h.Set("Content-Encoding", c.encoding)
				name += c.suffix
				break
			}
		}
		http.ServeFileFS(w, r, files, name)
	})
}

func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		token, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if token == encoding && strings.TrimSpace(quality) != "q=0" {
			return true
		}
	}
	return false
}
