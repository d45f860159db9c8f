// Package audit keeps who did what, in a chain that shows when it was tampered with: every row holds the hash of the
// one before it, and hubs sign how far it goes.
//
// Invariant: rows that Append answered for are durable and stand in the chain once, at one place.
package audit

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/state"
)

// Keys in etcd.
const (
	headKey     = "audit/head"   // Head
	tokenPrefix = "audit/token/" // TOKEN -> when its rows were chained
	oldCounter  = "audit/seq"    // numbered rows before there was a chain
)

// Head is where the chain ends.
type Head struct {
	Seq   uint64    `json:"seq"`
	Hash  string    `json:"hash"`
	First uint64    `json:"first"` // of the chain
	At    time.Time `json:"at"`
	// Block are the newest rows, which may not be in the database yet: whoever comes next puts them there.
	Block string `json:"block"` // token of the insert
	Rows  []byte `json:"rows"`  // JSON, gzip
}

// Database keeps the rows; *clickhouse.DB is one. Insert answers nil only when the rows are durable, and keeps one of
// two inserts with the same token.
type Database interface {
	Insert(ctx context.Context, table string, columns []clickhouse.Column, token string) error
	Query(ctx context.Context, sql string, p *clickhouse.Params) (driver.Rows, error)
	Table(name string) string
}

// Limits of one block: an etcd takes 1.5 MiB in one request.
const (
	blockRows  = 100
	blockBytes = 1 << 20 // of what is packed
	detailMost = 256 << 10
	sureFor    = 10 * time.Minute // that the database knows an insert's token again, at the least
)

// Log is the audit. All methods are safe for concurrent use.
type Log struct {
	store *state.Store
	db    Database
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex // of the queue
	queue   []*entry
	leading bool

	head     *Head // as this process wrote it last; nil when unknown. Only the leader touches it
	revision int64
	stored   string // the newest block that is known to be in the database
}

// entry is rows that wait for their place in the chain.
type entry struct {
	token string
	rows  []Row
	head  *Head      // where the chain stood then, set before done
	done  chan error // of one
}

// New makes the audit over store and db.
func New(store *state.Store, db Database, log *slog.Logger) *Log {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Log{store: store, db: db, log: log, now: time.Now}
}

