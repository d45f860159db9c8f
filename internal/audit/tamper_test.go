package audit

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/state"
)

// change alters what is stored, as somebody with rights on the database can.
func change(t *testing.T, db *clickhouse.DB, what string) {
	t.Helper()
	if err := db.Exec(t.Context(), "ALTER TABLE "+db.Table("audit")+" "+what+" SETTINGS mutations_sync = 2", nil); err != nil {
		t.Fatal(err)
	}
}

// found expects exactly these findings: kind and sentence, one after the other.
func found(t *testing.T, l *Log, want ...string) {
	t.Helper()
	v, err := l.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, v, want...)
}

func same(t *testing.T, v *Verdict, want ...string) {
	t.Helper()
	var got []string
	for _, f := range v.Findings {
		got = append(got, f.Kind, f.Text)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// signedLog is an audit of ten rows, of which the first and the last four are signed for.
func signedLog(t *testing.T) (*Log, *fragile, *state.Store, *Key) {
	t.Helper()
	l, db, store := openLog(t)
	key, err := OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), keyPrefix+"1", []byte(key.Public())); err != nil {
		t.Fatal(err)
	}
	for _, to := range []int{5, 9} {
		l.must(t, to-4, to)
		c, err := l.sign(t.Context(), key, 0, 1)
		if err != nil || c == nil || c.Seq != uint64(to+1) {
			t.Fatalf("signed %+v, %v", c, err)
		}
	}
	found(t, l)
	return l, db, store, key
}

// replace writes rows anew, whatever was there.
func replace(t *testing.T, db *fragile, rows []Row) {
	t.Helper()
	if err := db.Exec(t.Context(), "TRUNCATE TABLE "+db.Table("audit"), nil); err != nil {
		t.Fatal(err)
	}
	if err := db.DB.Insert(t.Context(), "audit", columnsOf(rows), ""); err != nil {
		t.Fatal(err)
	}
}

// rehash makes every row from i on hang together again.
func rehash(rows []Row, i int) {
	for ; i < len(rows); i++ {
		rows[i].PrevHash = ""
		if i > 0 {
			rows[i].PrevHash = rows[i-1].Hash
		}
		rows[i].Hash = rows[i].Sum()
	}
}

