// Package search answers what people ask about the fleet: objects, their versions, events and relations, now or at
// a past moment. ClickHouse holds the truth. Two derived and disposable things beside it make answers about the present
// fast: columns in memory match, count and order; a bleve index tells which words there are that begin with, are like or
// match what was typed.
//
// Invariant: an answer holds what was committed before it was asked: what is derived is waited for, or not used. The
// index has words, not objects: who has them is known from columns alone.
package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/query/columns"
)

// Deps is what a Service stands on.
type Deps struct {
	DB         *clickhouse.DB
	Clusters   Directory
	IndexDir   string              // may be deleted while the hub is down; it is rebuilt
	Relations  *kube.RelationRules // declared ones; nil: none
	Kept       Kept                // nil: everything is
	Texts      *texts.Store        // of current objects; what it lacks is read from the database. nil lacks all
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil leaves the metrics unregistered
}

// Service answers questions about the fleet. It satisfies graph.Reader.
type Service struct {
	db        *clickhouse.DB
	directory Directory
	log       *slog.Logger
	metrics   *metrics
	kinds     *kinds
	documents documents
	index     *index
	feed      *feed
	sequences sequences
	events    *eventFeed
	texts     *texts.Store
	rules     *kube.RelationRules
	kept      Kept
	table     atomic.Pointer[columns.Table] // nil until it is loaded

	changedMost, lookMost, unreadMost int // but in tests
}

// New prepares a Service. Until Run follows the feed, text is found by ClickHouse alone and Watch sees no changes.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Clusters == nil || d.IndexDir == "" {
		return nil, errors.New("search needs a database, a cluster directory and a folder for its index")
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{db: d.DB, directory: d.Clusters, log: d.Log, metrics: newMetrics(d.Registerer), rules: d.Relations, kept: d.Kept, texts: d.Texts, changedMost: changedMost, lookMost: lookMost, unreadMost: unreadMost}
	s.kinds = &kinds{read: s.readKinds}
	s.index = newIndex(d.IndexDir, d.Log)
	s.feed = newFeed(s)
	s.events = newEventFeed(s)
	s.metrics.follow(s)
	return s, nil
}

// Run follows the change feed, for columns and for watchers, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.index.close()
	var events sync.WaitGroup
	events.Go(func() { s.events.run(ctx) })
	defer events.Wait()
	err := s.follow(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Nudge says that rows were just committed, so that the follower need not wait for its next look.
func (s *Service) Nudge() {
	s.feed.nudge()
	s.events.nudge()
}

// Committed takes what a writer in this process made durable, so that it need not be read. It does not block.
func (s *Service) Committed(commits []records.Commit) {
	s.feed.hand(commits)
	s.events.nudge()
}

// read runs one SQL text and hands every row to each.
func (s *Service) read(ctx context.Context, sql string, p *clickhouse.Params, each func(driver.Rows) error) error {
	rows, err := s.db.Query(ctx, sql, p)
	if err != nil {
		return readable(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
	}
	return readable(ctx, rows.Err())
}

// readable turns an engine that is restarting into a sentence.
func readable(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case clickhouse.Unavailable(err):
		return &access.Error{Code: "UNAVAILABLE", Message: "The database does not answer at the moment.", Fix: "It is restarted on its own; ask again in a few seconds."}
	default:
		return err
	}
}
