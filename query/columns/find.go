package columns

import (
	"strings"

	"github.com/foretop/foretop/internal/kube"
)

// Columns are named as in the tables of ClickHouse. ok is false for a column that is not here.

func (d *data) word(name string) *word {
	for i, c := range wordColumns {
		if c.name == name {
			return d.words[i]
		}
	}
	return nil
}

func (d *data) list(name string) *list {
	for i, c := range listColumns {
		if c.name == name {
			return d.lists[i]
		}
	}
	return nil
}

func (d *data) number(name string) (rows []int64, ok bool) {
	for i, c := range numberColumns {
		if c == name {
			return d.numbers[i], true
		}
	}
	return nil, false
}

// Text are the rows of within whose one text in the column matches.
func (v *View) Text(within Set, column string, match func(string) bool) (found Set, ok bool) {
	switch column {
	case "name":
		return v.names.find(within, match), true
	case "uid":
		return filter(within, func(row uint32) bool { return match(v.identity.at(v.uids[row])) }), true
	}
	if w := v.word(column); w != nil {
		return w.find(within, match), true
	}
	return nil, false
}

// Names are the rows of within whose name matches; every such name holds literal, in lower case.
func (v *View) Names(within Set, literal string, match func(name string) bool) Set {
	d := v.data
	if within.Count() < d.count/16 {
		return d.names.find(within, match)
	}
	odd := within.Clone().And(d.odd)
	found := d.names.find(odd, match)
	return found.Or(d.holding(within.Clone().Without(odd), literal, func(_ uint32, name string, _ int) (yes, next bool) { return match(name), true }))
}

// UID are the rows of within with this UID.
func (v *View) UID(within Set, uid string) Set {
	code, ok := v.identity.known(uid)
	if !ok {
		return make(Set, len(within))
	}
	return filter(within, func(row uint32) bool { return v.uids[row] == code })
}

// Any are the rows of within with a text in the column, a list, that matches.
func (v *View) Any(within Set, column string, match func(string) bool) (found Set, ok bool) {
	if l := v.list(column); l != nil {
		return l.find(within, match), true
	}
	return nil, false
}

// Present are the rows of within whose list in the column is not empty.
func (v *View) Present(within Set, column string) (found Set, ok bool) {
	if l := v.list(column); l != nil {
		return l.present(within), true
	}
	return nil, false
}

// Entry are the rows of within whose map in the column has the key, with a value that matches.
func (v *View) Entry(within Set, column, key string, match func(string) bool) (found Set, ok bool) {
	l := v.list(column)
	if l == nil {
		return nil, false
	}
	key += separator
	return l.find(within, func(pair string) bool { return strings.HasPrefix(pair, key) && match(pair[len(key):]) }), true
}

// Matching are the rows of within whose whole map in the column matches. It is asked once for each different map.
func (v *View) Matching(within Set, column string, match func(map[string]string) bool) (found Set, ok bool) {
	l := v.list(column)
	if l == nil {
		return nil, false
	}
	marks := make([]uint8, l.count())
	values := []string{}
	for id := range marks {
		values = values[:0]
		for _, c := range l.of(uint32(id)) {
			values = append(values, l.values[c])
		}
		if match(unpair(values)) {
			marks[id] = 1
		}
	}
	return pick(within, l.rows, marks), true
}

// Number are the rows of within whose number in the column matches; moments are Unix milliseconds, 0 for never.
func (v *View) Number(within Set, column string, match func(int64) bool) (found Set, ok bool) {
	if n, ok := v.number(column); ok {
		return filter(within, func(row uint32) bool { return match(n[row]) }), true
	}
	return nil, false
}

// Kinds are the rows of within of these kinds.
func (v *View) Kinds(within Set, match func(kube.GroupResource) bool) Set {
	return v.words[grWord].find(within, func(gr string) bool { return gr != "" && match(kube.ParseGroupResource(gr)) })
}

// Owned are the rows of within that an owner's reference, KIND/NAME, matches: their own, or one of an owner's, and so
// on up to levels. Owners that were deleted count.
func (v *View) Owned(within Set, levels int, match func(ref string) bool) Set {
	all := make(Set, len(within))
	for row := range uint32(v.count) { // ghosts too
		all.add(row)
	}
	found := v.lists[ownerList].find(all, match)
	for range levels - 1 {
		owners := make([]bool, len(v.identity.uuids))
		found.Each(func(row uint32) { owners[v.uids[row]] = true })
		more := v.owners.with(all, func(code uint32) bool { return owners[code] })
		if more.Without(found).Empty() {
			break
		}
		found.Or(more)
	}
	return found.And(within)
}

// UIDs are the rows of within with one of these UIDs.
func (v *View) UIDs(within Set, uids []string) Set {
	hit := v.hitUIDs(uids)
	return filter(within, func(row uint32) bool { return hit[v.uids[row]] })
}

// OwnedBy are the rows of within with an owner of one of these UIDs.
func (v *View) OwnedBy(within Set, uids []string) Set {
	hit := v.hitUIDs(uids)
	return v.owners.with(within, func(code uint32) bool { return hit[code] })
}

func (v *View) hitUIDs(uids []string) []bool {
	hit := make([]bool, len(v.identity.uuids))
	for _, uid := range uids {
		if code, ok := v.identity.known(uid); ok && uid != "" {
			hit[code] = true
		}
	}
	return hit
}

// HasOwner reports whether a row names an owner.
func (v *View) HasOwner(row uint32) bool { return len(v.owners.of(v.owners.rows[row])) > 0 }

// UIDOf is a row's.
func (v *View) UIDOf(row uint32) string { return v.identity.at(v.uids[row]) }
