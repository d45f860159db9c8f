package aggregator

import (
	"strings"
	"testing"
	"time"
	"unique"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/kube"
)

func TestWhatIsRememberedIsTheSame(t *testing.T) {
	v1 := unique.Make("v1")
	at := time.Date(2026, 11, 21, 10, 0, 0, 7e6, time.UTC)
	for _, o := range []object{
		{uid: "0b7c1c1e-8f0a-4d6c-9e52-0123456789ab", resourceVersion: "18446744073709551615", apiVersion: v1, derived: kube.Derivation, ver: 7, changedAt: at, changedBy: "helm", changedPaths: []string{"spec", "", "metadata.labels[a/b]"}},
		{uid: "0B7C1C1E-8F0A-4D6C-9E52-0123456789AB", resourceVersion: "7", apiVersion: v1, changedAt: at},
		{uid: "0b7c1c1e+8f0a+4d6c+9e52+0123456789ab", resourceVersion: "7", apiVersion: v1, changedAt: at},
		{uid: "0b7c1c1e-8f0a-4d6c-9e52-0123456789ax", resourceVersion: "7", apiVersion: v1, changedAt: at},
		{uid: "uid-a", resourceVersion: "7", apiVersion: v1, changedAt: at},
		{uid: "", resourceVersion: "", apiVersion: v1, changedAt: at},
		{uid: "00000000-0000-0000-0000-000000000000", resourceVersion: "0", apiVersion: v1, changedAt: at, changedPaths: []string{""}},
		{uid: "00000000-0000-0000-0000-000000000000", resourceVersion: "007", apiVersion: v1, changedAt: at},
		{uid: "00000000-0000-0000-0000-000000000000", resourceVersion: "18446744073709551616", apiVersion: v1},
		{uid: "00000000-0000-0000-0000-000000000000", resourceVersion: "7", digest: "d", apiVersion: v1, changedAt: epochStart},
	} {
		known := knownSet{}
		known.put(kube.GroupResource{Resource: "pods"}, name{"shop", "a"}, &o)
		got := known.get(kube.GroupResource{Resource: "pods"}, name{"shop", "a"})
		if d := cmp.Diff(o, *got, cmp.AllowUnexported(object{}), cmp.Comparer(func(a, b unique.Handle[string]) bool { return a == b })); d != "" {
			t.Error(d)
		}
		plain := strings.HasPrefix(o.uid, "0") && o.uid[8] == '-' && o.uid == strings.ToLower(o.uid) && !strings.Contains(o.uid, "x") && o.digest == "" && o.resourceVersion != "007" && o.resourceVersion != "18446744073709551616"
		if r := remember(&o); (r.odd == nil) != plain {
			t.Errorf("%s at %s is odd: %t", o.uid, o.resourceVersion, r.odd != nil)
		}
	}
}
