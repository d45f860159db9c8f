package engine

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// Error is an exception of the engine: its text begins with "Code: NNN. DB::Exception: ".
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// connecting serialises chdb_connect: it changes signal handlers process-wide while it runs.
var connecting sync.Mutex

// connection is one session of the engine. It runs one statement at a time, always on the same OS thread,
// since the engine keeps per-thread state for a statement between calls.
type connection struct {
	lib      *library
	box      handle // chdb_connection *, for closing
	conn     handle // chdb_connection
	jobs     chan func()
	baseline map[string]string // settings every statement starts from
	dirty    map[string]string // settings the last statement changed
	database string            // "" is the engine's own default
	tag      string            // names its statements in system.processes; "" until it is first lent for one
}

func openConnection(lib *library, arguments []string, baseline map[string]string) (*connection, error) {
	c := &connection{lib: lib, jobs: make(chan func()), baseline: baseline}
	go func() { // ends when close closes jobs
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for job := range c.jobs {
			job()
		}
	}()
	var err error
	c.do(func() { err = c.connect(arguments) })
	if err == nil && len(baseline) > 0 {
		err = c.exec(setStatement(baseline))
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *connection) connect(arguments []string) error {
	connecting.Lock()
	defer connecting.Unlock()
	defer saveSignals().restore()
	texts := make([][]byte, len(arguments))
	argv := make([]unsafe.Pointer, len(arguments))
	for i, a := range arguments {
		texts[i] = append([]byte(a), 0)
		argv[i] = unsafe.Pointer(&texts[i][0])
	}
	c.box = c.lib.connect(int32(len(argv)), &argv[0])
	runtime.KeepAlive(texts)
	if c.box == 0 {
		return errors.New("the engine could not open its data (its own message is above)")
	}
	c.conn = c.lib.connection(c.box)
	return nil
}

// do runs f on the connection's thread and waits for it.
func (c *connection) do(f func()) {
	done := make(chan struct{})
	c.jobs <- func() { defer close(done); f() }
	<-done
}

func (c *connection) close() {
	c.do(func() {
		if c.box != 0 {
			c.lib.closeConn(c.box)
			c.box, c.conn = 0, 0
		}
	})
	close(c.jobs)
}

// prepare makes the session's settings baseline plus want, and nothing of the statement before.
func (c *connection) prepare(want map[string]string, database string) error {
	if database != c.database && database != "" {
		if err := c.exec("USE `" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(database) + "`"); err != nil {
			return err
		}
		c.database = database
	}
	change := map[string]string{}
	for name, value := range want {
		if is, ok := c.dirty[name]; !ok || is != value {
			change[name] = value
		}
	}
	var reset []string
	for name := range c.dirty {
		if _, again := want[name]; again {
			continue
		}
		if value, ok := c.baseline[name]; ok {
			change[name] = value
		} else {
			reset = append(reset, name)
		}
	}
	if len(reset) > 0 {
		slices.Sort(reset)
		if err := c.exec("SET " + strings.Join(reset, " = DEFAULT, ") + " = DEFAULT"); err != nil {
			return err
		}
	}
	if len(change) > 0 {
		// Dirty even when SET fails half way: the next statement cleans up after this one.
		if c.dirty == nil {
			c.dirty = map[string]string{}
		}
		for name := range change {
			c.dirty[name] = unsure
		}
		if err := c.exec(setStatement(change)); err != nil {
			return err
		}
	}
	c.dirty = maps.Clone(want)
	return nil
}

// unsure is no setting's value: what a SET that failed left behind is set again.
const unsure = "\x00"

func setStatement(settings map[string]string) string {
	parts := make([]string, 0, len(settings))
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, name+" = "+quote(settings[name]))
	}
	return "SET " + strings.Join(parts, ", ")
}

// quote writes a ClickHouse string literal: both the quote and the backslash are escaped.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// exec runs a statement whose output nobody reads.
func (c *connection) exec(sql string) error {
	return c.query(sql, nil, "Null", func([]byte) error { return nil })
}

// query runs a statement that is not streamed and hands its output, valid during the call only, to write.
func (c *connection) query(sql string, params map[string]string, format string, write func([]byte) error) error {
	var err error
	c.do(func() {
		p := packParams(params)
		text, f := []byte(sql), []byte(format)
		result := c.lib.query(c.conn, first(text), uintptr(len(text)), first(f), uintptr(len(f)), p.names(), p.nameLengths(), p.values(), p.valueLengths(), p.count())
		runtime.KeepAlive(text)
		runtime.KeepAlive(f)
		runtime.KeepAlive(p)
		defer c.lib.destroyResult(result)
		if text := c.lib.resultError(result); text != "" {
			err = &Error{Text: text}
			return
		}
		if n := c.lib.resultLength(result); n > 0 {
			err = write(unsafe.Slice((*byte)(c.lib.resultBuffer(result)), n))
		}
	})
	return err
}

