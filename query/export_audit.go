package query

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// exportAudit streams the audit as lines of JSON, which can be verified without the hub. It breaks off as export does.
func (s *Server) exportAudit(w http.ResponseWriter, r *http.Request) {
	select {
	case s.exports.slots <- struct{}{}:
		defer func() { <-s.exports.slots }()
	default:
		w.Header().Set("Retry-After", "10")
		answer(w, http.StatusServiceUnavailable, &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("%d exports are under way, as many as run at once.", exportsAtOnce), Fix: "Try again when one has ended."})
		return
	}
	values := r.URL.Query()
	for name := range values {
		if name != "query" && name != "checkpoints" {
			s.refuse(w, badExport("There are query and checkpoints.", "An export of the audit takes no %q.", name))
			return
		}
	}
	all := values.Get("checkpoints")
	if all != "" && all != "all" && all != "newest" {
		s.refuse(w, badExport("Use all or newest.", "There are no %q checkpoints.", all))
		return
	}
	if s.deps.Audit == nil {
		s.refuse(w, &access.Error{Code: "UNAVAILABLE", Message: "This hub keeps no audit.", Fix: "Ask a hub with actions, as foretop up is."})
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // only a test's recorder has none
	h := w.Header()
	out := bufio.NewWriterSize(&patient{w, control}, 64<<10)
	begun := false
	ctx := r.Context()
	rows, err := s.deps.Audit.Write(ctx, access.FromContext(ctx), values.Get("query"), all == "all", out, func() {
		begun = true
		h.Set("Content-Type", "application/x-ndjson")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="foretop-audit-%s.ndjson"`, time.Now().UTC().Format("20060102T150405Z")))
		h.Set("Cache-Control", "no-store")
		h.Set("Trailer", trailerRows+", "+trailerError)
		w.WriteHeader(http.StatusOK)
	})
	if !begun && err != nil {
		s.refuse(w, err)
		return
	}
	if err == nil {
		err = out.Flush()
	}
	s.exports.rows.WithLabelValues("audit").Add(float64(rows))
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
		err = s.readable(errors.Join(err, out.Flush()))
		if !strings.Contains(strings.ToLower(r.Header.Get("TE")), "trailers") {
			panic(http.ErrAbortHandler)
		}
		h.Set(trailerError, strings.Join(strings.Fields(err.Error()), " "))
	}
}
