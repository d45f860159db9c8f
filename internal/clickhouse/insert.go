package clickhouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Column is one column of rows to insert: a slice with one value per row, typed as clickhouse-go takes it
// ([]string, []uint64, []time.Time, [][]string, []map[string]string, ...), or Shared.
type Column struct {
	Name   string
	Values any
}

// Shared are the values of a column that goes into several tables: those that have it in the same type share its encoded
// form.
type Shared struct {
	values any

	mu    sync.Mutex
	kind  string // of the first table
	bytes []byte // as it has them
}

// Share makes values shared.
func Share(values any) *Shared { return &Shared{values: values} }

func (c *Column) values() any {
	if s, ok := c.Values.(*Shared); ok {
		return s.values
	}
	return c.Values
}

// Insert writes rows and returns when they are durable. Rows inserted again with the same token and content are
// kept once, so an insert with a token is tried again by itself while the database does not answer, for 3 s.
func (db *DB) Insert(ctx context.Context, table string, columns []Column, token string) error {
	rows, err := countRows(table, columns)
	if err != nil || rows == 0 {
		return err
	}
	again := neverSent
	if token != "" {
		again = Unavailable
	}
	began := time.Now()
	insert := func() error { return db.insertOnce(ctx, table, columns, token) }
	err = db.retry(ctx, again, insert)
	var exception *Error
	if errors.As(err, &exception) && schemaChanged[exception.Code] {
		db.forgetColumns(table)
		err = db.retry(ctx, again, insert) // nothing was written: the columns may have changed since they were read
	}
	db.metrics.observe("insert", began, err)
	if err == nil {
		db.metrics.rows.Add(float64(rows))
	}
	if err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", rows, table, err)
	}
	return nil
}

// Codes after which the remembered columns of a table may be wrong.
var schemaChanged = map[int]bool{8: true, 10: true, 16: true, 33: true, 44: true, 53: true, 60: true, 70: true, 117: true}

func countRows(table string, columns []Column) (int, error) {
	rows := -1
	for _, c := range columns {
		v := reflect.ValueOf(c.values())
		if v.Kind() != reflect.Slice {
			return 0, fmt.Errorf("insert into %s: column %s is a %T, not a slice", table, c.Name, c.values())
		}
		if rows >= 0 && v.Len() != rows {
			return 0, fmt.Errorf("insert into %s: column %s has %d values and %s has %d", table, c.Name, v.Len(), columns[0].Name, rows)
		}
		rows = v.Len()
	}
	if rows < 0 {
		return 0, fmt.Errorf("insert into %s: no columns", table)
	}
	return rows, nil
}

func (db *DB) insertOnce(ctx context.Context, table string, columns []Column, token string) error {
	types, err := db.columnTypes(ctx, table)
	if err != nil {
		return err
	}
	names := make([]string, len(columns))
	known := make([]ch.ColumnNameAndType, len(columns))
	for i, c := range columns {
		kind, ok := types[c.Name]
		if !ok {
			return &Error{Code: 16, Name: "NO_SUCH_COLUMN_IN_TABLE", Message: fmt.Sprintf("the table %s has no column %s", table, c.Name)}
		}
		names[i] = quoteName(c.Name)
		known[i] = ch.ColumnNameAndType{Name: c.Name, Type: kind}
	}
	// Blocks hold a key once or twice at most: merging them with themselves costs a fifth of an insert for nothing.
	settings := ch.Settings{"async_insert": 0, "insert_deduplicate": 1, "optimize_on_insert": 0}
	if token != "" {
		settings["insert_deduplication_token"] = token
	}
	statement := "INSERT INTO " + db.Table(table) + " (" + strings.Join(names, ", ") + ")"
	if db.socket != "" {
		if done, err := db.insertNative(ctx, statement, settings, known, columns); done || err != nil {
			return err
		}
	}
	ctx = ch.Context(ctx, ch.WithSettings(settings), ch.WithColumnNamesAndTypes(known)) // spares a DESCRIBE per batch
	batch, err := db.conn.PrepareBatch(ctx, statement)
	if err != nil {
		return err
	}
	defer batch.Close()
	for i, c := range columns {
		if err := batch.Column(i).Append(c.values()); err != nil {
			return fmt.Errorf("column %s of type %s: %w", c.Name, known[i].Type, err)
		}
	}
	return batch.Send()
}

// blocks are used again: a block of a commit holds megabytes. A sync.Pool would lose them between two commits.
var blocks = make(chan *block, 2)

func newBlock() *block {
	select {
	case b := <-blocks:
		return b
	default:
		return &block{}
	}
}

func (b *block) release() {
	clear(b.bulky)
	if cap(b.bytes) > keptBlock {
		return
	}
	select {
	case blocks <- b:
	default:
	}
}

// keptBlock is up to how many bytes a block may have to be used again.
const keptBlock = 16 << 20

// insertNative writes rows to the embedded engine as they are. done is false for types that it does not know.
func (db *DB) insertNative(ctx context.Context, statement string, settings ch.Settings, types []ch.ColumnNameAndType, columns []Column) (done bool, err error) {
	kinds := make([]kind, len(types))
	for i, t := range types {
		var ok bool
		if kinds[i], ok = kindOf(t.Type); !ok {
			return false, nil
		}
	}
	b := newBlock()
	b.begin(len(columns), reflect.ValueOf(columns[0].values()).Len())
	for i, c := range columns {
		if err := b.put(&c, &kinds[i]); err != nil {
			return true, err
		}
	}
	q := url.Values{"query": {statement + " FORMAT Native"}}
	for name, value := range settings {
		q.Set(name, fmt.Sprint(value))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/?"+q.Encode(), b.reader())
	if err != nil {
		return true, err
	}
	r.ContentLength = b.size()
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(b.reader()), nil } // for a connection that had ended
	answer, err := db.native.Do(r)
	if err != nil {
		return true, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return true, exception(answer.Header.Get("X-ClickHouse-Exception-Code"), string(text))
	}
	if err == nil {
		b.release() // it was read to its end: after an error it may still be read
	}
	return true, err
}

// put writes a column, one that is shared as it was written before.
func (b *block) put(c *Column, k *kind) error {
	b.text(c.Name)
	b.text(k.name)
	s, ok := c.Values.(*Shared)
	if !ok {
		return b.column(c.Name, k, c.Values)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kind == k.name {
		b.bytes = append(b.bytes, s.bytes...)
		return nil
	}
	from, bulky := len(b.bytes), len(b.bulky)
	if err := b.column(c.Name, k, s.values); err != nil {
		return err
	}
	if s.kind == "" && len(b.bulky) == bulky {
		s.kind, s.bytes = k.name, bytes.Clone(b.bytes[from:])
	}
	return nil
}

// columnTypes reads a table's columns once.
func (db *DB) columnTypes(ctx context.Context, table string) (map[string]string, error) {
	db.mu.Lock()
	types := db.columns[table]
	db.mu.Unlock()
	if types != nil {
		return types, nil
	}
	p := &Params{}
	sql := "SELECT name, type FROM system.columns WHERE database = " + p.String(db.database) + " AND table = " + p.String(table) +
		" AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')"
	r, err := db.conn.Query(p.into(ctx), sql)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	types = map[string]string{}
	for r.Next() {
		var name, kind string
		if err := r.Scan(&name, &kind); err != nil {
			return nil, err
		}
		types[name] = kind
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if len(types) == 0 {
		return nil, &Error{Code: 60, Name: "UNKNOWN_TABLE", Message: "there is no table " + db.Table(table)}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.columns[table] = types
	return types, nil
}

func (db *DB) forgetColumns(table string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.columns, table)
}
