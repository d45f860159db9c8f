package texts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// kept is a store and what it counts.
type kept struct {
	*Store
	counters *prometheus.Registry
}

func open(t *testing.T, dir string, most int64) kept {
	t.Helper()
	counters := prometheus.NewRegistry()
	s, err := Open(Config{Dir: dir, Most: most, Registerer: counters})
	if err != nil {
		t.Fatal(err)
	}
	s.fileBytes = 256 << 10
	return kept{s, counters}
}

// counted is a counter's sum over its labels.
func (k kept) counted(t *testing.T, name string) (sum float64) {
	t.Helper()
	families, err := k.counters.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// running is a store whose Run has loaded what is there; stop ends it as a hub ends.
func running(t *testing.T, dir string, most int64) (s kept, stop func()) {
	t.Helper()
	s = open(t, dir, most)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		run.Wait()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(stop)
	<-s.Loaded()
	return s, stop
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is never %s", what)
		}
	}
}

func pod(i int) Key {
	return Key{Cluster: "3b0f8a6e-0000-4000-8000-00000000000" + fmt.Sprint(i%10), Resource: "pods", Namespace: fmt.Sprintf("ns-%d", i%7), Name: fmt.Sprintf("pod-%d", i)}
}

// text is what objects are: much alike.
func text(i int, ver uint64) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-%d","resourceVersion":"%d"},"spec":{"nodeName":"node-%d","filler":"%s"}}`,
		i, ver, i*7919, strings.Repeat("the same of all ", 20))
}

// noise is a text that nothing makes smaller.
func noise(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('!' + r.IntN(90))
	}
	return string(b)
}

func want(t *testing.T, s kept, k Key, ver uint64, text string) {
	t.Helper()
	if got, ok := s.Get([]byte("before"), k, ver); !ok || string(got) != "before"+text {
		t.Fatalf("%s %d: got %t %.80q, want %.80q", k.Name, ver, ok, got, text)
	}
}

func wantMiss(t *testing.T, s kept, k Key, ver uint64) {
	t.Helper()
	if got, ok := s.Get([]byte("before"), k, ver); ok || string(got) != "before" {
		t.Fatalf("%s %d: got %t %.80q, want a miss", k.Name, ver, ok, got)
	}
}

func TestATextIsFoundByKeyAndVersion(t *testing.T) {
	s, _ := running(t, t.TempDir(), 0)
	for i := range 2000 {
		s.Put(pod(i), uint64(i+1), text(i, 1))
	}
	for i := range 2000 {
		want(t, s, pod(i), uint64(i+1), text(i, 1))
		wantMiss(t, s, pod(i), uint64(i+2))
	}
	wantMiss(t, s, pod(2000), 2001)
	s.Put(pod(5), 10_000, text(5, 2))
	want(t, s, pod(5), 10_000, text(5, 2))
	wantMiss(t, s, pod(5), 6)
	s.Put(pod(5), 10_000, text(5, 3)) // nobody looks whether it is another one
	want(t, s, pod(5), 10_000, text(5, 2))
	s.Publish(s.Write(pod(5), 10_000, text(5, 3))) // a version that was refused, given again after control state was restored
	want(t, s, pod(5), 10_000, text(5, 3))
	s.Drop(pod(5), 10_001)
	wantMiss(t, s, pod(5), 10_000)
	large := noise(1, 100_000)
	s.Put(pod(5), 10_001, large)
	wantMiss(t, s, pod(5), 10_001) // more than a quarter of a file
	s.Put(pod(6), 10_002, large[:50_000])
	want(t, s, pod(6), 10_002, large[:50_000])
	var none kept
	none.Put(pod(1), 1, "{}")
	none.Drop(pod(1), 2)
	wantMiss(t, none, pod(1), 1)
}

func TestAWrittenTextIsFoundWhenItIsPublished(t *testing.T) {
	s, _ := running(t, t.TempDir(), 0)
	s.Put(pod(1), 1, text(1, 1))
	written := s.Write(pod(1), 2, text(1, 2))
	want(t, s, pod(1), 1, text(1, 1))
	s.Publish(written)
	want(t, s, pod(1), 2, text(1, 2))
	wantMiss(t, s, pod(1), 1)
}

func TestTextsSurviveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "texts")
	s, stop := running(t, dir, 0)
	for i := range 5000 {
		s.Put(pod(i), 1, text(i, 1))
	}
	for i := range 1000 {
		s.Put(pod(i), 2, text(i, 2))
	}
	for i := 4000; i < 5000; i++ {
		s.Drop(pod(i), 2)
	}
	stop()
	for round := range 3 {
		s, stop = running(t, dir, 0)
		if n := s.places.count(); n != 4000+round {
			t.Fatalf("%d objects are found, want %d", n, 4000+round)
		}
		for i := range 5000 {
			switch {
			case i < 1000:
				want(t, s, pod(i), 2, text(i, 2))
			case i < 4000:
				want(t, s, pod(i), 1, text(i, 1))
			default:
				wantMiss(t, s, pod(i), 1)
			}
		}
		s.Put(pod(6000+round), 1, text(1, 1))
		stop()
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	for _, path := range files(t, dir) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", path, info.Mode(), err)
		}
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.texts"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatIsWrittenWhileTheFilesAreLoadedIsNewer(t *testing.T) {
	dir := t.TempDir()
	s, stop := running(t, dir, 0)
	for i := range 100 {
		s.Put(pod(i), 1, text(i, 1))
	}
	stop()
	s = open(t, dir, 0)
	wantMiss(t, s, pod(1), 1) // not yet
	pending := s.Write(pod(4), 2, text(4, 2))
	s.Put(pod(2), 2, text(2, 2))
	s.Drop(pod(3), 2)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx) })
	<-s.Loaded()
	want(t, s, pod(1), 1, text(1, 1))
	want(t, s, pod(2), 2, text(2, 2))
	wantMiss(t, s, pod(3), 1)
	want(t, s, pod(4), 1, text(4, 1)) // what is written is not what is published
	s.Publish(pending)
	want(t, s, pod(4), 2, text(4, 2))
	cancel()
	run.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = running(t, dir, 0)
	wantMiss(t, s, pod(3), 1)
}

func TestATornFileLosesItsTail(t *testing.T) {
	for _, cut := range []int64{1, headBytes, headBytes + 3, 300} {
		dir := t.TempDir()
		s, stop := running(t, dir, 0)
		for i := range 100 {
			s.Put(pod(i), 1, text(i, 1))
		}
		stop()
		last := files(t, dir)[0]
		info, err := os.Stat(last)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(last, info.Size()-cut); err != nil {
			t.Fatal(err)
		}
		s, stop = running(t, dir, 0)
		wantMiss(t, s, pod(99), 1)
		want(t, s, pod(50), 1, text(50, 1))
		s.Put(pod(99), 2, text(99, 2)) // behind what is whole
		stop()
		s, stop = running(t, dir, 0)
		want(t, s, pod(99), 2, text(99, 2))
		want(t, s, pod(50), 1, text(50, 1))
		stop()
	}
}

func TestDamageIsAMiss(t *testing.T) {
	dir := t.TempDir()
	s, stop := running(t, dir, 0)
	const n = 3000 // some files
	for i := range n {
		s.Put(pod(i), 1, text(i, 1))
	}
	for round := range uint64(20) {
		r := rand.New(rand.NewPCG(round, 2))
		for _, path := range files(t, dir) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(fileMark)+r.IntN(len(b)-len(fileMark))] ^= byte(1 + r.IntN(255))
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		lost, before := 0, s.counted(t, "foretop_texts_misses_total")
		for i := range n {
			got, ok := s.Get(nil, pod(i), 1)
			if ok && string(got) != text(i, 1) {
				t.Fatalf("a damaged text is answered: %.100q", got)
			}
			if !ok {
				lost++
			}
		}
		if got := s.counted(t, "foretop_texts_misses_total") - before; got != float64(lost) {
			t.Errorf("%v misses are counted of %d", got, lost)
		}
		if most := int(round+1) * 2 * len(files(t, dir)); lost > most && round < 3 {
			t.Errorf("%d texts are lost to %d bytes that are wrong", lost, most)
		}
		if round%5 == 4 { // heads are read again
			stop()
			s, stop = running(t, dir, 0)
		}
	}
	for i := range n {
		s.Put(pod(i), 2, text(i, 2))
		want(t, s, pod(i), 2, text(i, 2))
	}
}

func TestDictionariesThatAreLostAreMisses(t *testing.T) {
	dir := t.TempDir()
	s, stop := running(t, dir, 0)
	for i := range 1000 {
		s.Put(pod(i), 1, text(i, 1))
	}
	stop()
	if err := os.Remove(filepath.Join(dir, "dictionaries")); err != nil {
		t.Fatal(err)
	}
	s, _ = running(t, dir, 0)
	want(t, s, pod(1), 1, text(1, 1)) // written before there was one
	wantMiss(t, s, pod(999), 1)
	for i := range 1000 { // which makes another dictionary
		s.Put(pod(i), 2, text(i+1000, 2))
		want(t, s, pod(i), 2, text(i+1000, 2))
	}
}

func TestForeignFilesAreNoTexts(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, nameOf(7)), []byte("of another format"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := running(t, dir, 0)
	s.Put(pod(1), 1, text(1, 1))
	want(t, s, pod(1), 1, text(1, 1))
	if _, err := os.Stat(filepath.Join(dir, "notes")); err != nil {
		t.Error(err)
	}
}

