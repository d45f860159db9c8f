package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/foretop/foretop/internal/access"
)

// An export is lines of JSON: where the chain stands, what was signed of it, then rows, the oldest first.
type exportLine struct {
	Chain      *Chain `json:"chain,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
	Row
}

// Chain says where the chain stood when an export began.
type Chain struct {
	First uint64   `json:"first"`
	Seq   uint64   `json:"seq"`
	Hash  string   `json:"hash"`
	Keys  []string `json:"keys"` // of the hub; who verifies should know his from elsewhere
}

// Write exports the rows that match query to w, behind the chain and its newest checkpoint, or all of them. It answers how
// many rows it wrote. begin is called before the first byte.
func (l *Log) Write(ctx context.Context, scope access.Scope, query string, all bool, w io.Writer, begin func()) (rows int, err error) {
	if _, err := l.Parse(query); err != nil || scope.Nothing() {
		return 0, err
	}
	s, err := l.State(ctx)
	if err != nil {
		return 0, err
	}
	begin()
	out := json.NewEncoder(w)
	if err := out.Encode(map[string]any{"chain": Chain{s.First, s.Seq, s.Hash, s.Keys}}); err != nil {
		return 0, err
	}
	checkpoint := func(text string) error { return out.Encode(map[string]any{"checkpoint": text}) }
	switch {
	case all:
		newest := false
		err = l.Checkpoints(ctx, func(text string) error {
			newest = newest || s.Checkpoint != nil && text == s.Checkpoint.Note
			return checkpoint(text)
		})
		if err == nil && s.Checkpoint != nil && !newest { // etcd has it first
			err = checkpoint(s.Checkpoint.Note)
		}
	case s.Checkpoint != nil:
		err = checkpoint(s.Checkpoint.Note)
	}
	if err != nil {
		return 0, err
	}
	err = l.Export(ctx, scope, query, func(r *Row) error {
		rows++
		return out.Encode(r)
	})
	return rows, err
}

// VerifyExport verifies the lines of an export. keys are whose checkpoints count; without any, those that the export names.
// checkpoints are further signed texts, kept elsewhere. trusted are the keys that counted.
func VerifyExport(in io.Reader, keys, checkpoints []string, end func() (uint64, error)) (v *Verdict, trusted []string, err error) {
	r := NewVerifier()
	var known note.Verifiers
	trust := func(list []string) error {
		trusted = list
		known, err = ReadKeys(list)
		return err
	}
	if err := trust(keys); err != nil {
		return nil, nil, err
	}
	given := func() {
		for _, text := range checkpoints {
			r.Checkpoint(text, known)
		}
		checkpoints = nil
	}
	lines := bufio.NewReaderSize(in, 64<<10)
	for n, rows := 1, false; ; n++ {
		raw, readErr := lines.ReadBytes('\n')
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return nil, nil, fmt.Errorf("read line %d: %w", n, readErr)
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			var x exportLine
			if err := json.Unmarshal(raw, &x); err != nil {
				return nil, nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Line %d is no line of an audit's export: %v.", n, err), Fix: "Make one with: foretop audit -o ndjson"}
			}
			switch {
			case x.Chain != nil && !rows:
				r.Head(x.Chain.Seq, x.Chain.Hash, x.Chain.First)
				if len(keys) == 0 {
					if err := trust(x.Chain.Keys); err != nil {
						return nil, nil, err
					}
				}
			case x.Checkpoint != "" && !rows:
				r.Checkpoint(x.Checkpoint, known)
			case x.Chain != nil || x.Checkpoint != "":
				return nil, nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Line %d is a checkpoint behind rows: they stand before all rows.", n), Fix: "Give it with --checkpoint."}
			case x.Seq == 0:
				return nil, nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("Line %d is no row of an audit.", n), Fix: "Make an export with: foretop audit -o ndjson"}
			default:
				if !rows {
					rows = true
					given()
				}
				r.Row(&x.Row)
			}
		}
		if readErr != nil {
			break
		}
	}
	given()
	if end != nil {
		seq, err := end()
		if err != nil {
			return nil, nil, err
		}
		r.End(seq)
	}
	return r.Finish(), trusted, nil
}

// FindCheckpoints takes signed texts out of a text: checkpoints as they are, lines of an export or lines of a hub's log.
func FindCheckpoints(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		var x struct{ Checkpoint, Note string }
		if json.Unmarshal([]byte(line), &x) == nil && x.Checkpoint+x.Note != "" {
			list = append(list, x.Checkpoint+x.Note)
		}
	}
	if list != nil {
		return list
	}
	_, rest, _ := strings.Cut(text, origin+"\n")
	for part := range strings.SplitSeq(rest, origin+"\n") {
		body, sigs, ok := strings.Cut(part, "\n\n")
		if !ok {
			continue
		}
		signed := origin + "\n" + body + "\n\n"
		for line := range strings.Lines(sigs) {
			if !strings.HasPrefix(line, "\u2014 ") {
				break
			}
			signed += strings.TrimRight(line, "\n") + "\n"
		}
		list = append(list, signed)
	}
	return list
}
