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
			if r.version == "1.20" { // asks five times a second at most, and does not know all kinds any more
				for _, one := range oneOfEach(t, r, "zone1", kinds) {
					comparison{args: "describe " + one, read: described, may: true}.same(t, r, "zone1", []string{""})
				}
				comparison{args: "describe deployment app1 -n shop", read: described}.same(t, r, "zone1", []string{""})
				return
			}
			for _, kind := range kinds { // one by one: a kind that moves would have all asked again
				comparison{args: "describe {kinds} -n shop", read: described}.same(t, r, "zone1", []string{kind})
			}
			for _, args := range []string{"describe deployment app1 -n shop", "describe node zone1-node-1",
				"describe deploy/app1 svc/app1 -n shop --show-events=false", "describe pods,deployments -l app=app2 -n shop", "describe pods,daemonsets -n kube-system", "describe events -A"} {
				comparison{args: args, read: described}.same(t, r, "zone1", []string{""})
			}
		})
	}
}

var (
	// applied is what kubectl apply notes down, which is not kept.
	applied = regexp.MustCompile(`kubectl\.kubernetes\.io/last-applied-configuration=.*\n\n?`)
	// managed are fields that kubectl 1.20 still describes, and nobody keeps.
	managed = regexp.MustCompile(`(?m)^  Managed Fields:\n(?: {4,}.*\n)*`)
	// renewed is of the Lease of a Node, which moves every few seconds.
	renewed = regexp.MustCompile(`(?m)^ *RenewTime:.*\n`)
)

// described is what kubectl describes, without ages and widths, and without what is not kept.
func described(s string) string {
	return squeezed(renewed.ReplaceAllString(managed.ReplaceAllString(applied.ReplaceAllString(s, "<none>\n"), ""), ""))
}