// Append puts rows into the chain and returns when they are durable. Rows with the same token are put there once, however
// often they come. An error says that they may be there or come to be there later.
func (l *Log) Append(ctx context.Context, token string, rows ...Row) error {
	if strings.Contains(token, "\n") || token == "" {
		return fmt.Errorf("append to the audit: token %q", token)
	}
	for first, part := 0, 0; first < len(rows); part++ {
		last, size := first, 0
		for last < len(rows) && last-first < blockRows && (last == first || size+len(rows[last].Detail) < blockBytes) {
			size += len(rows[last].Detail) + 500
			last++
		}
		name := token
		if part > 0 {
			name = fmt.Sprintf("%s.%d", token, part)
		}
		if err := l.wait(ctx, &entry{token: name, rows: rows[first:last], done: make(chan error, 1)}); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// wait queues an entry. Whoever finds nobody at work works off the queue for all, several entries at a time.
func (l *Log) wait(ctx context.Context, e *entry) error {
	l.mu.Lock()
	l.queue = append(l.queue, e)
	lead := !l.leading
	l.leading = true
	l.mu.Unlock()
	if lead {
		go l.lead(context.WithoutCancel(ctx)) // ends with the queue; every step has its own deadline
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Log) lead(ctx context.Context) {
	for {
		l.mu.Lock()
		var batch []*entry
		rows, size := 0, 0
		for _, e := range l.queue {
			for i := range e.rows {
				size += len(e.rows[i].Detail) + 500
			}
			if rows += len(e.rows); len(batch) > 0 && (rows > blockRows || size > blockBytes) {
				break
			}
			batch = append(batch, e)
		}
		l.queue = l.queue[len(batch):]
		if len(batch) == 0 {
			l.leading = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		err := l.chain(ctx, batch)
		for _, e := range batch {
			e.done <- err
		}
	}
}

// insertTimeout bounds one insert: callers wait behind it.
const insertTimeout = 20 * time.Second

// chain gives the entries their places and stores them.
func (l *Log) chain(ctx context.Context, batch []*entry) error {
	for {
		head, err := l.settled(ctx)
		if err != nil {
			return err
		}
		fresh, err := l.fresh(ctx, batch)
		if err != nil {
			return err
		}
		if len(fresh) < len(batch) { // another hub may have chained them, and have died before its insert
			l.head = nil
			if head, err = l.settled(ctx); err != nil {
				return err
			}
		}
		for _, e := range batch {
			e.head = head
		}
		if len(fresh) == 0 {
			return nil
		}
		next := *head
		var rows []Row
		at := l.now().UTC().Truncate(time.Millisecond)
		conditions := []state.Condition{state.At(headKey, l.revision)}
		var marks []state.Op
		for _, e := range fresh {
			for _, r := range e.rows {
				r.At = at
				if !r.clean() {
					r.Detail = cut(r.Detail)
				}
				next.add(&r)
				rows = append(rows, r)
			}
			conditions = append(conditions, state.Absent(tokenPrefix+e.token))
			marks = append(marks, state.Set(tokenPrefix+e.token, []byte(at.Format(time.RFC3339))))
		}
		if err := next.hold(rows); err != nil {
			return err
		}
		err = l.write(ctx, &next, conditions, marks...)
		if errors.Is(err, state.ErrConflict) {
			continue // another hub was quicker, or has these rows
		}
		if err != nil {
			return fmt.Errorf("chain audit rows: %w", err)
		}
		return l.flush(ctx)
	}
}

// clean makes texts valid ones, since JSON can carry no others, and reports whether the detail may stay as it is.
func (r *Row) clean() bool {
	for _, s := range []*string{&r.Action, &r.Actor, &r.Source, &r.Verb, &r.Phase, &r.ClusterUID, &r.Cluster, &r.Group, &r.Resource, &r.Namespace, &r.Name, &r.UID, &r.Result, &r.Reason, &r.Detail} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
	return len(r.Detail) <= detailMost
}

// cut is what stands for a detail that is too long: its digest, so that one who has it can prove it.
func cut(detail string) string {
	sum := sha256.Sum256([]byte(detail))
	raw, err := json.Marshal(map[string]any{"cut": true, "bytes": len(detail), "sha256": hex.EncodeToString(sum[:]), "begins": strings.ToValidUTF8(detail[:4<<10], "")})
	if err != nil {
		panic(err) // plain values
	}
	return string(raw)
}

// fresh are the entries whose rows are not in the chain yet.
func (l *Log) fresh(ctx context.Context, batch []*entry) ([]*entry, error) {
	var fresh []*entry
	seen := map[string]bool{}
	for _, e := range batch {
		if e.token == "" {
			continue // only asks where the chain stands
		}
		_, err := l.store.Get(ctx, tokenPrefix+e.token)
		switch {
		case errors.Is(err, state.ErrNotFound):
			if !seen[e.token] {
				fresh = append(fresh, e)
			}
			seen[e.token] = true
		case err != nil:
			return nil, err
		}
	}
	return fresh, nil
}

// add makes r the chain's last row.
func (h *Head) add(r *Row) {
	h.Seq++
	r.Seq, r.PrevHash = h.Seq, h.Hash
	r.Hash = r.Sum()
	h.Hash, h.At = r.Hash, r.At
}

// hold keeps rows with the head until the database has them.
func (h *Head) hold(rows []Row) error {
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode audit rows: %w", err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		return fmt.Errorf("pack audit rows: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack audit rows: %w", err)
	}
	h.Rows, h.Block = b.Bytes(), fmt.Sprintf("audit/%d-%d/%s", rows[0].Seq, h.Seq, h.Hash)
	return nil
}

func (h *Head) held() ([]Row, error) {
	var rows []Row
	z, err := gzip.NewReader(bytes.NewReader(h.Rows))
	if err != nil {
		return nil, fmt.Errorf("unpack audit rows: %w", err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpack audit rows: %w", err)
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, fmt.Errorf("unpack audit rows: %w", err)
	}
	return rows, nil
}

// write moves the head on. After an answer that was lost, the next call reads where it is.
func (l *Log) write(ctx context.Context, h *Head, conditions []state.Condition, ops ...state.Op) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode the audit's head: %w", err)
	}
	revision, err := l.store.Commit(ctx, conditions, append(ops, state.Set(headKey, raw))...)
	if err != nil {
		l.head = nil
		return err
	}
	l.head, l.revision = h, revision
	return nil
}

// settled is the head, with all rows up to it in the database.
func (l *Log) settled(ctx context.Context) (*Head, error) {
	if l.head == nil {
		e, err := l.store.Get(ctx, headKey)
		switch {
		case errors.Is(err, state.ErrNotFound):
			if err := l.begin(ctx); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			h := &Head{}
			if err := json.Unmarshal(e.Value, h); err != nil {
				return nil, fmt.Errorf("read the audit's head: %w", err)
			}
			l.head, l.revision = h, e.Revision
		}
	}
	if l.head == nil { // another hub began the chain
		return l.settled(ctx)
	}
	return l.head, l.flush(ctx)
}

// flush brings the head's rows into the database, unless it has them.
func (l *Log) flush(ctx context.Context) error {
	if l.head.Block == l.stored {
		return nil
	}
	rows, err := l.head.held()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, insertTimeout)
	defer cancel()
	// The hub that chained them may have died after the insert, so long ago that the database has forgotten the token.
	if l.now().Sub(l.head.At) > sureFor {
		there, err := l.stands(ctx, rows)
		if err != nil {
			return err
		}
		if there {
			l.stored = l.head.Block
			return nil
		}
	}
	if err := l.db.Insert(ctx, "audit", columnsOf(rows), l.head.Block); err != nil {
		return fmt.Errorf("insert audit rows %d to %d: %w", rows[0].Seq, l.head.Seq, err)
	}
	l.stored = l.head.Block
	return nil
}

// stands reports whether the database has these rows.
func (l *Log) stands(ctx context.Context, rows []Row) (bool, error) {
	p := &clickhouse.Params{}
	var hashes []string
	for i := range rows {
		hashes = append(hashes, rows[i].Hash)
	}
	r, err := l.db.Query(ctx, "SELECT count() FROM "+l.db.Table("audit")+" WHERE seq >= "+p.Uint(rows[0].Seq)+" AND hash IN "+p.Strings(hashes), p)
	if err != nil {
		return false, fmt.Errorf("look for audit rows: %w", err)
	}
	defer r.Close()
	var n uint64
	for r.Next() {
		if err := r.Scan(&n); err != nil {
			return false, fmt.Errorf("look for audit rows: %w", err)
		}
	}
	return n > 0, r.Err() // a block is there as a whole or not at all
}

// begin makes the chain's first row, which stands for all rows from before.
func (l *Log) begin(ctx context.Context) error {
	var before digest
	err := l.rows(ctx, "hash = ''", "at, seq", &clickhouse.Params{}, func(r *Row) error { before.add(r); return nil })
	if err != nil {
		return fmt.Errorf("read audit rows from before the chain: %w", err)
	}
	detail, err := json.Marshal(map[string]any{"rowsBefore": before.n, "digestBefore": before.hex()})
	if err != nil {
		return fmt.Errorf("encode audit row: %w", err)
	}
	h := &Head{Seq: before.last, First: before.last + 1}
	row := Row{At: l.now().UTC().Truncate(time.Millisecond), Actor: "foretop", Source: "hub", Phase: Genesis, Result: "BEGUN", Detail: string(detail)}
	h.add(&row)
	if err := h.hold([]Row{row}); err != nil {
		return err
	}
	err = l.write(ctx, h, []state.Condition{state.Absent(headKey)}, state.Unset(oldCounter))
	if errors.Is(err, state.ErrConflict) {
		return nil
	}
	if err == nil {
		l.log.Info("audit chain begun", "seq", h.Seq, "rows_before", before.n)
	}
	return err
}

// Genesis is the phase of the chain's first row.
const Genesis = "genesis"

// Head is where the chain ends now, as etcd has it.
func (l *Log) Head(ctx context.Context) (*Head, error) {
	e, err := l.store.Get(ctx, headKey)
	if errors.Is(err, state.ErrNotFound) {
		return &Head{}, nil
	}
	if err != nil {
		return nil, err
	}
	h := &Head{}
	if err := json.Unmarshal(e.Value, h); err != nil {
		return nil, fmt.Errorf("read the audit's head: %w", err)
	}
	return h, nil
}

// Unwritten is what people are told when a row cannot be written.
func Unwritten(err error) error {
	return errors.Join(&access.Error{Code: "UNAVAILABLE", Message: "The audit cannot be written, and without audit there is no action.", Fix: "Try again when the database answers; foretop's log says why it does not."}, err)
}
