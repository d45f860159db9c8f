package texts

import (
	"context"
	"fmt"
	"testing"
)

func filled(b *testing.B, objects int) *Store {
	b.Helper()
	s, err := Open(Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	for i := range objects {
		s.Publish(s.Write(pod(i), 1, text(i, 1)))
	}
	return s
}

func BenchmarkWrite(b *testing.B) {
	s := filled(b, 1000)
	one := text(1, 1)
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		s.Publish(s.Write(pod(i%100_000), uint64(i), one))
	}
}

func BenchmarkGet(b *testing.B) {
	const objects = 100_000
	s := filled(b, objects)
	room := make([]byte, 0, 64<<10)
	b.SetBytes(int64(len(text(1, 1))))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i += 7919
		if _, ok := s.Get(room, pod(i%objects), 1); !ok {
			b.Fatal("a miss")
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	const objects = 200_000
	dir := filled(b, objects).dir
	for b.Loop() {
		s, err := Open(Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range s.all() {
			if err := s.load(context.Background(), f); err != nil {
				b.Fatal(err)
			}
		}
		if n := s.places.count(); n != objects {
			b.Fatal(fmt.Sprint(n, " objects"))
		}
		_ = s.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/objects, "ns/object")
}
