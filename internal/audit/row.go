package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Row is one row of the audit, as it is stored, exported and verified.
type Row struct {
	Seq        uint64    `json:"seq"` // of the chain's rows each is one more than the one before
	At         time.Time `json:"at"`  // in milliseconds
	Action     string    `json:"action"`
	Actor      string    `json:"actor"`
	Source     string    `json:"source"` // ui, cli, api, hub
	Verb       string    `json:"verb"`
	Phase      string    `json:"phase"`
	ClusterUID string    `json:"clusterUID"`
	Cluster    string    `json:"cluster"` // its name at that time
	Group      string    `json:"group"`
	Resource   string    `json:"resource"`
	Namespace  string    `json:"namespace"`
	Name       string    `json:"name"`
	UID        string    `json:"uid"`
	Result     string    `json:"result"`
	Reason     string    `json:"reason"`
	Detail     string    `json:"detail"` // JSON, byte for byte what was hashed
	PrevHash   string    `json:"prevHash,omitempty"`
	Hash       string    `json:"hash,omitempty"` // "" for rows from before there was a chain
}

// Sum is the hash of a row: SHA-256, in hex, of a text that every language can make again. Its first line is
// "foretop audit row 1"; then each field stands as NAME:LENGTH:VALUE and a line feed, in this order, where LENGTH is that
// of VALUE in bytes and at is in milliseconds since 1970.
func (r *Row) Sum() string {
	h := sha256.New()
	r.write(h)
	return hex.EncodeToString(h.Sum(nil))
}

func (r *Row) write(w io.Writer) {
	fmt.Fprint(w, "foretop audit row 1\n")
	for _, f := range [...]struct{ name, value string }{
		{"seq", strconv.FormatUint(r.Seq, 10)},
		{"at", strconv.FormatInt(r.At.UnixMilli(), 10)},
		{"action", r.Action},
		{"actor", r.Actor},
		{"source", r.Source},
		{"verb", r.Verb},
		{"phase", r.Phase},
		{"clusterUID", r.ClusterUID},
		{"cluster", r.Cluster},
		{"group", r.Group},
		{"resource", r.Resource},
		{"namespace", r.Namespace},
		{"name", r.Name},
		{"uid", r.UID},
		{"result", r.Result},
		{"reason", r.Reason},
		{"detail", r.Detail},
		{"prevHash", r.PrevHash},
	} {
		fmt.Fprintf(w, "%s:%d:%s\n", f.name, len(f.value), f.value)
	}
}

// digest is that of the rows from before the chain, in the order of (at, seq).
type digest struct {
	n    uint64
	last uint64 // highest seq
	sum  [sha256.Size]byte
}

func (d *digest) add(r *Row) {
	h := sha256.New()
	h.Write(d.sum[:])
	r.write(h)
	h.Sum(d.sum[:0])
	d.n++
	d.last = max(d.last, r.Seq)
}

func (d *digest) hex() string { return hex.EncodeToString(d.sum[:]) }
