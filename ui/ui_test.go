package ui

import (
	"io/fs"
	"testing"
)

func TestFilesHoldAnIndex(t *testing.T) {
	b, err := fs.ReadFile(Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == 0 {
		t.Fatal("index.html is empty")
	}
}
