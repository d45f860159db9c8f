package main

import (
	"strings"
	"testing"
)

// A difference is printed once over the targets that have it, wherever it stands in them and whatever their servers call them.
func TestTheSameDifferenceIsPrintedOnce(t *testing.T) {
	f := func(diffs []string, want string) {
		t.Helper()
		a := &actionView{}
		for i, d := range diffs {
			a.Targets = append(a.Targets, &targetView{Ref: "zone" + string(rune('1'+i)), Diff: d})
		}
		var out strings.Builder
		printDiffs(&out, a)
		if got := out.String(); got != want {
			t.Errorf("prints\n%s\nwant\n%s", got, want)
		}
	}
	f([]string{"@@ -1,2 +1,2 @@\n-a: 1\n+a: 2\n", "@@ -4,2 +4,2 @@\n-a: 1\n+a: 2\n"}, "\n2 targets:\nzone1\nzone2\n@@ -1,2 +1,2 @@\n-a: 1\n+a: 2\n")
	f([]string{"@@ -0,0 +1,3 @@\n+  name: x\n+  uid: one\n+  creationTimestamp: now\n", "", "@@ -0,0 +1,3 @@\n+  name: x\n+  uid: two\n+  creationTimestamp: then\n"}, "\n2 targets:\nzone1\nzone3\n@@ -0,0 +1,3 @@\n+  name: x\n")
	f([]string{"@@ -1 +1 @@\n-a: 1\n+a: 2\n", "@@ -1 +1 @@\n-a: 1\n+a: 3\n"}, "\nzone1\n@@ -1 +1 @@\n-a: 1\n+a: 2\n\nzone2\n@@ -1 +1 @@\n-a: 1\n+a: 3\n")
}
