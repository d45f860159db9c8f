package audit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
)

// Page is one page of rows, newest first.
type Page struct {
	Rows  []Row
	Total int
	More  bool
}

// Page answers at most first rows that match query, newest first; after is the seq to go on behind, "" for none.
func (l *Log) Page(ctx context.Context, scope access.Scope, query string, first int, after string) (*Page, error) {
	q, err := l.Parse(query)
	if err != nil || scope.Nothing() {
		return &Page{}, err
	}
	p := &clickhouse.Params{}
	where := q.sql(p)
	page := &Page{}
	if page.Total, err = l.count(ctx, where, p); err != nil {
		return nil, err
	}
	p = &clickhouse.Params{}
	where = q.sql(p)
	if after != "" {
		seq, err := strconv.ParseUint(after, 10, 64)
		if err != nil {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: "This cursor is not one of the audit.", Fix: "Start again without it."}
		}
		where += " AND seq < " + p.Uint(seq)
	}
	err = l.rows(ctx, where, "seq DESC LIMIT "+p.Uint(uint64(first+1)), p, func(r *Row) error { page.Rows = append(page.Rows, *r); return nil })
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	if page.More = len(page.Rows) > first; page.More {
		page.Rows = page.Rows[:first]
	}
	return page, nil
}

// Export gives every row that matches query to each, in the order of the chain: those from before it first.
func (l *Log) Export(ctx context.Context, scope access.Scope, query string, each func(*Row) error) error {
	q, err := l.Parse(query)
	if err != nil || scope.Nothing() {
		return err
	}
	p := &clickhouse.Params{}
	if err := l.rows(ctx, "hash = '' AND "+q.sql(p), "at, seq", p, each); err != nil {
		return fmt.Errorf("read the audit: %w", err)
	}
	p = &clickhouse.Params{}
	if err := l.rows(ctx, "hash != '' AND "+q.sql(p), "seq", p, each); err != nil {
		return fmt.Errorf("read the audit: %w", err)
	}
	return nil
}

func (l *Log) count(ctx context.Context, where string, p *clickhouse.Params) (int, error) {
	rows, err := l.db.Query(ctx, "SELECT count() FROM "+l.db.Table("audit")+" WHERE "+where, p)
	if err != nil {
		return 0, fmt.Errorf("count the audit: %w", err)
	}
	defer rows.Close()
	var n uint64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, fmt.Errorf("count the audit: %w", err)
		}
	}
	return int(n), rows.Err()
}

// textColumns are the columns of a row's texts, in the order of texts.
var textColumns = [...]string{"action_id", "actor", "source", "verb", "phase", "cluster", "cluster_name", "api_group", "resource", "namespace", "name", "uid", "result", "reason", "detail", "prev_hash", "hash"}

func (r *Row) texts() [len(textColumns)]*string {
	return [...]*string{&r.Action, &r.Actor, &r.Source, &r.Verb, &r.Phase, &r.ClusterUID, &r.Cluster, &r.Group, &r.Resource, &r.Namespace, &r.Name, &r.UID, &r.Result, &r.Reason, &r.Detail, &r.PrevHash, &r.Hash}
}

func (l *Log) rows(ctx context.Context, where, order string, p *clickhouse.Params, each func(*Row) error) error {
	found, err := l.db.Query(ctx, "SELECT at, seq, "+strings.Join(textColumns[:], ", ")+" FROM "+l.db.Table("audit")+" WHERE "+where+" ORDER BY "+order, p)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var r Row
		into := []any{&r.At, &r.Seq}
		for _, s := range r.texts() {
			into = append(into, s)
		}
		if err := found.Scan(into...); err != nil {
			return fmt.Errorf("read an audit row: %w", err)
		}
		r.At = r.At.UTC()
		if err := each(&r); err != nil {
			return err
		}
	}
	return found.Err()
}

func columnsOf(rows []Row) []clickhouse.Column {
	at, seq := make([]time.Time, len(rows)), make([]uint64, len(rows))
	var texts [len(textColumns)][]string
	for i := range rows {
		at[i], seq[i] = rows[i].At, rows[i].Seq
		for j, s := range rows[i].texts() {
			texts[j] = append(texts[j], *s)
		}
	}
	columns := []clickhouse.Column{{Name: "at", Values: at}, {Name: "seq", Values: seq}}
	for j, name := range textColumns {
		columns = append(columns, clickhouse.Column{Name: name, Values: texts[j]})
	}
	return columns
}
