package kubeapi

import (
	"testing"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func TestValuesThatStayedInTheClusterAreAsterisks(t *testing.T) {
	f := func(what string, of kube.GroupResource, object, want, inTables string) {
		t.Helper()
		o := &records.Object{Ref: kube.Ref{GroupResource: of, Name: "x"}, JSON: []byte(object)}
		got, err := shown(o)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s %v, want %s", what, got, err, want)
		}
		if got, err = counted(o); err != nil || string(got) != inTables {
			t.Errorf("%s, in tables: got %s %v, want %s", what, got, err, inTables)
		}
	}
	same := func(what string, of kube.GroupResource, object string) {
		t.Helper()
		f(what, of, object, object, object)
	}

	f("as many as the value is long", secrets,
		`{"kind":"Secret","metadata":{"annotations":{"a":"b","foretop.io/redacted-keys":"{\"empty\":0,\"user\":4}"},"generation":9007199254740993}}`,
		`{"data":{"empty":"","user":"KioqKg=="},"kind":"Secret","metadata":{"annotations":{"a":"b"},"generation":9007199254740993}}`,
		`{"data":{"empty":"","user":""},"kind":"Secret","metadata":{"annotations":{"a":"b"},"generation":9007199254740993}}`)
	f("no annotations are left as none", secrets,
		`{"metadata":{"annotations":{"foretop.io/redacted-keys":"{\"k\":1}"},"name":"x"}}`,
		`{"data":{"k":"Kg=="},"metadata":{"name":"x"}}`,
		`{"data":{"k":""},"metadata":{"name":"x"}}`)
	f("binary values of ConfigMaps, beside the others", configMaps,
		`{"data":{"color":"blue"},"metadata":{"annotations":{"foretop.io/redacted-keys":"{\"blob\":3}"}}}`,
		`{"binaryData":{"blob":"Kioq"},"data":{"color":"blue"},"metadata":{}}`,
		`{"binaryData":{"blob":""},"data":{"color":"blue"},"metadata":{}}`)
	same("a Secret without data", secrets, `{"kind":"Secret","metadata":{"name":"x"}}`)
	same("an annotation that somebody else wrote", secrets, `{"metadata":{"annotations":{"foretop.io/redacted-keys":"mine"}}}`)
	same("any other kind", kube.GroupResource{Resource: "pods"}, `{"metadata":{"annotations":{"foretop.io/redacted-keys":"{\"k\":1}"}}}`)
}

func TestALengthThatCannotBeIsNotFollowed(t *testing.T) {
	o := &records.Object{Ref: kube.Ref{GroupResource: secrets}, JSON: []byte(`{"metadata":{"annotations":{"foretop.io/redacted-keys":"{\"a\":-5,\"b\":99999999999}"}}}`)}
	got, err := shown(o)
	if err != nil || len(got) > 3*mostOfValue {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
