package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// fleetRow is a line of a table, with what orders it.
type fleetRow struct{ namespace, name, cluster, line string }

// printedTables reads what kubectl prints of several kinds: a table for each, by the kind before the names.
func printedTables(out, cluster string) map[string][]fleetRow {
	tables := map[string][]fleetRow{}
	for block := range strings.SplitSeq(squeezed(strings.TrimSpace(out)), "\n\n") {
		lines := strings.Split(block, "\n")
		namespaced := strings.HasPrefix(lines[0], "NAMESPACE ")
		var rows []fleetRow
		kind := ""
		for i, line := range lines {
			r := fleetRow{cluster: cluster, line: line}
			if namespaced {
				r.namespace, r.line, _ = strings.Cut(line, " ")
			}
			if cluster == "" { // the fleet's has the column
				r.cluster, r.line, _ = strings.Cut(r.line, " ")
			} else if i == 0 {
				r.cluster = "CLUSTER"
			}
			r.name, _, _ = strings.Cut(r.line, " ")
			if i > 0 {
				kind, _, _ = strings.Cut(r.name, "/")
			}
			rows = append(rows, r)
		}
		tables[kind] = rows
	}
	return tables
}

// printedInOrder are kinds that API servers do not print in the order of their names.
var printedInOrder = map[string]bool{"flowschema.flowcontrol.apiserver.k8s.io": true}

// The fleet's tables are those of its members, one below the other by name, with the cluster before each row.
func TestOnTheFleetTheClusterIsTheOnlyDifference(t *testing.T) {
	for _, r := range readers(t) {
		kinds := strings.Join(stored(listed(t, r, "zone1")), ",")
		for _, flags := range []string{"-A", "-A -o wide", "-A --show-labels", "-A -L app", "-n shop", "-A -l app=app1", "-A --chunk-size=7", "-A --field-selector metadata.name=default"} {
			t.Run(r.version+" "+flags, func(t *testing.T) {
				args := append([]string{"get", kinds}, strings.Fields(flags)...)
				err := until(t, func(ctx context.Context) error {
					want := map[string][]fleetRow{}
					for _, cluster := range stand.Fleet.Names() {
						out, _, err := r.ask(ctx, memberItself(cluster), args...)
						if err != nil {
							return err
						}
						for kind, rows := range printedTables(out, cluster) {
							if len(want[kind]) > 0 {
								rows = rows[1:] // the same head
							}
							want[kind] = append(want[kind], rows...)
						}
					}
					out, _, err := r.ask(ctx, fleetThrough(), args...)
					if err != nil {
						return err
					}
					return sameTables(printedTables(out, ""), want)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func sameTables(got, want map[string][]fleetRow) error {
	var wrong []string
	for _, kind := range slices.Sorted(maps.Keys(want)) {
		byKey := func(a, b fleetRow) int {
			return cmp.Or(strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name), strings.Compare(a.cluster, b.cluster))
		}
		slices.SortStableFunc(want[kind][1:], byKey)
		if rows := got[kind]; printedInOrder[kind] && len(rows) > 0 {
			slices.SortStableFunc(rows[1:], byKey)
		}
		if !slices.Equal(got[kind], want[kind]) {
			wrong = append(wrong, kind+": "+lineDiff(joined(got[kind]), joined(want[kind])))
		}
	}
	for kind := range got {
		if want[kind] == nil {
			wrong = append(wrong, kind+" is of no member")
		}
	}
	if want[""] != nil || len(want) == 0 {
		return errors.New("the members print nothing")
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

func joined(rows []fleetRow) string {
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.TrimSpace(strings.Join([]string{r.namespace, r.cluster, r.line}, " ")))
	}
	return strings.Join(lines, "\n")
}

// Objects of the fleet are those of the members, and name their cluster.
func TestObjectsOfTheFleetNameTheirCluster(t *testing.T) {
	r := readers(t)[0]
	args := []string{"get", strings.Join(stored(listed(t, r, "zone1")), ","), "-A", "-o", "yaml"}
	// items are objects as text, each with its cluster before it.
	items := func(text, cluster string) (list []string, err error) {
		var o struct{ Items []map[string]any }
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			return nil, err
		}
		for _, item := range o.Items {
			in := cluster
			if annotations, ok := metadata(item)["annotations"].(map[string]any); ok && in == "" {
				in, _ = annotations["shadow.clusterpedia.io/cluster-name"].(string)
				if delete(annotations, "shadow.clusterpedia.io/cluster-name"); len(annotations) == 0 {
					delete(metadata(item), "annotations")
				}
			}
			one, err := yaml.Marshal(item)
			if err != nil {
				return nil, err
			}
			list = append(list, in+" "+objectsOf(string(one)))
		}
		slices.Sort(list)
		return list, nil
	}
	err := until(t, func(ctx context.Context) error {
		var want []string
		for _, cluster := range stand.Fleet.Names() {
			out, _, err := r.ask(ctx, memberItself(cluster), args...)
			if err != nil {
				return err
			}
			some, err := items(out, cluster)
			if err != nil {
				return err
			}
			want = append(want, some...)
		}
		slices.Sort(want)
		out, _, err := r.ask(ctx, fleetThrough(), args...)
		if err != nil {
			return err
		}
		got, err := items(out, "")
		if err != nil {
			return err
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				return errors.New(lineDiff(got[i], want[i]))
			}
		}
		if len(got) != len(want) || len(want) < 100 {
			return fmt.Errorf("%d objects of the fleet, the members have %d", len(got), len(want))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
