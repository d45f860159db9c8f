package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"
)

// openPage prints where the page shows a query and opens it in a browser, where there is one.
func (h *hub) openPage(cmd *cobra.Command, query string) error {
	address := h.url + "/search?" + url.Values{"q": {query}}.Encode()
	fmt.Fprintln(cmd.OutOrStdout(), address)
	opener := os.Getenv("BROWSER")
	switch {
	case opener != "":
	case runtime.GOOS == "darwin":
		opener = "open"
	case runtime.GOOS == "windows":
		opener = "explorer"
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return nil // nobody sits before it: the address is the answer
	default:
		opener = "xdg-open"
	}
	if err := exec.CommandContext(cmd.Context(), opener, address).Run(); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "No browser was opened: %v\n", err)
	}
	return nil
}
