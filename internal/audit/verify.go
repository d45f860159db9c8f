package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/foretop/foretop/internal/access"
)

// Kinds of findings.
const (
	Changed   = "changed"   // a row does not say what it said
	Missing   = "missing"   // rows between others
	Truncated = "truncated" // rows at the end
	Reordered = "reordered" // a row stands behind a later one
	Repeated  = "repeated"  // a row stands twice
	Added     = "added"     // rows behind the end
	Rewritten = "rewritten" // rows hang together, and are not those that were signed or that came before
	Forged    = "forged"    // a checkpoint that no known key signed
	Before    = "before"    // rows from before the chain are not those that it began with
)

// Finding is one thing that is not as it was written.
type Finding struct {
	Kind     string
	From, To uint64 // rows that it is about; 0 when it is about none
	Text     string // a sentence
}

// findingsMost is how many findings are told one by one.
const findingsMost = 100

// Verdict is what a verification found.
type Verdict struct {
	Rows, Before, Checkpoints int
	Last                      uint64      // newest row
	Signed                    *Checkpoint // newest that a known key signed and that the rows agree with
	Findings                  []Finding   // the first so many
	More                      int         // findings that are not told
	Took                      time.Duration
}

// Whole holds when everything is as it was written, as far as there was something to compare it with.
func (v *Verdict) Whole() bool { return len(v.Findings) == 0 }

// Sentences are the findings in words.
func (v *Verdict) Sentences() []string {
	var list []string
	for _, f := range v.Findings {
		list = append(list, f.Text)
	}
	if v.More > 0 {
		list = append(list, fmt.Sprintf("And %d more.", v.More))
	}
	return list
}

// Verifier reads rows in the order in which they stand and tells what of them is not as it was written. It is told of
// checkpoints first. It is for one goroutine.
type Verifier struct {
	v       Verdict
	signed  map[uint64][]*Checkpoint
	newest  *Checkpoint // that is signed by a known key
	head    *Head       // where the chain ended before rows were read, when that is known
	end     uint64      // where it ended when they had been read; 0 when that is not known
	before  digest
	genesis *Row
	last    *Row   // with the highest number so far
	next    uint64 // number expected
	gaps    []gap
	strays  map[uint64]*Row // that came behind later ones, without their texts
}

// gap is rows that have not come when a later one did.
type gap struct {
	from, to    uint64
	prev, after string // hash of the row before it; what the row behind it says that its last one has
}

// NewVerifier makes one that has seen nothing.
func NewVerifier() *Verifier {
	return &Verifier{signed: map[uint64][]*Checkpoint{}, strays: map[uint64]*Row{}}
}

func (v *Verifier) find(kind string, from, to uint64, format string, args ...any) {
	if len(v.v.Findings) == findingsMost {
		v.v.More++
		return
	}
	v.v.Findings = append(v.v.Findings, Finding{kind, from, to, fmt.Sprintf(format, args...)})
}

// Checkpoint takes a signed text.
func (v *Verifier) Checkpoint(text string, keys note.Verifiers) {
	v.v.Checkpoints++
	c, err := OpenCheckpoint(text, keys)
	if err != nil {
		var unknown *note.UnverifiedNoteError
		var wrong *note.InvalidSignatureError
		seq := uint64(0)
		if said, err := unsigned(text); err == nil {
			seq = said.Seq
		}
		switch {
		case errors.As(err, &wrong):
			v.find(Forged, seq, seq, "The checkpoint of row %d is forged: its signature is not that of key %s+%08x.", seq, wrong.Name, wrong.Hash)
		case errors.As(err, &unknown):
			v.find(Forged, seq, seq, "The checkpoint of row %d is not signed by a known key.", seq)
		default:
			v.find(Forged, seq, seq, "A checkpoint cannot be read: %v.", err)
		}
		return
	}
	v.signed[c.Seq] = append(v.signed[c.Seq], c)
	if v.newest == nil || c.Seq > v.newest.Seq {
		v.newest = c
	}
}

// End takes where the chain ended when all rows had been read.
func (v *Verifier) End(seq uint64) { v.end = seq }

// Head takes where the chain ended before the first row was read, from whoever keeps that.
func (v *Verifier) Head(seq uint64, hash string, first uint64) {
	v.head = &Head{Seq: seq, Hash: hash, First: first}
}

// Row takes the next row.
func (v *Verifier) Row(r *Row) {
	if r.Hash == "" && v.genesis == nil && v.last == nil {
		v.v.Before++
		v.before.add(r)
		return
	}
	v.v.Rows++
	if r.Hash == "" {
		v.find(Changed, r.Seq, r.Seq, "Row %d has no hash.", r.Seq)
	} else if r.Sum() != r.Hash {
		v.find(Changed, r.Seq, r.Seq, "Row %d was changed: what it says does not have its hash.", r.Seq)
	}
	light := &Row{Seq: r.Seq, PrevHash: r.PrevHash, Hash: r.Hash}
	switch {
	case v.last == nil:
		v.begin(r)
	case r.Seq < v.next:
		v.stray(light)
		return
	case r.Seq > v.next:
		v.gaps = append(v.gaps, gap{v.next, r.Seq - 1, v.last.Hash, r.PrevHash})
	case r.PrevHash != v.last.Hash:
		v.find(Rewritten, r.Seq, r.Seq, "Row %d does not follow row %d as that is now: one of them was rewritten.", r.Seq, v.last.Seq)
	}
	v.last, v.next = light, r.Seq+1
	v.compare(light)
}

