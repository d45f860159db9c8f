package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/state"
)

// More keys in etcd.
const (
	checkpointKey = "audit/checkpoint" // the newest, signed
	keyPrefix     = "audit/key/"       // HASH -> public key
)

// Checkpoints are signed while there is something new, so often.
const (
	checkpointEvery = time.Minute
	checkpointRows  = 1000
)

const (
	origin  = "foretop audit" // first line of every checkpoint
	keyName = "foretop-audit"
)

// Checkpoint is what a hub has signed: that the chain had this row at this place.
type Checkpoint struct {
	Seq  uint64
	Hash string
	At   time.Time
	Key  string // which key signed it: NAME+HASH
	Note string // the signed text, as golang.org/x/mod/sumdb/note writes it
}

func (c *Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", origin, c.Seq, c.Hash, c.At.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// readCheckpoint reads the text of a checkpoint; who signed it is another question.
func readCheckpoint(text string) (*Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 5 || lines[0] != origin {
		return nil, errors.New("it is no checkpoint of an audit")
	}
	c := &Checkpoint{Hash: lines[2]}
	var err error
	if c.Seq, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		return nil, errors.New("it names no row")
	}
	if c.At, err = time.Parse(time.RFC3339Nano, lines[3]); err != nil || len(c.Hash) != 64 {
		return nil, errors.New("it is not complete")
	}
	return c, nil
}

// OpenCheckpoint reads a signed checkpoint and answers an error when none of keys has signed it.
func OpenCheckpoint(text string, keys note.Verifiers) (*Checkpoint, error) {
	n, err := note.Open([]byte(text), keys)
	if err != nil {
		return nil, err
	}
	c, err := readCheckpoint(n.Text)
	if err != nil {
		return nil, err
	}
	c.Note, c.Key = text, keyOf(n.Sigs[0])
	return c, nil
}

func keyOf(s note.Signature) string { return fmt.Sprintf("%s+%08x", s.Name, s.Hash) }

// ReadKeys reads public keys as foretop audit verify --key takes them.
func ReadKeys(texts []string) (note.Verifiers, error) {
	var list []note.Verifier
	for _, text := range texts {
		v, err := note.NewVerifier(strings.TrimSpace(text))
		if err != nil {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q is no public key of an audit.", text), Fix: "Take it from DATA-DIR/audit.pub of the hub: it begins with " + keyName + "+."}
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}

// Key signs checkpoints.
type Key struct {
	signer note.Signer
	public string
}

// OpenKey reads the key in dir, made at the first start: audit.key for the hub alone, audit.pub for everybody.
func OpenKey(dir string) (*Key, error) {
	private, public := filepath.Join(dir, "audit.key"), filepath.Join(dir, "audit.pub")
	secret, err := os.ReadFile(private)
	if errors.Is(err, fs.ErrNotExist) {
		made, vkey, makeErr := note.GenerateKey(rand.Reader, keyName)
		if makeErr != nil {
			return nil, fmt.Errorf("make the audit's key: %w", makeErr)
		}
		// The public one first: a private one without it could not be told to anybody.
		if err := os.WriteFile(public, []byte(vkey+"\n"), 0o644); err != nil {
			return nil, fmt.Errorf("write the audit's public key: %w", err)
		}
		if err := os.WriteFile(private, []byte(made+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("write the audit's key: %w", err)
		}
		secret, err = []byte(made), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the audit's key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%s holds no key.", private), Fix: "Put it back from a backup. Without one, move it away: the hub makes a new one, and older checkpoints keep the old public key."}
	}
	vkey, err := os.ReadFile(public)
	if err != nil {
		return nil, fmt.Errorf("read the audit's public key: %w", err)
	}
	k := &Key{signer: signer, public: strings.TrimSpace(string(vkey))}
	v, err := note.NewVerifier(k.public)
	if err != nil || v.KeyHash() != signer.KeyHash() {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%s is not the public key of %s.", public, private), Fix: "Put both back from one backup."}
	}
	return k, nil
}

func (k *Key) name() string { return fmt.Sprintf("%s+%08x", k.signer.Name(), k.signer.KeyHash()) }

// Public is the key by which everybody can verify.
func (k *Key) Public() string { return k.public }

// Run completes what a hub left unfinished, and signs checkpoints until ctx ends.
func (l *Log) Run(ctx context.Context, key *Key) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	prune := time.NewTicker(time.Hour)
	defer prune.Stop()
	registered := false
	for {
		var err error
		if !registered {
			_, err = l.store.Put(ctx, fmt.Sprintf("%s%08x", keyPrefix, key.signer.KeyHash()), []byte(key.public))
			registered = err == nil
		}
		if err == nil {
			_, err = l.sign(ctx, key, checkpointEvery, checkpointRows)
		}
		if err != nil && ctx.Err() == nil {
			l.log.Warn("audit not signed, trying again", "err", err)
			select { // what fails now fails in a second
			case <-time.After(10 * time.Second):
			case <-ctx.Done():
			}
		}
		select {
		case <-ctx.Done():
			// What was done since the last one should not wait for the next start.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			if _, err := l.sign(last, key, 0, 1); err != nil {
				l.log.Debug("last rows of the audit not signed", "err", err)
			}
			return nil
		case <-prune.C:
			if err := l.prune(ctx, l.now().Add(-7*24*time.Hour)); err != nil {
				l.log.Warn("marks of old audit rows not removed, trying again in an hour", "err", err)
			}
		case <-tick.C:
		}
	}
}

// sign makes a checkpoint when so many rows are new, or any and the last one is so old.
func (l *Log) sign(ctx context.Context, key *Key, every time.Duration, rows uint64) (*Checkpoint, error) {
	head, err := l.Head(ctx)
	if err != nil || head.Seq == 0 {
		return nil, err
	}
	e, err := l.store.Get(ctx, checkpointKey)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		last, err := unsigned(string(e.Value))
		if err != nil {
			return nil, fmt.Errorf("read the last checkpoint: %w", err)
		}
		if head.Seq == last.Seq || head.Seq < last.Seq+rows && l.now().Sub(last.At) < every {
			return nil, nil
		}
	}
	// Only what is in the database is signed: else one who verifies would miss it.
	if head, err = l.flushed(ctx); err != nil {
		return nil, err
	}
	c := &Checkpoint{Seq: head.Seq, Hash: head.Hash, At: l.now().UTC().Truncate(time.Millisecond)}
	signed, err := note.Sign(&note.Note{Text: c.text()}, key.signer)
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	c.Note, c.Key = string(signed), key.name()
	_, err = l.store.Update(ctx, checkpointKey, signed, e.Revision)
	if errors.Is(err, state.ErrConflict) {
		return nil, nil // another hub has signed
	}
	if err != nil {
		return nil, err
	}
	l.log.Info("audit checkpoint", "seq", c.Seq, "hash", c.Hash, "at", c.At, "note", c.Note)
	return c, l.keep(ctx, c)
}

