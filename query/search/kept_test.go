package search_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func TestAnAnswerSaysWhatIsNoLongerKept(t *testing.T) {
	w := newWorld(t)
	w.stop()
	w.kept = func(gr kube.GroupResource) time.Duration {
		if gr.Resource == "configmaps" {
			return 7 * 24 * time.Hour
		}
		return 30 * 24 * time.Hour
	}
	w.start()
	w.state("zone1", "", "configmaps", "ConfigMap", true, "cm")
	w.state("zone1", "apps", "deployments", "Deployment", true, "deploy")
	w.flush()
	for query, want := range map[string]string{
		"kind:cm":                     "",
		"kind:cm at:-6d":              "",
		"kind:deploy at:-8d":          "",
		"kind:deploy at:-31d":         "The past is kept for 30d of deployments.apps: what was replaced or deleted before ",
		"kind:cm at:-8d":              "The past is kept for 7d of configmaps: what was replaced or deleted before ",
		"kind:deploy,cm at:-8d app:x": "The past is kept for 7d of configmaps: what was replaced or deleted before ",
		"-kind:deploy at:-8d":         "The past is kept for 7d of configmaps: what was replaced or deleted before ",
		"at:-31d":                     "The past is kept for 30d of deployments.apps: what was replaced or deleted before ",
	} {
		w.eventually(query+" says: "+want, func() bool { // kinds are known within seconds
			r, err := w.service.Search(context.Background(), everyone, records.Request{Query: query, First: 1})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(r.Coverage.Missing, " ")
			return strings.HasPrefix(got, want) && (got == "") == (want == "")
		})
	}
}
