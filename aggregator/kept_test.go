package aggregator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/kube"
)

func TestTextsAreKeptUntilNewerOnesNeedTheRoom(t *testing.T) {
	room := int64(2 << 20)
	k := newKeptTexts(func() int64 { return room })
	pods, maps := kube.GroupResource{Resource: "pods"}, kube.GroupResource{Resource: "configmaps"}
	text := func(i int) string {
		return fmt.Sprintf(`{"kind":"Pod","metadata":{"name":"pod-%d"},"spec":{"nodeName":"node-%d","filler":"%s"}}`, i, i*7919, strings.Repeat("the same of all ", 100))
	}
	var places []place
	add := func(gr kube.GroupResource, text string) place {
		p := k.put(gr, text)
		places = append(places, p)
		return p
	}
	for i := range 20_000 {
		add([]kube.GroupResource{pods, maps}[i%2], text(i))
	}
	there := 0
	for i, p := range places {
		got, ok := k.get(p)
		if ok {
			there++
		}
		if ok != (p != place{}) && i > 19_000 || ok && got != text(i) {
			t.Fatalf("text %d: got %.100q %t", i, got, ok)
		}
	}
	if there < 20_000 {
		t.Errorf("of 32 MB of texts that are much alike, %d of 20000 are in 2 MiB", there)
	}
	if _, ok := k.get(place{}); ok {
		t.Error("nowhere holds a text")
	}
	for range 3 * chunkBytes / 200 { // texts that nothing is like
		add(pods, fmt.Sprintf(`{"a":"%x"}`, scrambled(len(places))))
	}
	if k.size() != room {
		t.Errorf("it takes %d bytes, want %d", k.size(), room)
	}
	if _, ok := k.get(places[19_999]); ok {
		t.Error("an old text did not make room")
	}
	if p := k.put(pods, scrambled(1<<20)+scrambled(1<<20)); p != (place{}) {
		t.Error("a text larger than a chunk has a place")
	}
	room = chunkBytes
	for range 2 * chunkBytes / 200 {
		add(pods, scrambled(len(places)))
	}
	if k.size() != room {
		t.Errorf("it takes %d bytes when less is worth keeping, want %d", k.size(), room)
	}
}

// scrambled is a text of seed without repetitions: of 200 bytes, or of as many as a large seed says.
func scrambled(seed int) string {
	n := 200
	if seed >= 1<<20 {
		n = seed
	}
	b := make([]byte, n)
	x := uint64(seed)*2862933555777941757 + 3037000493
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte('!' + x%90)
	}
	return string(b)
}