func TestTamperingIsFound(t *testing.T) {
	l, db, store, key := signedLog(t)
	rows := l.all(t)
	var signed []*Checkpoint
	err := l.Checkpoints(t.Context(), func(text string) error {
		c, err := unsigned(text)
		signed = append(signed, c)
		return err
	})
	if err != nil || len(signed) != 2 {
		t.Fatalf("checkpoints %v, %v", signed, err)
	}
	const forgedSum = "does not have its hash."
	for name, c := range map[string]struct {
		tamper func(t *testing.T, l *Log, db *fragile, store *state.Store)
		want   []string
	}{
		"a changed row": {func(t *testing.T, _ *Log, db *fragile, _ *state.Store) {
			change(t, db.DB, "UPDATE actor = 'nobody' WHERE seq = 4")
		}, []string{Changed, "Row 4 was changed: what it says " + forgedSum}},
		"a changed row with a hash that fits": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			r := l.all(t)[3]
			r.Actor = "nobody"
			change(t, db.DB, "UPDATE actor = 'nobody', hash = '"+r.Sum()+"' WHERE seq = 4")
		}, []string{Rewritten, "Row 5 does not follow row 4 as that is now: one of them was rewritten."}},
		"a dropped row": {func(t *testing.T, _ *Log, db *fragile, _ *state.Store) {
			change(t, db.DB, "DELETE WHERE seq = 4")
		}, []string{Missing, "Row 4 is missing."}},
		"dropped rows, the rest renumbered and hashed anew": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			rows := l.all(t)
			rows = append(rows[:3:3], rows[5:]...)
			for i := range rows {
				rows[i].Seq = uint64(i + 1)
			}
			rehash(rows, 3)
			replace(t, db, rows)
		}, []string{Rewritten, "Row 6 is not the one that was signed at TIME: the audit was rewritten up to there.",
			Truncated, "Rows 9 to 10 are missing at the end: row 10 was signed at TIME."}},
		"a dropped beginning": {func(t *testing.T, _ *Log, db *fragile, _ *state.Store) {
			change(t, db.DB, "DELETE WHERE seq <= 2")
		}, []string{Missing, "Rows 1 to 2 are missing."}},
		"a truncated tail": {func(t *testing.T, _ *Log, db *fragile, _ *state.Store) {
			change(t, db.DB, "DELETE WHERE seq > 8")
		}, []string{Truncated, "Rows 9 to 10 are missing at the end: row 10 was signed at TIME."}},
		"everything dropped": {func(t *testing.T, _ *Log, db *fragile, _ *state.Store) {
			replace(t, db, []Row{})
		}, []string{Truncated, "Rows 1 to 10 are missing at the end: row 10 was signed at TIME."}},
		"two rows that change places": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			rows := l.all(t)
			rows[3].Seq, rows[4].Seq = rows[4].Seq, rows[3].Seq
			replace(t, db, rows)
		}, []string{
			Changed, "Row 4 was changed: what it says " + forgedSum,
			Rewritten, "Row 4 does not follow row 3 as that is now: one of them was rewritten.",
			Changed, "Row 5 was changed: what it says " + forgedSum,
			Rewritten, "Row 5 does not follow row 4 as that is now: one of them was rewritten.",
			Rewritten, "Row 6 does not follow row 5 as that is now: one of them was rewritten."}},
		"two rows that change places, hashed anew to the end": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			rows := l.all(t)
			rows[3], rows[4] = rows[4], rows[3]
			rows[3].Seq, rows[4].Seq = 4, 5
			rehash(rows, 3)
			replace(t, db, rows)
		}, []string{Rewritten, "Row 6 is not the one that was signed at TIME: the audit was rewritten up to there.",
			Rewritten, "Row 10 is not the one that was signed at TIME: the audit was rewritten up to there.",
			Rewritten, "Row 10 is not the one that the chain ends with: the audit was rewritten up to there."}},
		"a row that stands twice": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			if err := db.DB.Insert(t.Context(), "audit", columnsOf(l.all(t)[3:4]), ""); err != nil {
				t.Fatal(err)
			}
		}, []string{Repeated, "Row 4 stands twice."}},
		"a row behind the end": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			rows := append(l.all(t), row(99))
			rows[10].Seq, rows[10].At = 11, rows[9].At
			rehash(rows, 10)
			if err := db.DB.Insert(t.Context(), "audit", columnsOf(rows[10:]), ""); err != nil {
				t.Fatal(err)
			}
		}, []string{Added, "Row 11 is not of the chain, which ends with row 10."}},
		"the whole written anew": {func(t *testing.T, l *Log, db *fragile, _ *state.Store) {
			rows := l.all(t)
			rows[0].Detail = strings.Replace(rows[0].Detail, "{", `{"x":1,`, 1)
			rehash(rows, 0)
			replace(t, db, rows)
		}, []string{Rewritten, "Row 6 is not the one that was signed at TIME: the audit was rewritten up to there.",
			Rewritten, "Row 10 is not the one that was signed at TIME: the audit was rewritten up to there.",
			Rewritten, "Row 10 is not the one that the chain ends with: the audit was rewritten up to there."}},
		"a checkpoint signed by another key": {func(t *testing.T, l *Log, _ *fragile, _ *state.Store) {
			forger, err := OpenKey(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if err := l.keep(t.Context(), signedBy(t, forger, l.all(t)[6])); err != nil {
				t.Fatal(err)
			}
		}, []string{Forged, "The checkpoint of row 7 is not signed by a known key."}},
		"a checkpoint whose text was changed": {func(t *testing.T, l *Log, _ *fragile, store *state.Store) {
			e, err := store.Get(t.Context(), checkpointKey)
			if err != nil {
				t.Fatal(err)
			}
			forged := &Checkpoint{Seq: 8, Hash: l.all(t)[7].Hash, At: l.all(t)[7].At, Note: strings.Replace(string(e.Value), "\n10\n", "\n8\n", 1)}
			if err := l.keep(t.Context(), forged); err != nil {
				t.Fatal(err)
			}
		}, []string{Forged, "The checkpoint of row 8 is forged: its signature is not that of key KEY."}},
	} {
		t.Run(name, func(t *testing.T) {
			replace(t, db, rows)
			if err := db.Exec(t.Context(), "TRUNCATE TABLE "+db.Table("audit_checkpoints"), nil); err != nil {
				t.Fatal(err)
			}
			for _, c := range signed {
				if err := l.keep(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			found(t, l)
			c.tamper(t, l, db, store)
			v, err := l.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range v.Findings {
				f := &v.Findings[i]
				for _, w := range strings.FieldsFunc(f.Text, func(r rune) bool { return r == ' ' }) {
					if w = strings.TrimRight(w, ".:"); len(w) == len("2026-11-22T02:00:00Z") && strings.HasSuffix(w, "Z") {
						f.Text = strings.ReplaceAll(f.Text, w, "TIME")
					}
				}
				f.Text = strings.ReplaceAll(f.Text, key.name(), "KEY")
			}
			same(t, v, c.want...)
		})
	}
}

func TestATailThatNobodyHasSignedYetIsMissed(t *testing.T) {
	l, db, _, _ := signedLog(t)
	l.must(t, 10, 11)
	change(t, db.DB, "DELETE WHERE seq = 12")
	found(t, l, Truncated, "Row 12 is missing at the end: the chain ends with row 12.")
}

func signedBy(t *testing.T, k *Key, r Row) *Checkpoint {
	t.Helper()
	c := &Checkpoint{Seq: r.Seq, Hash: r.Hash, At: r.At}
	signed, err := note.Sign(&note.Note{Text: c.text()}, k.signer)
	if err != nil {
		t.Fatal(err)
	}
	c.Note = string(signed)
	return c
}
