package aggregator

import (
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/internal/texts/textstest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// changes are the versions after the first, with what changed.
const changes = `SELECT arrayStringConcat(groupArray(concat(resource_version, ':', arrayStringConcat(changed_paths, '+'))), ' ') FROM (SELECT * FROM {db}.resource_history WHERE previous_ver > 0 ORDER BY ver)`

func (h *hub) hasText(t *testing.T, name string, ver uint64) bool {
	t.Helper()
	text, ok := h.texts.Get(nil, objectKey{zone1, kube.GroupResource{Resource: "pods"}, at("shop", name)}.text(), ver)
	if ok && !strings.Contains(string(text), `"name":"`+name+`"`) {
		t.Errorf("the text of %s is %s", name, text)
	}
	return ok
}

func at(namespace, object string) name { return name{namespace, object} }

func TestTextsAreOfTheCurrentVersions(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "app:1"), pod(ingestpb.Op_OP_ADD, "b", "1", "app:1"))
	first := s.epoch<<seqBits | 1
	s.sends(pod(ingestpb.Op_OP_UPDATE, "a", "2", "app:2"), deleted("b"))
	if h.hasText(t, "a", first) || !h.hasText(t, "a", first+2) {
		t.Error("the text of an object is not that of its newest version")
	}
	if h.hasText(t, "b", first+1) || h.hasText(t, "b", first+3) {
		t.Error("a deleted object has a text")
	}
	s.sends(pod(ingestpb.Op_OP_ADD, "b", "3", "app:1"))
	if !h.hasText(t, "b", first+4) {
		t.Error("an object that came again has no text")
	}
}

// A hub dies between writing a text and its commit: the next one finds a text that no table has the version of.
func TestATextWhoseCommitWasRefusedIsComparedWithNothing(t *testing.T) {
	db, store, dir := clickhousetest.Open(t), statetest.Open(t), t.TempDir()
	kept, closes := textstest.Open(t, dir)
	h := newHubWith(t, db, store, kept)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "app:1"))
	durable := s.epoch<<seqBits | 1
	h.stop()

	refused := h.opens(t)
	if _, err := refused.take(t.Context(), refused.seal(pod(ingestpb.Op_OP_UPDATE, "a", "2", "app:2"))); err != nil {
		t.Fatal(err)
	}
	if !h.hasText(t, "a", durable) || h.hasText(t, "a", refused.epoch<<seqBits|1) {
		t.Error("a version that is not durable has the text")
	}
	h.Forget(zone1)
	closes()

	kept, _ = textstest.Open(t, dir)
	h = newHubWith(t, db, store, kept)
	if !h.hasText(t, "a", refused.epoch<<seqBits|1) {
		t.Fatal("the newest text that was written is not found: this proves nothing")
	}
	s = h.opens(t)
	if s.epoch <= refused.epoch {
		t.Fatalf("epoch %d follows epoch %d", s.epoch, refused.epoch)
	}
	s.sends(pod(ingestpb.Op_OP_UPDATE, "a", "3", "app:2"))
	h.wants(t, "it is compared with what is durable", "3:spec.containers[app].image", changes)
	if !h.hasText(t, "a", s.epoch<<seqBits|1) {
		t.Error("the version that is durable now has no text")
	}
}

func TestTextsThatAreLostAreReadFromTheDatabase(t *testing.T) {
	db, store := clickhousetest.Open(t), statetest.Open(t)
	kept, _ := textstest.Open(t, t.TempDir())
	h := newHubWith(t, db, store, kept)
	h.opens(t).sends(pod(ingestpb.Op_OP_ADD, "a", "1", "app:1"))
	h.stop()
	kept, _ = textstest.Open(t, t.TempDir())
	h = newHubWith(t, db, store, kept)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_UPDATE, "a", "2", "app:2"))
	s.sends(pod(ingestpb.Op_OP_UPDATE, "a", "3", "app:2"))
	h.wants(t, "changes", "2:spec.containers[app].image 3:", changes)
	if !h.hasText(t, "a", s.epoch<<seqBits|2) {
		t.Error("the newest version has no text")
	}
}
