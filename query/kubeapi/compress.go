package kubeapi

import (
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// compressFrom is from how many bytes on answers are compressed, as API servers do: below, that costs more than it saves.
const compressFrom = 128 << 10

// compressing compresses an answer that turns out to be long, for who takes that. An answer that can only be waited for must
// not go through it: it keeps the beginning until it knows.
type compressing struct {
	http.ResponseWriter
	code   int
	held   []byte
	packed *gzip.Writer
}

var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // a level that there is
	}
	return w
}}

// compressed is w for r. finish has to be called when the answer is whole, and not otherwise.
func compressed(w http.ResponseWriter, r *http.Request) (_ http.ResponseWriter, finish func()) {
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return w, func() {}
	}
	c := &compressing{ResponseWriter: w, code: http.StatusOK}
	return c, c.finish
}

func (c *compressing) WriteHeader(code int) { c.code = code }

func (c *compressing) Write(b []byte) (int, error) {
	if c.packed != nil {
		return c.packed.Write(b)
	}
	c.held = append(c.held, b...)
	if len(c.held) < compressFrom {
		return len(b), nil
	}
	c.Header().Set("Content-Encoding", "gzip")
	c.Header().Add("Vary", "Accept-Encoding")
	c.ResponseWriter.WriteHeader(c.code)
	c.packed = packers.Get().(*gzip.Writer)
	c.packed.Reset(c.ResponseWriter)
	held := c.held
	c.held = nil
	if _, err := c.packed.Write(held); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (c *compressing) finish() {
	if c.packed == nil {
		c.ResponseWriter.WriteHeader(c.code)
		_, _ = c.ResponseWriter.Write(c.held) // the reader may have left
		return
	}
	_ = c.packed.Close()
	packers.Put(c.packed)
}
