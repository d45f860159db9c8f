package columns

import "strings"

// Places is where each row is: what the first of some labels says of the object itself, else of the Node that it runs
// on, else what is known of its cluster.
type Places struct {
	codes []uint32 // by row
	texts []string // by code; the first is empty
}

// Places of all rows. keys are the labels; home is asked once for each cluster.
func (v *View) Places(keys []string, home func(cluster string) string) *Places {
	p := &Places{codes: make([]uint32, v.count), texts: []string{""}}
	known := map[string]uint32{"": 0}
	code := func(s string) uint32 {
		c, ok := known[s]
		if !ok {
			c = uint32(len(p.texts))
			known[s] = c
			p.texts = append(p.texts, s)
		}
		return c
	}
	cluster, node, label := v.words[clusterWord], v.words[nodeWord], v.lists[labelList]
	homes := make([]uint32, len(cluster.values))
	for i, uid := range cluster.values {
		homes[i] = code(home(uid))
	}
	own := make([]uint32, label.count())
	if len(keys) > 0 {
		pairs := make([][2]uint32, len(label.values)) // which key, counted from 1, and its value
		for i, pair := range label.values {
			for n, key := range keys {
				if k, value, _ := strings.Cut(pair, separator); k == key && value != "" {
					pairs[i] = [2]uint32{uint32(n) + 1, code(value)}
				}
			}
		}
		for id := range own {
			first := uint32(0)
			for _, c := range label.of(uint32(id)) {
				if n := pairs[c][0]; n > 0 && (first == 0 || n < first) {
					first, own[id] = n, pairs[c][1]
				}
			}
		}
	}
	// A Node's name is seldom that of Nodes of several clusters, so the last cluster's answer is kept.
	type answer struct{ cluster, code uint32 }
	nodes := make([]answer, len(node.values))
	at := func(c, n uint32) uint32 {
		if last := nodes[n]; last.cluster == c+1 {
			return last.code
		}
		place := homes[c]
		if len(keys) > 0 {
			if row, ok := v.find(Key{Cluster: cluster.values[c], Resource: "nodes", Name: node.values[n]}); ok && own[label.rows[row]] != 0 {
				place = own[label.rows[row]]
			}
		}
		nodes[n] = answer{c + 1, place}
		return place
	}
	for row := range p.codes {
		switch {
		case own[label.rows[row]] != 0:
			p.codes[row] = own[label.rows[row]]
		case node.rows[row] != 0:
			p.codes[row] = at(cluster.rows[row], node.rows[row])
		default:
			p.codes[row] = homes[cluster.rows[row]]
		}
	}
	return p
}

// Find are the rows of within whose place matches.
func (p *Places) Find(within Set, match func(string) bool) Set {
	hits := make([]bool, len(p.texts))
	for i, s := range p.texts {
		hits[i] = match(s)
	}
	return filter(within, func(row uint32) bool { return hits[p.codes[row]] })
}

// Dimension counts by place.
func (p *Places) Dimension() Dimension {
	return Dimension{codes: func(row uint32) uint32 { return p.codes[row] }, value: func(c uint32) string { return p.texts[c] }, size: len(p.texts)}
}