// unsigned reads a checkpoint without asking who signed it.
func unsigned(text string) (*Checkpoint, error) {
	body, _, _ := strings.Cut(text, "\n\n")
	c, err := readCheckpoint(body + "\n")
	if err == nil {
		c.Note = text
	}
	return c, err
}

func (l *Log) keep(ctx context.Context, c *Checkpoint) error {
	err := l.db.Insert(ctx, "audit_checkpoints", []clickhouse.Column{
		{Name: "at", Values: []time.Time{c.At}}, {Name: "seq", Values: []uint64{c.Seq}}, {Name: "hash", Values: []string{c.Hash}},
		{Name: "key", Values: []string{c.Key}}, {Name: "note", Values: []string{c.Note}},
	}, fmt.Sprintf("checkpoint/%d/%s", c.Seq, c.Hash))
	if err != nil {
		return fmt.Errorf("store a checkpoint: %w", err) // etcd has it; the next one stands for it too
	}
	return nil
}

// flushed is the head, with all rows up to it in the database.
func (l *Log) flushed(ctx context.Context) (*Head, error) {
	e := &entry{done: make(chan error, 1)}
	if err := l.wait(ctx, e); err != nil {
		return nil, err
	}
	return e.head, nil
}

// prune forgets which rows were chained before then: nobody sends them again.
func (l *Log) prune(ctx context.Context, then time.Time) error {
	marks, err := l.store.List(ctx, tokenPrefix)
	if err != nil {
		return err
	}
	for _, m := range marks {
		at, err := time.Parse(time.RFC3339, string(m.Value))
		if err == nil && at.After(then) {
			continue
		}
		if err := l.store.Delete(ctx, m.Key); err != nil {
			return err
		}
	}
	return nil
}

// State is where the chain stands.
type State struct {
	Seq, First uint64
	Hash       string
	Checkpoint *Checkpoint // nil before there is one
	Keys       []string    // by which checkpoints are verified
}

// State answers where the chain stands now, when all of that is in the database.
func (l *Log) State(ctx context.Context) (*State, error) {
	head, err := l.flushed(ctx)
	if err != nil {
		return nil, err
	}
	s := &State{Seq: head.Seq, First: head.First, Hash: head.Hash}
	keys, err := l.store.List(ctx, keyPrefix)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		s.Keys = append(s.Keys, string(k.Value))
	}
	e, err := l.store.Get(ctx, checkpointKey)
	if errors.Is(err, state.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.Checkpoint, err = unsigned(string(e.Value))
	if err != nil {
		return nil, fmt.Errorf("read the last checkpoint: %w", err)
	}
	if keys, err := ReadKeys(s.Keys); err == nil {
		if signed, err := OpenCheckpoint(string(e.Value), keys); err == nil {
			s.Checkpoint = signed
		}
	}
	return s, nil
}

// Checkpoints gives every signed text that is kept to each, oldest first.
func (l *Log) Checkpoints(ctx context.Context, each func(text string) error) error {
	rows, err := l.db.Query(ctx, "SELECT note FROM "+l.db.Table("audit_checkpoints")+" ORDER BY seq, at", nil)
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return fmt.Errorf("read checkpoints: %w", err)
		}
		if err := each(text); err != nil {
			return err
		}
	}
	return rows.Err()
}
