package audit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/access"
)

// An export is verified without the hub, by a key and checkpoints that were kept elsewhere.
func TestExportsAreVerified(t *testing.T) {
	l, _, _, key := signedLog(t)
	var b bytes.Buffer
	rows, err := l.Write(t.Context(), access.All("test"), "", true, &b, func() {})
	if err != nil || rows != 10 {
		t.Fatalf("wrote %d rows, %v", rows, err)
	}
	lines := strings.SplitAfter(b.String(), "\n")
	lines = lines[:len(lines)-1]
	if len(lines) != 13 { // the chain, two checkpoints, ten rows
		t.Fatalf("%d lines:\n%s", len(lines), b.String())
	}
	newest := FindCheckpoints(lines[2])
	head, written := lines[:3], lines[3:]
	verify := func(lines, keys, checkpoints []string) (*Verdict, error) {
		v, _, err := VerifyExport(strings.NewReader(strings.Join(lines, "")), keys, checkpoints, nil)
		return v, err
	}
	f := func(name string, lines, keys, checkpoints []string, want ...string) *Verdict {
		t.Helper()
		v, err := verify(lines, keys, checkpoints)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var kinds []string
		for _, x := range v.Findings {
			kinds = append(kinds, x.Kind)
		}
		if !slices.Equal(kinds, want) {
			t.Errorf("%s: found %v %q, want %v", name, kinds, v.Sentences(), want)
		}
		return v
	}
	ours := []string{key.Public()}
	if v := f("whole", lines, ours, nil); v.Signed == nil || v.Signed.Seq != 10 || v.Rows != 10 || v.Checkpoints != 2 {
		t.Errorf("verdict %+v", v)
	}
	f("its own key", lines, nil, nil)
	if v := f("rows alone", written, ours, nil); v.Signed != nil {
		t.Errorf("rows alone are signed by %+v", v.Signed)
	}
	f("rows and a checkpoint of elsewhere", written, ours, newest)
	f("changed", append(slices.Clone(head), strings.Replace(strings.Join(written, ""), "olga", "anna", 1)), ours, nil, Changed)
	f("dropped", append(slices.Clone(head), slices.Delete(slices.Clone(written), 4, 6)...), ours, nil, Missing)
	f("truncated", append(slices.Clone(head), written[:7]...), ours, nil, Truncated)
	f("truncated, without what says how long it was", written[:7], ours, newest, Truncated)
	swapped := slices.Clone(written)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	f("reordered", append(slices.Clone(head), swapped...), ours, nil, Reordered)
	slices.Reverse(swapped)
	if v := f("turned round", append(slices.Clone(head), swapped...), ours, nil, slices.Repeat([]string{Reordered}, 9)...); !strings.HasPrefix(v.Sentences()[0], "Row 9 stands behind row 10") {
		t.Errorf("sentences %q", v.Sentences())
	}
	f("repeated", append(slices.Clone(lines), written[9]), ours, nil, Repeated)
	forger, err := OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f("signed by others than one expects", lines, []string{forger.Public()}, nil, Forged, Forged)

	for says, text := range map[string]string{
		"Line 1 is no line of an audit's export": "hello\n",
		"Line 1 is no row of an audit":           `{"kind":"Pod"}`,
		"Line 4 is a checkpoint behind rows":     strings.Join([]string{lines[0], lines[1], written[0], lines[2]}, ""),
	} {
		if _, err := verify([]string{text}, ours, nil); access.Code(err) != "BAD_REQUEST" || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %s", err, says)
		}
	}
}

func TestCheckpointsAreFoundInTexts(t *testing.T) {
	l, _, _, key := signedLog(t)
	s, err := l.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := s.Checkpoint.Note
	keys, err := ReadKeys([]string{key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"as it is":         text,
		"with text around": "From: a colleague\n\n" + text + "\nbye\n",
		"two":              text + "\n" + text,
	} {
		got := FindCheckpoints(in)
		if len(got) == 0 {
			t.Errorf("%s: none found", name)
		}
		for _, x := range got {
			if c, err := OpenCheckpoint(x, keys); err != nil || c.Seq != 10 {
				t.Errorf("%s: %q: %v", name, x, err)
			}
		}
	}
	if got := FindCheckpoints("nothing"); len(got) != 0 {
		t.Errorf("found %q", got)
	}
}

func TestTheKeyIsKept(t *testing.T) {
	dir := t.TempDir()
	one, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenKey(dir)
	if err != nil || again.Public() != one.Public() {
		t.Errorf("opened %v, %v: want the same key", again, err)
	}
}
