package ql

import (
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// A pattern is looked for by its longest piece first.
func TestPatternsInColumns(t *testing.T) {
	table := columns.New()
	for i, name := range []string{"checkout-web-1", "checkout-api-1", "Web:Admin", "web", "xwebx"} {
		o := &records.Object{Ver: uint64(i + 1)}
		o.Kind, o.Name, o.UID = "Pod", name, name
		table.Apply([]columns.Change{{Key: columns.Key{Cluster: "c", Resource: "pods", Name: name}, Object: o}})
	}
	for query, want := range map[string]string{
		"name:*web*":      "Web:Admin checkout-web-1 web xwebx",
		"name:check*1":    "checkout-api-1 checkout-web-1",
		"name:c*web*1":    "checkout-web-1",
		"name:web*":       "Web:Admin web",
		"name:?web?":      "xwebx",
		"c*t kind:Pod":    "checkout-api-1 checkout-web-1",
		"*eb kind:Pod":    "Web:Admin checkout-web-1 web",
		"x*x kind:Pod":    "xwebx",
		"name:*api*web*":  "",
		"a*n w*b kind:po": "Web:Admin",
	} {
		q, err := Parse(query, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_ = table.Read(func(v *columns.View) error {
			set, exact := q.Rows(v, v.Living(), nil, nil)
			byName, _ := v.By("name", false)
			var got []string
			for _, row := range v.Sorted(set, []columns.Term{byName}) {
				k, _ := v.Version(row)
				got = append(got, k.Name)
			}
			if s := strings.Join(got, " "); s != want || !exact {
				t.Errorf("%s finds %q, want %q", query, s, want)
			}
			return nil
		})
	}
}
