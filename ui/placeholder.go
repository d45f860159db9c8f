//go:build !ui

package ui

import (
	"embed"
	"io/fs"
)

//go:embed placeholder
var placeholder embed.FS

// Files is one page that says that the real one was not built in.
func Files() fs.FS {
	sub, err := fs.Sub(placeholder, "placeholder")
	if err != nil {
		panic(err) // the name is constant and valid
	}
	return sub
}
