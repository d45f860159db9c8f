package e2e

import (
	"regexp"
	"testing"
)

// Describing is where kubectl puts an object, those that belong to it and what happened to it together.
func TestKubectlDescribesAsTheMemberDoes(t *testing.T) {
	for _, r := range readers(t) {
		t.Run(r.version, func(t *testing.T) {
			kinds := append(listed(t, r, "zone1"), eventKinds...)
			for _, args := range []string{"describe {kinds} -A", "describe {kinds} -n shop", "describe {kinds} -A -l app=app2", "describe {kinds} -A --show-events=false"} {
				t.Run(args, func(t *testing.T) {
					comparison{args: args, read: described}.same(t, r, "zone1", kinds)
				})
			}
			for _, args := range []string{"describe deployment app1 -n shop", "describe node zone1-node-1", "describe pod no-such -n shop", "describe deploy/app1 svc/app1 -n shop"} {
				comparison{args: args, read: described}.same(t, r, "zone1", []string{""})
			}
		})
	}
}

var (
	// applied is what kubectl apply notes down, which is not kept.
	applied = regexp.MustCompile(`kubectl\.kubernetes\.io/last-applied-configuration=.*\n\n?`)
	// lease is of a Node: a Lease is another kind, and says only that the Node lives.
	lease = regexp.MustCompile(`(?m)^Lease:.*\n(  .*\n)*`)
)

// described is what kubectl describes, without ages and widths, and without what is not kept.
func described(s string) string {
	return squeezed(lease.ReplaceAllString(applied.ReplaceAllString(s, "<none>\n"), ""))
}
