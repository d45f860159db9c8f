package columns

import "maps"

// Position is how far each cluster's versions were followed, by its UID: the rows are what all versions up to there left,
// and hold none beyond.
func (v *View) Position() map[string]uint64 { return maps.Clone(v.position) }

// Reach says that no version up to a position is missing. It is for a table that was just filled.
func (t *Table) Reach(position map[string]uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for cluster, ver := range position {
		t.d.reach(cluster, ver)
	}
}

func (d *data) reach(cluster string, ver uint64) {
	if d.position[cluster] < ver {
		d.position[cluster] = ver
	}
}
