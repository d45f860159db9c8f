package aggregator

import (
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
)

func TestThePastIsKeptAsLongAsIsSaid(t *testing.T) {
	h := newHub(t)
	now := time.Now().UTC().Truncate(time.Second)
	const day = 24 * time.Hour
	h.retention = Retention{Default: 30 * day, Kinds: map[string]time.Duration{"pods": 7 * day, "deployments.apps": 90 * day, "deployments": day, "configmaps": 0}}
	ver := uint64(0)
	var versions []versionOf
	// lives writes versions of an object that are so many days old; a negative age is its end.
	lives := func(group, resource, object string, ages ...int) {
		for _, age := range ages {
			ver++
			v := &version{gr: kube.GroupResource{Group: group, Resource: resource}, at: name{"shop", object}, ver: ver, op: "update", text: "{}"}
			v.observedAt = now.Add(-time.Duration(max(age, -age)) * day)
			if age < 0 {
				v.op, v.deletedAt = "delete", v.observedAt
			}
			versions = append(versions, versionOf{zone1, v})
		}
	}
	lives("", "services", "replaced", 100, 60, 40, 20, 10)
	lives("", "services", "old", 400)
	lives("", "services", "ended-long-ago", 100, 50, -40)
	lives("", "services", "ended-lately", 100, 50, -20)
	lives("", "services", "again", 100, -60, 50, 10)
	lives("", "services", "again-and-gone", 100, -60, 50, -45)
	lives("", "pods", "pod", 20, 10, 8, 6, 1)
	lives("apps", "deployments", "narrower-name", 200, 100, 80, 10)
	lives("other.io", "deployments", "wider-name", 100, 10, 2, 0)
	lives("", "configmaps", "for-ever", 1000, 500, -400)
	history, current := versionColumns(versions)
	for table, c := range map[string][]clickhouse.Column{"resource_history": history, "resources": current} {
		if err := h.db.Insert(t.Context(), table, c, ""); err != nil {
			t.Fatal(err)
		}
	}
	const kept = `SELECT concat(name, ':', arrayStringConcat(groupArray(if(deleted = 1, '-', '') || toString(round(dateDiff('hour', observed_at, now()) / 24))), ',')) FROM
		(SELECT * FROM {db}.resource_history ORDER BY name, ver) GROUP BY name ORDER BY name`
	want := "again:50,10 ended-lately:50,-20 for-ever:1000,500,-400 narrower-name:100,80,10 old:400 pod:8,6,1 replaced:40,20,10 wider-name:2,0"
	for range 2 { // and again: nothing more goes
		if err := h.expire(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		h.wants(t, "versions", want, kept)
		h.wants(t, "known", "again:0 ended-lately:1 for-ever:1 narrower-name:0 old:0 pod:0 replaced:0 wider-name:0",
			`SELECT concat(name, ':', toString(deleted)) FROM {db}.resources FINAL ORDER BY name`)
	}
	h.wants(t, "months that are half hidden are written anew", "0", `SELECT toString(countIf(has_lightweight_delete)) FROM system.parts WHERE active AND database = '`+h.db.Database()+`' AND table = 'resource_history'
		AND partition_id IN (SELECT partition_id FROM system.parts WHERE active AND database = '`+h.db.Database()+`' AND table = 'resource_history' GROUP BY partition_id HAVING sum(rows) > 100)`)
}

func TestNothingIsDeletedWhenEverythingIsKept(t *testing.T) {
	h := newHub(t)
	var versions []versionOf
	for ver := range uint64(3) {
		versions = append(versions, versionOf{zone1, &version{gr: kube.GroupResource{Resource: "pods"}, at: name{"shop", "a"}, ver: ver + 1, op: "update", text: "{}", observedAt: time.Now().Add(-20 * 365 * 24 * time.Hour)}})
	}
	history, _ := versionColumns(versions)
	if err := h.db.Insert(t.Context(), "resource_history", history, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.expire(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	h.wants(t, "versions", "3", `SELECT toString(count()) FROM {db}.resource_history`)
}

func TestEventsAreKeptAsLongAsIsSaid(t *testing.T) {
	h := newHub(t)
	wants := func(want string) {
		t.Helper()
		for range 2 {
			if err := h.expire(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
			h.wants(t, "events", want, `SELECT extract(create_table_query, 'TTL (.*) SETTINGS') FROM system.tables WHERE database = '`+h.db.Database()+`' AND name = 'events'`)
		}
	}
	wants("toDateTime(last_at) + toIntervalDay(14)")
	h.retention.Kinds = map[string]time.Duration{"events": 48 * time.Hour}
	wants("toDateTime(last_at) + toIntervalSecond(172800)")
	h.retention.Kinds = nil
	wants("toDateTime(last_at) + toIntervalSecond(1209600)")
}

func TestTheNarrowerNameSaysForHowLong(t *testing.T) {
	r := Retention{Default: 30, Kinds: map[string]time.Duration{"pods": 7, "deployments.apps": 90, "deployments": 1, "configmaps": 0}}
	for name, want := range map[string]time.Duration{"services": 30, "pods": 7, "pods.metrics.k8s.io": 7, "deployments.apps": 90, "deployments.other.io": 1, "configmaps": 0} {
		if got := r.For(kube.ParseGroupResource(name)); got != want {
			t.Errorf("%s are kept for %d, want %d", name, got, want)
		}
	}
}
