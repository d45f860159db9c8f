package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/kube"
)

// Kept says for how long the past of a kind is kept; 0 is for ever.
type Kept func(kube.GroupResource) time.Duration

// missing says what the hub no longer has of the question's moment. What has not been replaced or deleted since is
// there, however old it is.
func (a *question) missing(ctx context.Context) []string {
	at := a.q.At()
	if at.IsZero() || a.s.kept == nil {
		return nil
	}
	var served []kube.GroupResource
	for _, k := range a.s.kinds.served(ctx) {
		served = append(served, k.GroupResource)
	}
	gone := map[time.Duration][]string{}
	kinds := a.q.Kinds(served)
	short := 0
	for _, gr := range kinds {
		if keep := a.s.kept(gr); keep > 0 && a.now.Sub(at) > keep {
			gone[keep] = append(gone[keep], gr.String())
			short++
		}
	}
	var sentences []string
	for keep, names := range gone {
		of := "everything"
		if len(gone) > 1 || short < len(kinds) || short <= namedMost {
			slices.Sort(names)
			of = strings.Join(names[:min(len(names), namedMost)], ", ")
			if more := len(names) - namedMost; more > 0 {
				of += fmt.Sprintf(" and %d more kinds", more)
			}
		}
		sentences = append(sentences, fmt.Sprintf("The past is kept for %s of %s: what was replaced or deleted before %s is missing.", lasting(keep), of, a.now.Add(-keep).UTC().Format("2006-01-02 15:04 UTC")))
	}
	slices.SortFunc(sentences, func(x, y string) int { return cmp.Compare(x, y) })
	return sentences
}

// namedMost is how many kinds a sentence names.
const namedMost = 3

// lasting is a duration as the configuration writes it.
func lasting(d time.Duration) string {
	if day := 24 * time.Hour; d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
