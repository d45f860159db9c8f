package query

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// Limits on exports. One holds two pages of objects and a buffer, however long it is.
const (
	exportsAtOnce  = 4
	exportPage     = 1000    // rows, when they are narrow
	exportFirst    = 100     // of whole objects, whose size is not known before
	exportBytes    = 8 << 20 // aimed at for a page of whole objects
	exportColumns  = 50
	exportPageTime = time.Minute      // for one page out of the database
	exportStall    = 30 * time.Second // that a reader may take nothing
)

// Names of what stands around an export's body.
const (
	headerTotal    = "Foretop-Total"    // how many match; left out when that was not counted
	headerClusters = "Foretop-Clusters" // those in step with their member/those asked
	headerStale    = "Foretop-Stale"    // names of clusters whose part is old or missing
	headerMissing  = "Foretop-Missing"  // sentences: what is no longer kept of the moment asked for
	trailerRows    = "Foretop-Rows"     // how many were written: everything
	trailerError   = "Foretop-Error"    // why not
)

type exports struct {
	slots chan struct{}
	ended *prometheus.CounterVec
	rows  *prometheus.CounterVec
}

func newExports() *exports {
	return &exports{
		slots: make(chan struct{}, exportsAtOnce),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_query_exports_total", Help: "Exports that ended, by outcome: done, failed (in the middle), left (by the reader)."}, []string{"outcome"}),
		rows:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_query_exported_rows_total", Help: "Rows written by exports, by page."}, []string{"page"}),
	}
}

// export streams everything that a query finds. Before the first row an error is an answer as any; after it, the
// body breaks off, or a client that said TE: trailers gets the reason behind it.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	select {
	case s.exports.slots <- struct{}{}:
		defer func() { <-s.exports.slots }()
	default:
		w.Header().Set("Retry-After", "10")
		answer(w, http.StatusServiceUnavailable, &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("%d exports are under way, as many as run at once.", exportsAtOnce), Fix: "Try again when one has ended."})
		return
	}
	// The time that guard gives a body would end a request without one, too: waiting for the client to go is a read.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // only a test's recorder has none
	ctx, scope := r.Context(), access.FromContext(r.Context())
	e, err := s.readExport(ctx, scope, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	p, err := e.next(ctx)
	if err != nil {
		s.refuse(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", e.format.mediaType)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="foretop-%s-%s.%s"`, e.page, time.Now().UTC().Format("20060102T150405Z"), e.format.name))
	h.Set("Cache-Control", "no-store")
	setCoverage(h, p.total, p.coverage)
	h.Set("Trailer", trailerRows+", "+trailerError)
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}

	out := bufio.NewWriterSize(&patient{w, control}, 64<<10)
	rows, err := e.write(ctx, out, p)
	s.exports.rows.WithLabelValues(e.page).Add(float64(rows))
	_ = control.SetWriteDeadline(time.Time{}) // the connection may serve another request
	switch {
	case err == nil:
		h.Set(trailerRows, strconv.Itoa(rows))
		s.exports.ended.WithLabelValues("done").Inc()
	case ctx.Err() != nil || errors.As(err, new(*gone)):
		s.exports.ended.WithLabelValues("left").Inc()
		panic(http.ErrAbortHandler)
	default:
		s.exports.ended.WithLabelValues("failed").Inc()
		err = s.readable(err)
		if !strings.Contains(strings.ToLower(r.Header.Get("TE")), "trailers") {
			panic(http.ErrAbortHandler)
		}
		h.Set(trailerError, strings.Join(strings.Fields(err.Error()), " "))
	}
}

// setCoverage says in headers which clusters the answer speaks for.
func setCoverage(h http.Header, total int, c records.Coverage) {
	const most = 20 // names; headers have their limits
	var stale []string
	for _, x := range c.Clusters {
		if x.State != records.Live && x.State != records.Degraded {
			stale = append(stale, x.Cluster)
		}
	}
	if total >= 0 {
		h.Set(headerTotal, strconv.Itoa(total))
	}
	h.Set(headerClusters, fmt.Sprintf("%d/%d", len(c.Clusters)-len(stale), len(c.Clusters)))
	if n := len(stale) - most; n > 0 {
		stale = append(stale[:most], fmt.Sprintf("and %d more", n))
	}
	if len(stale) > 0 {
		h.Set(headerStale, strings.Join(stale, ", "))
	}
	if len(c.Missing) > 0 {
		h.Set(headerMissing, strings.Join(c.Missing, " "))
	}
}

// patient gives a reader some time for each piece, and marks what went wrong on the way to it.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

type gone struct{ error }

func (p *patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(exportStall)) // only a test's recorder has none
	n, err := p.w.Write(b)
	if err != nil {
		err = &gone{err}
	}
	return n, err
}

