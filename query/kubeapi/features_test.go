package kubeapi

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The table of docs/clusterpedia.md says of each row which tests show it. All of them have to be there.
func TestEveryRowOfTheTableOfFeaturesNamesItsTests(t *testing.T) {
	text, err := os.ReadFile("../../docs/clusterpedia.md")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, folder := range []string{".", "../search", "../../test/e2e"} {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", folder, err, len(files))
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
	}
	_, table, _ := strings.Cut(string(text), "| shown by |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	named := regexp.MustCompile("`(Test\\w+)(?:/([^`]+))?`")
	rows, parts := 0, map[string]bool{}
	for _, row := range strings.Split(table, "\n")[1:] {
		rows++
		cells := strings.Split(strings.Trim(row, "|"), " | ")
		if len(cells) != 4 {
			t.Errorf("%d cells in %s", len(cells), row)
			continue
		}
		found := named.FindAllStringSubmatch(cells[3], -1)
		if len(found) == 0 {
			t.Errorf("no test shows %s", cells[0])
		}
		for _, name := range found {
			if !strings.Contains(source.String(), "func "+name[1]+"(") {
				t.Errorf("%s: there is no %s", cells[0], name[1])
			}
			if parts[name[2]] = true; name[2] != "" && !strings.Contains(source.String(), `t.Run("`+name[2]+`"`) {
				t.Errorf("%s: %s has no part %q", cells[0], name[1], name[2])
			}
		}
	}
	if rows < 30 {
		t.Errorf("%d rows", rows)
	}
	of, err := os.ReadFile("../../test/e2e/kube_search_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range regexp.MustCompile(`\tt\.Run\("([^"]+)"`).FindAllStringSubmatch(string(of), -1) {
		if !parts[part[1]] {
			t.Errorf("no row of the table names the part %q", part[1])
		}
	}
}