// stream runs a statement and hands its output to write piece by piece as the engine makes it. A piece is valid
// during the call only. An error of write stops the statement.
func (c *connection) stream(sql string, params map[string]string, format string, write func([]byte) error) error {
	var err error
	c.do(func() {
		p := packParams(params)
		text, f := []byte(sql), []byte(format)
		stream := c.lib.streamQuery(c.conn, first(text), uintptr(len(text)), first(f), uintptr(len(f)), p.names(), p.nameLengths(), p.values(), p.valueLengths(), p.count())
		runtime.KeepAlive(text)
		runtime.KeepAlive(f)
		runtime.KeepAlive(p)
		defer c.lib.destroyResult(stream)
		if text := c.lib.resultError(stream); text != "" {
			err = &Error{Text: text}
			return
		}
		for more := true; more && err == nil; {
			more, err = c.fetch(stream, write)
		}
		if err != nil {
			c.lib.streamCancel(c.conn, stream)
		}
	})
	if err != nil {
		// The library lets go of a statement that failed (its memory, its row in system.processes) only when the
		// connection's next one begins.
		c.exec("SET log_comment = " + quote(c.tag)) // which it is already
	}
	return err
}

func (c *connection) fetch(stream handle, write func([]byte) error) (more bool, err error) {
	piece := c.lib.streamFetch(c.conn, stream)
	defer c.lib.destroyResult(piece)
	if text := c.lib.resultError(piece); text != "" {
		return false, &Error{Text: text}
	}
	n := c.lib.resultLength(piece)
	if n == 0 {
		return false, nil
	}
	return true, write(unsafe.Slice((*byte)(c.lib.resultBuffer(piece)), n))
}

// insert feeds body to an INSERT that has neither FORMAT nor data. Nothing is kept when body fails half way,
// unless the engine had closed a block before; the caller's retry with the same token then adds the rest.
func (c *connection) insert(sql, format string, body io.Reader) error {
	var err error
	c.do(func() {
		text, f := []byte(sql), []byte(format)
		stream := c.lib.insertOpen(c.conn, first(text), uintptr(len(text)), first(f), uintptr(len(f)))
		runtime.KeepAlive(text)
		runtime.KeepAlive(f)
		defer c.lib.insertDestroy(stream) // cancels what was not finished
		if text := c.lib.insertError(stream); text != "" {
			err = &Error{Text: text}
			return
		}
		buffer := make([]byte, 1<<20)
		empty := true
		for {
			n, readErr := body.Read(buffer)
			empty = empty && n == 0
			if n > 0 && c.lib.insertAppend(stream, first(buffer), uintptr(n)) != 0 {
				err = &Error{Text: c.lib.insertError(stream)}
				return
			}
			if readErr == io.EOF {
				break
			}
			if readErr != nil {
				err = fmt.Errorf("read the rows to insert: %w", readErr)
				return
			}
		}
		if empty { // clickhouse-go sends this when it could not encode the rows
			err = &Error{Text: "Code: 108. DB::Exception: No rows were sent to insert. (NO_DATA_TO_INSERT)"}
			return
		}
		result := c.lib.insertDone(stream)
		defer c.lib.destroyResult(result)
		if text := c.lib.resultError(result); text != "" {
			err = &Error{Text: text}
		}
	})
	return err
}

func first(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// packedParams are query parameters laid out as the library takes them: parallel arrays of pointers and lengths.
type packedParams struct {
	text                    [][]byte // keeps what the pointers point at
	namePtr, valuePtr       []unsafe.Pointer
	nameLength, valueLength []uintptr
}

func packParams(params map[string]string) *packedParams {
	p := &packedParams{}
	for name, value := range params {
		n, v := []byte(name), append([]byte(value), 0) // never empty: the library refuses nil pointers
		p.text = append(p.text, n, v)
		p.namePtr = append(p.namePtr, first(n))
		p.valuePtr = append(p.valuePtr, first(v))
		p.nameLength = append(p.nameLength, uintptr(len(n)))
		p.valueLength = append(p.valueLength, uintptr(len(value)))
	}
	return p
}

func (p *packedParams) names() unsafe.Pointer  { return unsafe.Pointer(unsafe.SliceData(p.namePtr)) }
func (p *packedParams) values() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(p.valuePtr)) }
func (p *packedParams) nameLengths() unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(p.nameLength))
}
func (p *packedParams) valueLengths() unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(p.valueLength))
}
func (p *packedParams) count() uintptr { return uintptr(len(p.namePtr)) }
