package collector

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	batchRecords = 5000
	batchBytes   = 2 << 20
	// A record waits this long for company. The hub gathers batches of all clusters once more.
	batchLinger = 25 * time.Millisecond
)

var errStalled = errors.New("the hub has not taken anything for long")

// stream numbers records, seals them into batches and sends these one after the other:
//
//	followers --put--> in --batch--> sealed --send--> Sink
//
// Neither channel has a buffer. While the hub takes its time over one batch the next one grows, so a record waits
// for two sends at most, however slow they are; a queue of small batches would make it wait for each of them. When
// the open batch is full put waits, and so do the watches behind it: two batches are all that is held.
type stream struct {
	sink       Sink
	in         chan *ingestpb.Record
	sealed     chan *ingestpb.Batch
	stallAfter time.Duration
	counters   *metrics
	logger     *slog.Logger
}

func newStream(sink Sink, stallAfter time.Duration, m *metrics, log *slog.Logger) *stream {
	return &stream{
		sink: sink, stallAfter: stallAfter, counters: m, logger: log,
		in:     make(chan *ingestpb.Record), // never closed: ctx ends it
		sealed: make(chan *ingestpb.Batch),  // never closed: ctx ends it
	}
}

// put queues r, or answers errStalled when the hub takes nothing for long: then whoever watches should stop
// holding on to its position and begin again.
func (s *stream) put(ctx context.Context, r *ingestpb.Record) error {
	select {
	case s.in <- r:
		return nil
	default:
	}
	began := time.Now()
	t := time.NewTimer(s.stallAfter)
	defer t.Stop()
	defer func() { s.counters.blocked.Add(time.Since(began).Seconds()) }()
	select {
	case s.in <- r:
		return nil
	case <-t.C:
		return errStalled
	case <-ctx.Done():
		return ctx.Err()
	}
}

// putPatiently queues r, however long it takes.
func (s *stream) putPatiently(ctx context.Context, r *ingestpb.Record) error {
	select {
	case s.in <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// putSoon queues r unless that takes longer than d.
func (s *stream) putSoon(ctx context.Context, r *ingestpb.Record, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return s.putPatiently(ctx, r)
}

func recordBytes(r *ingestpb.Record) int {
	const overhead = 128
	switch b := r.Body.(type) {
	case *ingestpb.Record_Object:
		n := overhead + len(b.Object.Object)
		for _, m := range b.Object.Managers {
			n += 64 + len(m.FieldsV1)
		}
		return n
	case *ingestpb.Record_Event:
		return 3*overhead + len(b.Event.Message) + len(b.Event.Object)
	case *ingestpb.Record_Document:
		return overhead + len(b.Document.Gzip)
	case *ingestpb.Record_Documents:
		return overhead * (1 + len(b.Documents.Documents))
	default:
		return overhead
	}
}

// batch seals batches until ctx ends.
func (s *stream) batch(ctx context.Context) error {
	var (
		open    = &ingestpb.Batch{BatchSeq: 1}
		size    int
		seq     uint64
		due     bool
		timer   = time.NewTimer(time.Hour)
		nothing chan *ingestpb.Batch
	)
	timer.Stop()
	defer timer.Stop()
	for {
		full := len(open.Records) >= batchRecords || size >= batchBytes
		in, out := s.in, nothing
		if full {
			in = nil
		}
		if full || due {
			out = s.sealed
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r := <-in:
			seq++
			r.Seq = seq
			if len(open.Records) == 0 {
				timer.Reset(batchLinger)
			}
			open.Records = append(open.Records, r)
			size += recordBytes(r)
			s.counters.record(r)
		case <-timer.C:
			due = len(open.Records) > 0
		case out <- open:
			s.counters.batches.Inc()
			open = &ingestpb.Batch{BatchSeq: open.BatchSeq + 1}
			size, due = 0, false
			timer.Stop()
		}
	}
}

// send sends batches in order until ctx ends or the stream does. A batch that fails is sent again, for ever:
// the hub keeps one.
func (s *stream) send(ctx context.Context) error {
	for {
		var b *ingestpb.Batch
		select {
		case <-ctx.Done():
			return ctx.Err()
		case b = <-s.sealed:
		}
		var wait retryDelay
		for failures := 0; ; failures++ {
			began := time.Now()
			err := s.sink.Send(ctx, b)
			s.counters.sendSeconds.Observe(time.Since(began).Seconds())
			if err == nil {
				if failures > 0 {
					s.logger.Info("hub takes batches again", "batch_seq", b.BatchSeq, "failures", failures)
				}
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, ErrFenced) || errors.Is(err, ErrStreamEnded) {
				return err
			}
			s.counters.sendErrors.Inc()
			if failures == 0 {
				s.logger.Warn("hub did not take a batch, sending it again until it does", "batch_seq", b.BatchSeq, "err", err)
			}
			sleep(ctx, wait.next())
		}
	}
}

// pulse wakes everyone who waits on it, as often as it is fired.
type pulse struct {
	mu sync.Mutex
	ch chan struct{} // closed and replaced by fire
}

func (p *pulse) wait() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch == nil {
		p.ch = make(chan struct{})
	}
	return p.ch
}

func (p *pulse) fire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch != nil {
		close(p.ch)
	}
	p.ch = make(chan struct{})
}