// begin takes the chain's first row.
func (v *Verifier) begin(r *Row) {
	if r.Phase != Genesis || r.PrevHash != "" {
		first := uint64(1)
		if v.head != nil && v.head.First > 0 {
			first = v.head.First
		} else if v.before.n > 0 {
			first = v.before.last + 1
		}
		if r.Seq > first {
			v.gaps = append(v.gaps, gap{first, r.Seq - 1, "", r.PrevHash})
		} else {
			v.find(Rewritten, r.Seq, r.Seq, "The chain does not begin with row %d: its first row is another one.", r.Seq)
		}
		return
	}
	v.genesis = r
	var said struct {
		RowsBefore   uint64 `json:"rowsBefore"`
		DigestBefore string `json:"digestBefore"`
	}
	if err := json.Unmarshal([]byte(r.Detail), &said); err != nil {
		v.find(Changed, r.Seq, r.Seq, "Row %d, the chain's first, does not say what was there before.", r.Seq)
		return
	}
	if said.RowsBefore != v.before.n || said.DigestBefore != v.before.hex() {
		v.find(Before, 0, 0, "The rows from before the chain were changed: there are %d of %d, or not as they were when it began.", v.before.n, said.RowsBefore)
	}
}

// compare holds a row against what was signed.
func (v *Verifier) compare(r *Row) {
	for _, c := range v.signed[r.Seq] {
		if c.Hash != r.Hash {
			v.find(Rewritten, 0, r.Seq, "Row %d is not the one that was signed at %s: the audit was rewritten up to there.", r.Seq, c.At.Format(time.RFC3339))
			continue
		}
		if v.v.Signed == nil || c.Seq > v.v.Signed.Seq {
			v.v.Signed = c
		}
	}
	if v.head != nil && v.head.Seq == r.Seq && v.head.Hash != r.Hash {
		v.find(Rewritten, 0, r.Seq, "Row %d is not the one that the chain ends with: the audit was rewritten up to there.", r.Seq)
	}
}

// stray takes a row that stands behind a later one.
func (v *Verifier) stray(r *Row) {
	_, twice := v.strays[r.Seq]
	if twice || !slices.ContainsFunc(v.gaps, func(g gap) bool { return g.from <= r.Seq && r.Seq <= g.to }) {
		v.find(Repeated, r.Seq, r.Seq, "Row %d stands twice.", r.Seq)
		return
	}
	v.find(Reordered, r.Seq, r.Seq, "Row %d stands behind row %d: rows were reordered.", r.Seq, v.last.Seq)
	v.strays[r.Seq] = r
	v.compare(r)
}

// Finish answers what was found.
func (v *Verifier) Finish() *Verdict {
	late := slices.Sorted(maps.Keys(v.strays))
	for _, g := range v.gaps {
		prev, from := g.prev, g.from // "" when the row before is not there
		for _, seq := range late {
			if seq < g.from || seq > g.to {
				continue
			}
			r := v.strays[seq]
			if seq > from {
				v.missing(from, seq-1)
				prev = ""
			}
			if prev != "" && r.PrevHash != prev {
				v.find(Rewritten, seq, seq, "Row %d does not follow row %d as that is now: one of them was rewritten.", seq, seq-1)
			}
			prev, from = r.Hash, seq+1
		}
		v.missing(from, g.to)
		if from > g.to && prev != "" && g.after != prev {
			v.find(Rewritten, g.to+1, g.to+1, "Row %d does not follow row %d as that is now: one of them was rewritten.", g.to+1, g.to)
		}
	}
	if v.last != nil {
		v.v.Last = v.last.Seq
	}
	end, why := uint64(0), ""
	if v.newest != nil && v.newest.Seq > v.v.Last {
		end, why = v.newest.Seq, fmt.Sprintf("row %d was signed at %s", v.newest.Seq, v.newest.At.Format(time.RFC3339))
	}
	if v.head != nil && v.head.Seq > v.v.Last && v.head.Seq > end {
		end, why = v.head.Seq, fmt.Sprintf("the chain ends with row %d", v.head.Seq)
	}
	if v.end > 0 && v.v.Last > v.end {
		v.find(Added, v.end+1, v.v.Last, "%s not of the chain, which ends with row %d.", rowsText(v.end+1, v.v.Last), v.end)
	}
	if end > 0 {
		v.find(Truncated, v.v.Last+1, end, "%s missing at the end: %s.", rowsText(v.v.Last+1, end), why)
	}
	return &v.v
}

func (v *Verifier) missing(from, to uint64) {
	if from <= to {
		v.find(Missing, from, to, "%s missing.", rowsText(from, to))
	}
}

func rowsText(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("Row %d is", from)
	}
	return fmt.Sprintf("Rows %d to %d are", from, to)
}

// Verify reads the whole audit and compares it with what hubs have signed and with where the chain ends.
func (l *Log) Verify(ctx context.Context) (*Verdict, error) {
	began := time.Now()
	s, err := l.State(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := ReadKeys(s.Keys)
	if err != nil {
		return nil, err
	}
	v := NewVerifier()
	v.Head(s.Seq, s.Hash, s.First)
	newest := ""
	if s.Checkpoint != nil {
		newest = s.Checkpoint.Note
		v.Checkpoint(newest, keys)
	}
	err = l.Checkpoints(ctx, func(text string) error {
		if text != newest {
			v.Checkpoint(text, keys)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := l.Export(ctx, access.All(Hub), "", func(r *Row) error { v.Row(r); return nil }); err != nil {
		return nil, err
	}
	if s, err = l.State(ctx); err != nil {
		return nil, err
	}
	v.End(s.Seq)
	verdict := v.Finish()
	verdict.Took = time.Since(began)
	return verdict, nil
}
