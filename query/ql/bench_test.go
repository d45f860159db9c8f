package ql

import "testing"

// BenchmarkParse is what every request pays: the reference example, resolved and compiled.
func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		q, err := Parse(`kind:Deployment cluster:zone* ns:shop status:!Ready image:nginx label.app=web age<1h checkout`, testOptions(Resources))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := q.ClickHouse(inline{}, Env{}); err != nil {
			b.Fatal(err)
		}
	}
}
