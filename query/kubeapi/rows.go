package kubeapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foretop/foretop/internal/records"
)

// printedAtOnce is how many objects are printed at once: while they are written, others are printed.
const printedAtOnce = 200

// some answers a part of a list after the other, and whether there are more.
type some func() (objects []*records.Object, more bool, err error)

// table answers objects as a member would print them; on the fleet with their cluster before.
func (q *question) table(k served, objects []*records.Object, list metav1.ListMeta) error {
	return q.tables(k, list, func() (part []*records.Object, more bool, err error) {
		n := min(printedAtOnce, len(objects))
		part, objects = objects[:n], objects[n:]
		return part, len(objects) > 0, nil
	})
}

// tables is table of a list whose parts are read while those before are printed, by all processors.
func (q *question) tables(k served, list metav1.ListMeta, next some) error {
	objects, more, err := next()
	if err != nil {
		return err
	}
	for more && k.Kind.Kind == "FlowSchema" { // an API server sorts them to print
		var others []*records.Object
		if others, more, err = next(); err != nil {
			return err
		}
		objects = append(objects, others...)
	}
	print, err := q.printer(k, objects)
	if err != nil {
		return err
	}
	first := q.rows(objects, print)
	if first.err != nil {
		return first.err
	}
	head, err := json.Marshal(list)
	if err != nil {
		return err
	}
	columns, err := json.Marshal(first.columns)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.Header().Set("Cache-Control", "no-cache, private")
	out := bufio.NewWriterSize(q.w, 64<<10)
	fmt.Fprintf(out, `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":%s,"columnDefinitions":%s,"rows":[`, head, columns)
	_, _ = out.Write(first.text)
	written := len(first.text) > 0
	rest := func(p rows) {
		if p.err != nil {
			q.log.Error("a table ends in the middle", "path", q.r.URL.Path, "err", p.err)
			panic(http.ErrAbortHandler) // half an answer must not look whole
		}
		if written && len(p.text) > 0 {
			_ = out.WriteByte(',')
		}
		written = written || len(p.text) > 0
		_, _ = out.Write(p.text) // the reader may have left
	}
	if more {
		q.print(k, print, next, rest)
	}
	_, _ = out.WriteString("]}\n")
	_ = out.Flush()
	return nil
}

// print hands the rows of all that is left to each, in order.
func (q *question) print(k served, print printed, next some, each func(rows)) {
	// What prints custom resources is for one goroutine.
	workers := 1
	if k.own() {
		workers = runtime.GOMAXPROCS(0)
	}
	parts := make(chan chan rows, workers) // closed when nothing is left, or the answer has ended
	free := make(chan struct{}, workers)   // a token for who prints
	ended := make(chan struct{})
	var work sync.WaitGroup
	defer work.Wait()
	defer close(ended)
	work.Go(func() {
		defer close(parts)
		for more := true; more; {
			var objects []*records.Object
			var err error
			objects, more, err = next()
			part := make(chan rows, 1)
			if err != nil {
				part <- rows{err: err}
				more = false
			} else {
				select {
				case free <- struct{}{}:
				case <-ended:
					return
				}
				work.Go(func() {
					part <- q.rows(objects, print)
					<-free
				})
			}
			select {
			case parts <- part:
			case <-ended:
				return
			}
		}
	})
	for part := range parts {
		each(<-part)
	}
}

// rows are some of a table, as text.
type rows struct {
	columns []metav1.TableColumnDefinition
	text    []byte
	err     error
}

// rows prints objects.
func (q *question) rows(objects []*records.Object, print printed) (r rows) {
	defer func() {
		if v := recover(); v != nil { // on a goroutine of its own, which nobody else guards
			r.err = fmt.Errorf("print: %v", v)
		}
	}()
	t, err := q.tableOf(objects, print)
	if err != nil {
		return rows{err: err}
	}
	var text bytes.Buffer
	for i := range t.Rows {
		row := &t.Rows[i]
		cells, err := json.Marshal(row.Cells)
		if err != nil {
			return rows{err: err}
		}
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(`{"cells":`)
		text.Write(cells)
		if len(row.Conditions) > 0 {
			conditions, err := json.Marshal(row.Conditions)
			if err != nil {
				return rows{err: err}
			}
			text.WriteString(`,"conditions":`)
			text.Write(conditions)
		}
		text.WriteString(`,"object":`)
		if row.Object.Raw == nil {
			text.WriteString("null")
		} else {
			text.Write(row.Object.Raw)
		}
		text.WriteByte('}')
	}
	return rows{columns: t.ColumnDefinitions, text: text.Bytes()}
}