func (s *Server) refuse(w http.ResponseWriter, err error) {
	err = s.readable(err)
	status := http.StatusInternalServerError
	switch code := access.Code(err); {
	case strings.HasPrefix(code, "QL_"), strings.HasPrefix(code, "BAD_"):
		status = http.StatusBadRequest
	case code == "FORBIDDEN":
		status = http.StatusForbidden
	case code == "UNAVAILABLE":
		status = http.StatusServiceUnavailable
	case code == "TIMEOUT":
		status = http.StatusGatewayTimeout
	}
	answer(w, status, err)
}

// readable is err as a caller may see it; what is inside the hub goes to its log.
func (s *Server) readable(err error) error {
	var ours *access.Error
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, context.DeadlineExceeded):
		return &access.Error{Code: "TIMEOUT", Message: fmt.Sprintf("A page of the answer took longer than %s and was given up.", exportPageTime), Fix: "Narrow the query by cluster, kind or namespace."}
	}
	id := uuid.NewString()
	s.deps.Log.Error("export error", "id", id, "err", err)
	return &access.Error{Code: "INTERNAL", Message: "Something went wrong inside the hub; its log has the cause under id " + id + "."}
}

// exporting is one export: its source, page by page, and how it is written.
type exporting struct {
	page   string
	format *exportFormat
	source source
	cursor string
	size   int
}

// next reads the page behind the last one.
func (e *exporting) next(ctx context.Context) (*exportPageOf, error) {
	ctx, cancel := context.WithTimeout(ctx, exportPageTime)
	defer cancel()
	p, err := e.source.read(ctx, e.size, e.cursor)
	if err != nil {
		return nil, err
	}
	e.cursor = p.cursor
	if n := len(p.objects) + len(p.rows); n > 0 && p.bytes > 0 {
		e.size = min(max(exportBytes/max(p.bytes/n, 1), 1), exportPage)
	}
	return p, nil
}

// write writes p and everything behind it. While a page is written, the next one is read.
func (e *exporting) write(ctx context.Context, out *bufio.Writer, p *exportPageOf) (rows int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	next := func() (*exportPageOf, error) { return nil, nil }
	defer func() {
		cancel()
		_, _ = next() // nobody reads any more when this returns
	}()
	w := e.format.writer(out, p.columns)
	if err := w.begin(); err != nil {
		return 0, err
	}
	for {
		if p.more {
			next = sync.OnceValues(func() (*exportPageOf, error) { return e.next(ctx) })
			go next()
		}
		for _, o := range p.objects {
			if err := w.object(o); err != nil {
				return rows, err
			}
			rows++
		}
		for _, cells := range p.rows {
			if err := w.row(cells); err != nil {
				return rows, err
			}
			rows++
		}
		if !p.more {
			break
		}
		if p, err = next(); err != nil {
			return rows, errors.Join(err, out.Flush())
		}
	}
	if err := w.end(); err != nil {
		return rows, err
	}
	return rows, out.Flush()
}
