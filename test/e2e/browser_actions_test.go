package e2e

import "testing"

// What people do to the fleet on the page, with objects that the script makes and removes.
func TestActingOnThePageInABrowser(t *testing.T) { browse(t, "actions.mjs") }
