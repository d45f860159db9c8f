package aggregator

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

func contentOf(text string) *ingestpb.Record {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	sum := sha256.Sum256([]byte(text))
	return &ingestpb.Record{Body: &ingestpb.Record_Document{Document: &ingestpb.Document{Sha256: sum[:], Gzip: packed.Bytes()}}}
}

// pathsOf are documents by path, each with its content.
func pathsOf(pairs ...string) *ingestpb.Record {
	d := &ingestpb.Documents{}
	for i := 0; i < len(pairs); i += 2 {
		sum := sha256.Sum256([]byte(pairs[i+1]))
		d.Documents = append(d.Documents, &ingestpb.DocumentPath{Path: pairs[i], ContentType: "application/json", Sha256: sum[:]})
	}
	return &ingestpb.Record{Body: &ingestpb.Record_Documents{Documents: d}}
}

func nameOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// welcomed are the contents that a collector is told of.
func welcomed(s *sender) (names []string) {
	for _, sum := range s.Welcome().Documents.Sha256 {
		names = append(names, hex.EncodeToString(sum))
	}
	slices.Sort(names)
	return names
}

const documentsOfZone1 = `SELECT arrayStringConcat(arrayMap((p, s) -> p || '=' || substring(s, 1, 8), paths, sha256s), ' ') FROM {db}.cluster_documents FINAL WHERE cluster = '` + zone1 + `'`

func short(pairs ...string) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, pairs[i]+"="+nameOf(pairs[i+1])[:8])
	}
	return strings.Join(all, " ")
}

func TestDocumentsOfAMemberAreStoredOnce(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	if names := welcomed(s); len(names) != 0 {
		t.Errorf("an empty hub has %v", names)
	}
	s.sends(contentOf("a"), contentOf("b"), pathsOf("/apis", "b", "/api", "a"))
	h.wants(t, "documents", short("/api", "a", "/apis", "b"), documentsOfZone1)
	h.wants(t, "contents", "2", `SELECT toString(count()) FROM {db}.documents FINAL`)

	again := h.opens(t)
	want := []string{nameOf("a"), nameOf("b")}
	slices.Sort(want)
	if names := welcomed(again); !slices.Equal(names, want) {
		t.Errorf("the next stream is told of %v, want %v", names, want)
	}
	const version = `SELECT toString(max(ver)) FROM {db}.cluster_documents`
	before := h.asks(t, version)
	again.sends(pathsOf("/api", "a", "/apis", "b"))
	h.wants(t, "what is the same is not written again", before, version)
	again.sends(contentOf("c"), pathsOf("/api", "c", "/apis", "b"))
	again.sends(pathsOf("/api", "a")) // which was sent by the stream before
	h.wants(t, "documents", short("/api", "a"), documentsOfZone1)
}

func TestADocumentHasToBeWhatItIsCalled(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	wrong := contentOf("something else")
	wrong.GetDocument().Sha256 = contentOf("a").GetDocument().Sha256
	torn := contentOf("torn")
	torn.GetDocument().Gzip = torn.GetDocument().Gzip[:12]
	bomb := contentOf(strings.Repeat("x", documentMost+1))
	s.sends(contentOf("b"), wrong, torn, bomb, pathsOf("/api", "a", "/apis", "b", "/torn", "torn"))
	h.wants(t, "documents", short("/apis", "b"), documentsOfZone1)
	h.wants(t, "contents", nameOf("b"), `SELECT sha256 FROM {db}.documents FINAL`)
}

func TestADocumentThatIsNotHereEndsTheStream(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	if err := s.Send(t.Context(), s.seal(pathsOf("/api", "never sent"))); err == nil || !strings.Contains(err.Error(), "/api") {
		t.Errorf("got %v", err)
	}
	if err := s.Send(t.Context(), s.seal(pathsOf())); err == nil {
		t.Error("the stream goes on")
	}
	next := h.opens(t)
	next.sends(contentOf("never sent"), pathsOf("/api", "never sent"))
	h.wants(t, "documents", short("/api", "never sent"), documentsOfZone1)
}

func TestDocumentsThatNobodyHasAreForgotten(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(contentOf("a"), contentOf("b"), pathsOf("/api", "a", "/apis", "b"))
	s.sends(contentOf("c"), pathsOf("/api", "a", "/apis", "c"))
	h.wants(t, "contents", "3", `SELECT toString(count()) FROM {db}.documents FINAL`)
	if err := h.forgetDocuments(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	h.wants(t, "contents that may be on their way", "3", `SELECT toString(count()) FROM {db}.documents FINAL`)
	if err := h.forgetDocuments(t.Context(), time.Now().Add(documentsFor+time.Minute)); err != nil {
		t.Fatal(err)
	}
	want := []string{nameOf("a"), nameOf("c")}
	slices.Sort(want)
	h.wants(t, "contents", strings.Join(want, " "), `SELECT sha256 FROM {db}.documents FINAL ORDER BY sha256`)
}
