package clickhouse

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"time"
	"unsafe"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Block is some rows of a result, column by column. It is valid during the call that hands it out, its texts too.
type Block struct {
	Rows    int
	columns []*Values
	names   []string
}

// Values is one column of a Block.
type Values struct {
	Numbers []int64  // of a number: UInt64 as its bits, a moment in Unix milliseconds
	Texts            // of a text: one a row; of a list its elements, of a map its keys
	Ends    []uint64 // of a list or map: where the elements of each row end
	Of      Texts    // of a map: the values
}

// Texts are texts one after the other: each in Distinct, or there once and named by Places.
type Texts struct {
	Distinct []string
	Places   []uint32 // nil when each text stands for itself
}

// At is text number i.
func (t *Texts) At(i int) string {
	if t.Places != nil {
		return t.Distinct[t.Places[i]]
	}
	return t.Distinct[i]
}

// Len is how many there are.
func (t *Texts) Len() int {
	if t.Places != nil {
		return len(t.Places)
	}
	return len(t.Distinct)
}

// NewBlock makes a Block of columns by name. It is for those who have rows of their own.
func NewBlock(rows int, columns map[string]*Values) *Block {
	b := &Block{Rows: rows}
	for name, v := range columns {
		b.names, b.columns = append(b.names, name), append(b.columns, v)
	}
	return b
}

// Column is a column by its name in the result, nil when there is none.
func (b *Block) Column(name string) *Values {
	for i, n := range b.names {
		if n == name {
			return b.columns[i]
		}
	}
	return nil
}

// blockRows is how many rows a block has: enough for its dictionaries to pay, and a few megabytes.
const blockRows = 8192

// Columns runs a reading statement and hands out its rows block by block. It reads a million rows in the time in which
// Query scans fifty thousand. While the database does not answer it is tried again for 3 s, until the first block.
func (db *DB) Columns(ctx context.Context, sql string, p *Params, each func(*Block) error) error {
	began := time.Now()
	work, handed := db.columnsOfRows, false
	if db.socket != "" {
		work = db.columnsOfEngine
	}
	err := db.retry(ctx, func(err error) bool { return !handed && Unavailable(err) }, func() error {
		return work(ctx, sql, p, func(b *Block) error {
			handed = true
			return each(b)
		})
	})
	db.metrics.observe("query", began, err)
	return err
}

