package query

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

// The quick way says what the slow one says, or leaves it to that.
func TestAnObjectIsMarkedInPlace(t *testing.T) {
	f := func(text string, quick bool) {
		t.Helper()
		o := object{`zone"1`, []byte(text)}
		if at, _ := o.place(); (at >= 0) != quick {
			t.Errorf("%s: place %d", text, at)
		}
		sameObject(t, o)
	}
	f(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}`, true)
	f(`{"metadata":{}}`, true)
	f(` { "metadata" : { "annotations" : { } , "name" : "a" } } `, true)
	f(`{"a":[{"metadata":{"x":"}"}}],"b":"\"metadata\":{","n":-1.5e3,"t":true,"metadata":{"labels":{"annotations":"x"},"annotations":{"k":"{\\"}}}`, true)
	f(`{"metadata":{"annotations":{"foretop.io/cluster":"old"}}}`, false)
	f(`{"metadata":{"annotations":null}}`, false)
	f(`{"metadata":null}`, false)
	f(`{"kind":"x"}`, false)
	f(`{}`, false)
}

func FuzzMarked(f *testing.F) {
	f.Add([]byte(`{"metadata":{"annotations":{"a":"b"}},"spec":[1,{"x":null}]}`))
	f.Add([]byte(`{"x":"\\\"","metadata":{ }}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var o map[string]any
		if json.Unmarshal(text, &o) != nil || hasTwice(text) {
			return
		}
		sameObject(t, object{"zone1", text})
	})
}

// hasTwice reports objects in which a key may stand twice: API servers write none.
func hasTwice(text []byte) bool {
	for _, key := range []string{"etadata", "nnotations"} {
		if bytes.Count(text, []byte(key)) > 1 {
			return true
		}
	}
	return bytes.Contains(text, []byte(`\u`))
}

func sameObject(t *testing.T, o object) {
	t.Helper()
	var written bytes.Buffer
	out := bufio.NewWriter(&written)
	if err := errors.Join(o.write(out), out.Flush()); err != nil {
		t.Fatal(err)
	}
	quick := written.Bytes()
	slow, err := o.markedSlowly()
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(quick, &a); err != nil {
		t.Fatalf("%s is marked as %s: %v", o.json, quick, err)
	}
	if err := json.Unmarshal(slow, &b); err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%s is marked as %s, want %s", o.json, quick, slow)
	}
}
