package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/access"
)

// retentionDefault is for how long the past is kept when nothing is said.
const retentionDefault = "30d"

// leastRetention is two runs of the job that deletes.
const leastRetention = 2 * time.Hour

// retentionConfig says for how long versions that were replaced, and deleted objects, are kept.
type retentionConfig struct {
	Default string            `json:"default,omitempty"` // of kinds that are not named; else the flag's
	Kinds   map[string]string `json:"kinds,omitempty"`   // by RESOURCE or RESOURCE.GROUP; events are Kubernetes' own
}

// read is the file's retention, with the flag's default under it.
func (c retentionConfig) read(flag string) (aggregator.Retention, error) {
	r := aggregator.Retention{Kinds: map[string]time.Duration{}}
	text := c.Default
	if text == "" {
		text = flag
	}
	var err error
	if r.Default, err = keepFor(text); err != nil {
		return r, err
	}
	for kind, text := range c.Kinds {
		if kind == "" || strings.ToLower(kind) != kind || strings.ContainsAny(kind, " /*") {
			return r, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q names no kind whose past is kept.", kind), Fix: "Write the plural, with its group where it has one: pods, deployments.apps, events."}
		}
		if r.Kinds[kind], err = keepFor(text); err != nil {
			return r, err
		}
	}
	return r, nil
}

// keepFor reads 30d, 2w, 36h or forever, which is 0.
func keepFor(text string) (time.Duration, error) {
	if text == "forever" {
		return 0, nil
	}
	keep, err := time.ParseDuration(text)
	for unit, hours := range map[string]time.Duration{"d": 24, "w": 7 * 24} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			var n int
			n, err = strconv.Atoi(digits)
			keep = time.Duration(min(n, 100*366)) * hours * time.Hour
		}
	}
	if err != nil || keep < leastRetention {
		return 0, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("The past cannot be kept for %q.", text), Fix: "Write a time of two hours or more, as 36h, 30d or 8w, or forever."}
	}
	return keep, nil
}