// columnsOfEngine reads the embedded engine's blocks as they are.
func (db *DB) columnsOfEngine(ctx context.Context, sql string, p *Params, each func(*Block) error) error {
	q := url.Values{"default_format": {"Native"}, "max_block_size": {strconv.Itoa(blockRows)}}
	if p != nil {
		for name, v := range p.values {
			q.Set("param_"+name, v)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // an answer that nobody reads on stops the statement
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/?"+q.Encode(), bytes.NewReader([]byte(sql)))
	if err != nil {
		return err
	}
	answer, err := db.native.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		return exception(answer.Header.Get("X-ClickHouse-Exception-Code"), string(text))
	}
	in := &input{from: answer.Body, tag: answer.Header.Get("X-ClickHouse-Exception-Tag")}
	b := &Block{}
	for {
		more, err := in.block(b)
		if err != nil || !more {
			return err
		}
		if err := each(b); err != nil {
			return err
		}
	}
}

// input takes blocks in Native format apart. A block stays in memory whole, so that its texts are views.
type input struct {
	from  io.Reader
	tag   string
	bytes []byte // of the block, and what was read behind it
	at    int
	kinds map[string]kind
	err   error
}

// take is the next n bytes; nil when there are fewer, which err then says.
func (in *input) take(n int) []byte {
	for len(in.bytes)-in.at < n {
		if in.err != nil {
			return nil
		}
		if len(in.bytes) == cap(in.bytes) { // views into the old bytes stay good
			in.bytes = append(make([]byte, 0, max(1<<20, 2*cap(in.bytes), in.at+n)), in.bytes...)
		}
		got, err := in.from.Read(in.bytes[len(in.bytes):cap(in.bytes)])
		in.bytes = in.bytes[:len(in.bytes)+got]
		if got == 0 && err != nil {
			if in.err = err; err == io.EOF {
				in.err = io.ErrUnexpectedEOF
			}
			return nil
		}
	}
	in.at += n
	return in.bytes[in.at-n : in.at : in.at]
}

func (in *input) uvarint() uint64 {
	n, shift := uint64(0), 0
	for {
		b := in.take(1)
		if b == nil || shift > 63 {
			in.spoil()
			return 0
		}
		if n |= uint64(b[0]&0x7f) << shift; b[0] < 0x80 {
			return n
		}
		shift += 7
	}
}

func (in *input) number() uint64 {
	b := in.take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

func (in *input) text() string {
	n := in.uvarint()
	if n > maxText {
		in.spoil()
		return ""
	}
	b := in.take(int(n))
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// Bounds of what a block can be, so that bytes that are none are not taken for very long ones.
const (
	maxText  = 1 << 30
	maxCount = 1 << 31
)

var errNotNative = errors.New("the answer is not in Native format")

func (in *input) spoil() {
	if in.err == nil {
		in.err = errNotNative
	}
}

const exceptionMark = "\r\n__exception__\r\n"

// block reads the next one; more is false at the end.
func (in *input) block(b *Block) (more bool, err error) {
	in.bytes = in.bytes[:copy(in.bytes, in.bytes[in.at:])]
	in.at = 0
	if in.take(1) == nil {
		if errors.Is(in.err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		return false, in.err
	}
	in.at = 0
	if in.bytes[0] == exceptionMark[0] {
		if head := in.take(len(exceptionMark)); string(head) == exceptionMark {
			return false, in.exception()
		}
		in.at, in.err = 0, nil
	}
	columns, rows := in.uvarint(), in.uvarint()
	if columns > 1000 || rows > maxCount {
		in.spoil()
	}
	b.Rows, b.names = int(rows), b.names[:0]
	for i := 0; i < int(columns) && in.err == nil; i++ {
		name, kindName := in.text(), in.text()
		if in.err != nil {
			break
		}
		k, ok := in.kinds[kindName]
		if !ok {
			if k, err = readable(name, string([]byte(kindName))); err != nil {
				return false, err
			}
			if in.kinds == nil {
				in.kinds = map[string]kind{}
			}
			in.kinds[k.name] = k
		}
		if len(b.columns) <= i {
			b.columns = append(b.columns, &Values{})
		}
		b.names = append(b.names, name)
		in.values(b.columns[i], &k, int(rows))
	}
	if in.err != nil {
		return false, fmt.Errorf("read a block of rows: %w", in.err)
	}
	return true, nil
}

// readable is the kind of a column that blocks can have.
func readable(column, of string) (kind, error) {
	k, ok := kindOf(of)
	if !ok || k.of == words {
		return k, fmt.Errorf("column %s: values of type %s cannot be read side by side", column, of)
	}
	return k, nil
}

// exception is the error in the middle of an answer, which the engine frames.
func (in *input) exception() error {
	text, err := io.ReadAll(in.from)
	if err != nil {
		return err
	}
	text = append(bytes.Clone(in.bytes[in.at:]), text...)
	text = bytes.TrimPrefix(text, []byte(in.tag+"\r\n"))
	if framed, ok := bytes.CutSuffix(text, []byte(exceptionMark)); ok {
		text = framed[:max(0, bytes.LastIndexByte(framed, '\n'))] // without the length and the tag
	}
	code := ""
	if m := codeOf.FindSubmatch(text); m != nil {
		code = string(m[1])
	}
	return exception(code, string(text))
}

var codeOf = regexp.MustCompile(`^(?:Error: )?Code: (\d+)\.`)

func (in *input) values(v *Values, k *kind, rows int) {
	v.Numbers, v.Ends, v.Places, v.Of.Places = v.Numbers[:0], v.Ends[:0], nil, nil
	v.Distinct, v.Of.Distinct = v.Distinct[:0], v.Of.Distinct[:0]
	if rows == 0 {
		return
	}
	switch k.of {
	case texts:
		in.prefix(k.low)
		in.texts(&v.Texts, k.low, rows)
	case lists:
		in.prefix(k.low)
		in.texts(&v.Texts, k.low, in.ends(v, rows))
	case maps:
		in.prefix(k.low)
		in.prefix(k.val)
		n := in.ends(v, rows)
		in.texts(&v.Texts, k.low, n)
		in.texts(&v.Of, k.val, n)
	case moments:
		for range rows {
			v.Numbers = append(v.Numbers, milliseconds(int64(in.number()), k.scale))
		}
	case uint64s, int64s:
		b := in.take(8 * rows)
		for ; len(b) > 0; b = b[8:] {
			v.Numbers = append(v.Numbers, int64(binary.LittleEndian.Uint64(b)))
		}
	case uint32s:
		b := in.take(4 * rows)
		for ; len(b) > 0; b = b[4:] {
			v.Numbers = append(v.Numbers, int64(binary.LittleEndian.Uint32(b)))
		}
	case uint16s:
		b := in.take(2 * rows)
		for ; len(b) > 0; b = b[2:] {
			v.Numbers = append(v.Numbers, int64(binary.LittleEndian.Uint16(b)))
		}
	default: // one byte
		for _, n := range in.take(rows) {
			v.Numbers = append(v.Numbers, int64(n))
		}
	}
}

// milliseconds of ticks of so many nanoseconds, without the ticks of a microsecond becoming too many nanoseconds.
func milliseconds(ticks, scale int64) int64 {
	const ms = int64(time.Millisecond)
	if scale >= ms {
		return ticks * (scale / ms)
	}
	return ticks / (ms / scale)
}

// ends reads where rows end, and answers where the last does.
func (in *input) ends(v *Values, rows int) int {
	b, last := in.take(8*rows), uint64(0)
	for ; len(b) > 0; b = b[8:] {
		end := binary.LittleEndian.Uint64(b)
		if end < last || end > maxCount {
			in.spoil()
			return 0
		}
		last = end
		v.Ends = append(v.Ends, end)
	}
	return int(last)
}

func (in *input) prefix(low bool) {
	if low && in.number() != 1 {
		in.spoil()
	}
}

func (in *input) texts(t *Texts, low bool, n int) {
	if !low {
		for i := 0; i < n && in.err == nil; i++ {
			t.Distinct = append(t.Distinct, in.text())
		}
		return
	}
	t.Places = []uint32{}
	if n == 0 {
		return
	}
	flags := in.number()
	if flags&ownKeys == 0 {
		in.spoil()
	}
	keys := in.number()
	if keys > maxCount {
		in.spoil()
	}
	for i := 0; i < int(keys) && in.err == nil; i++ {
		t.Distinct = append(t.Distinct, in.text())
	}
	if in.number() != uint64(n) {
		in.spoil()
		return
	}
	t.Places = make([]uint32, n)
	size := 1 << (flags & 3)
	b := in.take(size * n)
	if b == nil {
		return
	}
	for i := range t.Places {
		switch size {
		case 1:
			t.Places[i] = uint32(b[i])
		case 2:
			t.Places[i] = uint32(binary.LittleEndian.Uint16(b[2*i:]))
		case 4:
			t.Places[i] = binary.LittleEndian.Uint32(b[4*i:])
		default:
			t.Places[i] = uint32(binary.LittleEndian.Uint64(b[8*i:]))
		}
		if t.Places[i] >= uint32(keys) {
			in.spoil()
			return
		}
	}
}

// columnsOfRows makes blocks of rows as clickhouse-go scans them.
func (db *DB) columnsOfRows(ctx context.Context, sql string, p *Params, each func(*Block) error) error {
	ctx, cancel := context.WithCancel(p.into(ctx))
	defer cancel()
	r, err := db.conn.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer r.Close()
	b, dest, err := scanned(r.ColumnTypes())
	if err != nil {
		return err
	}
	for r.Next() {
		if err := r.Scan(dest...); err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
		for i, v := range b.columns {
			if err := v.append(dest[i]); err != nil {
				return fmt.Errorf("column %s: %w", b.names[i], err)
			}
		}
		if b.Rows++; b.Rows < blockRows {
			continue
		}
		if err := each(b); err != nil {
			return err
		}
		for _, v := range b.columns {
			*v = Values{Numbers: v.Numbers[:0], Texts: Texts{Distinct: v.Distinct[:0]}, Ends: v.Ends[:0], Of: Texts{Distinct: v.Of.Distinct[:0]}}
		}
		b.Rows = 0
	}
	if err := r.Err(); err != nil {
		return err
	}
	if b.Rows == 0 {
		return nil
	}
	return each(b)
}

// scanned is an empty block for rows of some types, and what such a row is scanned into.
func scanned(types []driver.ColumnType) (b *Block, dest []any, err error) {
	b = &Block{}
	for _, t := range types {
		if _, err := readable(t.Name(), t.DatabaseTypeName()); err != nil {
			return nil, nil, err
		}
		b.names, b.columns = append(b.names, t.Name()), append(b.columns, &Values{})
		dest = append(dest, reflect.New(t.ScanType()).Interface())
	}
	return b, dest, nil
}

func (v *Values) append(value any) error {
	switch x := value.(type) {
	case *string:
		v.Distinct = append(v.Distinct, *x)
	case *[]string:
		v.Distinct = append(v.Distinct, *x...)
		v.Ends = append(v.Ends, uint64(len(v.Distinct)))
	case *map[string]string:
		for key, of := range *x {
			v.Distinct, v.Of.Distinct = append(v.Distinct, key), append(v.Of.Distinct, of)
		}
		v.Ends = append(v.Ends, uint64(len(v.Distinct)))
	case *time.Time:
		v.Numbers = append(v.Numbers, x.UnixMilli())
	case *uint8:
		v.Numbers = append(v.Numbers, int64(*x))
	case *uint16:
		v.Numbers = append(v.Numbers, int64(*x))
	case *uint32:
		v.Numbers = append(v.Numbers, int64(*x))
	case *uint64:
		v.Numbers = append(v.Numbers, int64(*x))
	case *int64:
		v.Numbers = append(v.Numbers, *x)
	default:
		return fmt.Errorf("%T cannot be read side by side", value)
	}
	return nil
}
