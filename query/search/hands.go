package search

import (
	"sync"
	"time"

	"github.com/foretop/foretop/internal/records"
)

const (
	// handedMost is how many versions wait for the feed to take them. What comes beyond is dropped, and read.
	handedMost = 20_000
	// handPatience is how long the feed leaves versions in history unread that are about to be handed over: a commit
	// reaches history first.
	handPatience = 2 * time.Second
)

// hands is what the writer in this process handed over and the feed has not taken.
type hands struct {
	mu       sync.Mutex
	waiting  []records.Commit
	versions int
	dropped  map[string]bool // clusters

	// Of the feed's goroutine: clusters whose commits come this way, and what history is known to have of them that did
	// not come yet.
	known    map[string]bool
	expected map[string]expectation
}

type expectation struct {
	ver   uint64
	since time.Time
}

func newHands() hands {
	return hands{dropped: map[string]bool{}, known: map[string]bool{}, expected: map[string]expectation{}}
}

func (h *hands) put(commits []records.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range commits {
		// One commit may be larger than what may wait: the writer has it in memory anyway.
		if h.versions > 0 && h.versions+len(c.Versions) > handedMost {
			h.dropped[c.ClusterUID] = true
			continue
		}
		h.waiting = append(h.waiting, c)
		h.versions += len(c.Versions)
	}
}

// take empties the hands. dropped says that something was too much.
func (h *hands) take() (commits []records.Commit, dropped bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	commits, dropped = h.waiting, len(h.dropped) > 0
	for _, c := range commits {
		h.known[c.ClusterUID] = true
	}
	for cluster := range h.dropped {
		h.missed(cluster)
	}
	h.waiting, h.versions = nil, 0
	clear(h.dropped)
	return commits, dropped
}

// missed says that something of a cluster will not be handed over: it has to be read.
func (h *hands) missed(cluster string) {
	delete(h.known, cluster)
	delete(h.expected, cluster)
}

// awaited reports whether all that history has beyond position will be handed over soon: it is of clusters whose
// commits come this way, and not for long.
func (h *hands) awaited(news, position vector, now time.Time) bool {
	all := true
	for cluster, ver := range news {
		if !h.known[cluster] {
			all = false
			continue
		}
		e, expecting := h.expected[cluster]
		switch {
		case !expecting || position[cluster] >= e.ver: // what was expected came
			h.expected[cluster] = expectation{ver, now}
		case now.Sub(e.since) > handPatience: // another process has taken the stream over, or a commit is stuck
			h.missed(cluster)
			all = false
		}
	}
	return all
}