func TestFilesOfWhichLittleIsFoundAreGivenUp(t *testing.T) {
	dir := t.TempDir()
	s, stop := running(t, dir, 0)
	const n = 4000
	for i := range n {
		s.Put(pod(i), 1, noise(uint64(i), 400))
	}
	for ver := range uint64(10) {
		for i := range n / 2 {
			s.Put(pod(i*2), ver+2, noise(uint64(i)+ver<<20, 400))
		}
	}
	for i := range n / 4 {
		s.Drop(pod(i), 20)
	}
	eventually(t, "small", func() bool {
		total, living := s.bytes()
		return total < 2*living+2*s.fileBytes
	})
	check := func() {
		t.Helper()
		for i := range n {
			switch {
			case i < n/4:
				wantMiss(t, s, pod(i), 1)
				wantMiss(t, s, pod(i), 11)
			case i%2 == 0:
				want(t, s, pod(i), 11, noise(uint64(i/2)+9<<20, 400))
			default:
				want(t, s, pod(i), 1, noise(uint64(i), 400))
			}
		}
		if got := s.places.count(); got != n*3/4 {
			t.Errorf("%d objects are found, want %d", got, n*3/4)
		}
		_, living := s.bytes()
		sum := int64(0)
		for i := range n {
			digest, _ := pod(i).digest()
			sum += s.places.get(digest).size()
		}
		if living != sum {
			t.Errorf("%d bytes are said to be in use, %d are", living, sum)
		}
	}
	check()
	stop()
	s, _ = running(t, dir, 0)
	check()
}

func TestTheOldestGoBeyondTheBound(t *testing.T) {
	const most = 2 << 20
	s, _ := running(t, t.TempDir(), most)
	const n = 10_000 // of 5 MB
	for i := range n {
		s.Put(pod(i), 1, noise(uint64(i), 500))
	}
	eventually(t, "within its bound", func() bool { total, _ := s.bytes(); return total <= most })
	wantMiss(t, s, pod(0), 1)
	want(t, s, pod(n-1), 1, noise(n-1, 500))
	there := 0
	for i := range n {
		if _, ok := s.Get(nil, pod(i), 1); ok {
			there++
		}
	}
	if there < n/4 {
		t.Errorf("%d of %d are left", there, n)
	}
}

func TestADiskThatRefusesIsAMiss(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "texts")
	s, _ := running(t, dir, 0)
	s.Put(pod(1), 1, text(1, 1))
	if err := os.RemoveAll(dir); err != nil { // no file can be made any more; the open one still grows
		t.Fatal(err)
	}
	for i := range 2000 {
		s.Put(pod(i), 2, noise(uint64(i), 500))
	}
	want(t, s, pod(1), 2, noise(1, 500))
	wantMiss(t, s, pod(1999), 2)
	if s.counted(t, "foretop_texts_failed_writes_total") == 0 {
		t.Error("texts that could not be written are not counted")
	}
}

// TestReadersAndWritersAtOnce has files given up, texts replaced and deleted while they are read.
func TestReadersAndWritersAtOnce(t *testing.T) {
	s, _ := running(t, t.TempDir(), 0)
	s.writing.Lock()
	s.fileBytes = 32 << 10
	s.writing.Unlock()
	const n = 300
	var latest [n]struct {
		sync.Mutex
		ver uint64
	}
	var all, writers sync.WaitGroup
	done := make(chan struct{})
	for w := range 2 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 3))
			for range 20_000 {
				i := r.IntN(n/2)*2 + w // each object has one writer
				l := &latest[i]
				l.Lock()
				if l.ver++; l.ver%17 == 0 {
					s.Drop(pod(i), l.ver)
				} else {
					s.Put(pod(i), l.ver, text(i, l.ver))
				}
				l.Unlock()
			}
		})
	}
	for w := range 2 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 4))
			for {
				select {
				case <-done:
					return
				default:
				}
				i := r.IntN(n)
				l := &latest[i]
				l.Lock()
				ver := l.ver
				got, ok := s.Get(nil, pod(i), ver)
				l.Unlock()
				if ok != (ver > 0 && ver%17 != 0) || ok && string(got) != text(i, ver) {
					t.Errorf("object %d, version %d: got %t %.80q", i, ver, ok, got)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	all.Wait()
	eventually(t, "small", func() bool {
		total, living := s.bytes()
		return total < 2*living+2*s.fileBytes
	})
}

func TestTheListOfDeletedObjectsIsShortened(t *testing.T) {
	dir := t.TempDir()
	s, stop := running(t, dir, 0)
	for i := range 3000 {
		s.Put(pod(i), 1, noise(uint64(i), 400))
	}
	for i := range 2990 {
		s.Drop(pod(i), 2)
		s.Drop(pod(i), 2) // twice is once
	}
	if got := s.drops.size(); got != 2990*dropBytes {
		t.Errorf("the list is %d bytes long, want %d", got, 2990*dropBytes)
	}
	eventually(t, "small", func() bool { total, _ := s.bytes(); return total <= s.fileBytes })
	stop()
	s, stop = running(t, dir, 0)
	if got := s.drops.size(); got == 0 || got > s.fileBytes/400*dropBytes {
		t.Errorf("of objects whose records are in one file, the list is %d bytes long", got)
	}
	wantMiss(t, s, pod(1), 1)
	want(t, s, pod(2999), 1, noise(2999, 400))
	stop()

	path := filepath.Join(dir, "dropped")
	if err := os.WriteFile(path, []byte("cut"), 0o600); err != nil { // as a crash leaves it
		t.Fatal(err)
	}
	s, _ = running(t, dir, 0)
	want(t, s, pod(2999), 1, noise(2999, 400))
	s.Drop(pod(2999), 2)
	wantMiss(t, s, pod(2999), 1)
}
