// Package columns keeps what is known of every current object of the fleet in memory, column by column, so that which
// objects match, how many, and in what order is a matter of milliseconds among a million; and so for moments of the last
// hours.
//
// Invariant: a View answers as of one moment, and a Set never holds an object that was deleted by then.
//
//	change feed --Apply--> Table --Read--> View --find, count, order--> rows --Object--> records
//	                         |                    ^
//	                         +--what is replaced--+ At a moment
//
// A row takes a few hundred bytes: texts that repeat are codes into a dictionary, lists that repeat (the labels of the
// pods of one workload) are codes too. Annotations and the JSON of objects are not here.
package columns

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Key is the identity of an object: Cluster is a UID, never a name.
type Key struct{ Cluster, Group, Resource, Namespace, Name string }

func (k Key) digest() uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, s := range [...]string{k.Cluster, k.Group, k.Resource, k.Namespace} {
		_, _ = d.WriteString(s)
		_, _ = d.WriteString("|")
	}
	_, _ = d.WriteString(k.Name)
	return d.Sum64()
}

// Table is the current objects, and some of their past. Any goroutine may change it, many read.
type Table struct {
	writing sync.Mutex // held for the whole of a change

	mu sync.RWMutex // held to write while rows change, to read while a View is in use
	d  *data

	applied atomic.Uint64
}

// Applied grows whenever rows change: as long as it is the same, so are they.
func (t *Table) Applied() uint64 { return t.applied.Load() }

// New is an empty table.
func New() *Table { return &Table{d: newData()} }

// View is the table as it stands during Read.
type View struct{ *data }

// Read calls f with a View, which must not be kept. Writers wait for f.
func (t *Table) Read(f func(*View) error) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return f(&View{t.d})
}

// Change is a version of an object, or that it was deleted.
type Change struct {
	Key
	Deleted bool
	Object  *records.Object // with its Words; its Ver orders it among the object's versions
}

// Apply takes changes in order. A version older than what the table has is left out.
func (t *Table) Apply(changes []Change) {
	t.writing.Lock()
	defer t.writing.Unlock()
	for from := 0; from < len(changes); from += applyAtOnce {
		t.mu.Lock()
		for i := from; i < min(from+applyAtOnce, len(changes)); i++ {
			t.d.apply(&changes[i])
			t.d.reach(changes[i].Cluster, changes[i].Object.Ver)
		}
		t.applied.Add(1)
		t.mu.Unlock()
	}
	d := t.d
	if d.waste > d.alive+wasteMost {
		fresh := d.compact() // readers go on meanwhile
		t.mu.Lock()
		fresh.vocabulary.fresh = t.d.vocabulary.fresh
		t.d = fresh
		t.applied.Add(1) // rows are others
		t.mu.Unlock()
	}
}

// applyAtOnce is how many changes readers wait for, at some ten microseconds each.
const applyAtOnce = 100

// wasteMost is how many rows and values that may be nobody's are kept beside as many as there are objects.
const wasteMost = 50_000

// data is the columns. A row that was deleted stays as a ghost, since what it owned may still be there.
type data struct {
	position map[string]uint64 // by cluster

	rows    map[uint64]uint32 // by Key.digest
	clashes map[Key]uint32    // rows whose digest another key had first
	count   int               // rows, living or not
	alive   int
	waste   int
	living  Set

	words   [len(wordColumns)]*word
	lists   [len(listColumns)]*list
	numbers [len(numberColumns)][]int64

	names     text
	odd       Set // rows whose name is not all lower-case ASCII
	identity  *identities
	uids      []uint32
	owners    lists // codes of identity
	vers      []uint64
	revisions []uint64          // resourceVersion, where it is a number
	texts     map[uint32]string // and where it is not

	vocabulary *vocabulary
	rest       lists // the words of a row that its columns do not imply
	codes      []uint32
	past       *past
}

func newData() *data {
	d := &data{position: map[string]uint64{}, rows: map[uint64]uint32{}, clashes: map[Key]uint32{}, identity: newIdentities(), owners: newLists(), texts: map[uint32]string{}, vocabulary: newVocabulary(), rest: newLists(), past: newPast(pastLeast)}
	for i, c := range wordColumns {
		d.words[i] = &word{dictionary: newDictionary(c.words, d.vocabulary, 1<<i)}
	}
	for i, c := range listColumns {
		d.lists[i] = newList(newDictionary(c.words, d.vocabulary, 1<<(len(wordColumns)+i)))
	}
	return d
}

// The columns.
const (
	clusterWord = iota
	grWord      // plural and group: deployments.apps
	namespaceWord
	kindWord
	versionWord
	appWord
	statusWord
	healthWord
	readyWord
	nodeWord
	changedByWord
	accountWord
)

const (
	labelList = iota // of pairs
	conditionList
	reasonList
	imageList
	ownerList
	changedList
	containerList
	ipList
	useList
	traitList
	managerList
)

// restBit is beside those of the columns.
const restBit = 1 << 31

const (
	replicas = iota
	readyReplicas
	restarts
	generation
	createdAt
	changedAt
	observedAt
)

// column is a column by the name that the tables of ClickHouse use, with what free text finds of a value of it.
type column struct {
	name  string
	words func(string) []string // nil: nothing
}

var (
	wordColumns = [...]column{
		clusterWord: {"cluster", nil}, grWord: {"gr", wordsOfGroup}, namespaceWord: {"namespace", both}, kindWord: {"kind", wordsOfKind}, versionWord: {"api_version", nil},
		appWord: {"app", both}, statusWord: {"status", plain}, healthWord: {"health", wordsOfHealth}, readyWord: {"ready", nil}, nodeWord: {"node", both},
		changedByWord: {"changed_by", nil}, accountWord: {"service_account", nil},
	}
	listColumns = [...]column{
		labelList: {"labels", wordsOfPair}, conditionList: {"conditions", nil}, reasonList: {"reasons", plain}, imageList: {"images", wordsOfImage}, ownerList: {"owner_refs", wordsOfOwner},
		changedList: {"changed_paths", nil}, containerList: {"containers", both}, ipList: {"ips", both}, useList: {"uses", nil}, traitList: {"traits", nil}, managerList: {"managed_by", nil},
	}
	numberColumns = [...]string{replicas: "replicas", readyReplicas: "ready_replicas", restarts: "restarts", generation: "generation",
		createdAt: "created_at", changedAt: "changed_at", observedAt: "observed_at"}
)

// find is the row of a living object.
func (d *data) find(k Key) (row uint32, ok bool) {
	row, ok = d.rows[k.digest()]
	if ok && d.is(row, k) {
		return row, true
	}
	if len(d.clashes) > 0 {
		row, ok = d.clashes[k]
		return row, ok
	}
	return 0, false
}

func (d *data) is(row uint32, k Key) bool { return d.names.at(row) == k.Name && d.key(row) == k }

func (d *data) key(row uint32) Key {
	gr := kube.ParseGroupResource(d.words[grWord].at(row))
	return Key{Cluster: d.words[clusterWord].at(row), Group: gr.Group, Resource: gr.Resource, Namespace: d.words[namespaceWord].at(row), Name: d.names.at(row)}
}

func (d *data) apply(c *Change) {
	row, known := d.find(c.Key)
	if known && d.vers[row] >= c.Object.Ver {
		return
	}
	if known {
		d.keep(row, millis(c.Object.ObservedAt))
	}
	if known && (c.Deleted || !d.identity.is(d.uids[row], c.Object.UID)) {
		d.bury(row, c.Key)
		known = false
	}
	switch {
	case c.Deleted:
	case known:
		before := d.size()
		d.put(row, c.Object)
		d.waste += d.size() - before // for each new value an old one may be nobody's
	default:
		d.put(d.add(c.Key), c.Object)
	}
}

// size is how many different values and lists there are.
func (d *data) size() int {
	n := len(d.vocabulary.values) + len(d.identity.uuids) + d.owners.count() + d.rest.count() + len(d.texts)
	for _, c := range d.words {
		n += len(c.values)
	}
	for _, c := range d.lists {
		n += len(c.values) + c.lists.count()
	}
	return n
}

// Bury keeps an object that is gone for the sake of what it owned. It is for filling a table.
func (t *Table) Bury(k Key, o *records.Object) {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.d.find(k); known {
		return
	}
	row := t.d.add(k)
	t.d.put(row, o)
	t.d.bury(row, k)
}

func (d *data) bury(row uint32, k Key) {
	d.living[row>>6] &^= 1 << (row & 63)
	d.alive--
	d.waste++
	if digest := k.digest(); d.rows[digest] == row {
		delete(d.rows, digest)
	} else {
		delete(d.clashes, k)
	}
}

func (d *data) add(k Key) uint32 {
	row := d.place(k)
	d.alive++
	d.living.add(row)
	digest := k.digest()
	if _, taken := d.rows[digest]; taken {
		d.clashes[k] = row
	} else {
		d.rows[digest] = row
	}
	odd := !lowerASCII(k.Name)
	if odd {
		d.odd.add(row)
	}
	d.vocabulary.named(k.Name, odd)
	return row
}

// place makes a row of a key.
func (d *data) place(k Key) uint32 {
	row := uint32(d.count)
	d.count++
	words := d.count/64 + 1
	d.living, d.odd = grown(d.living, words-1), grown(d.odd, words-1)
	d.names.put(int(row), k.Name)
	d.words[clusterWord].put(int(row), k.Cluster)
	d.words[grWord].put(int(row), kube.GroupResource{Group: k.Group, Resource: k.Resource}.String())
	d.words[namespaceWord].put(int(row), k.Namespace)
	return row
}

func (d *data) put(row uint32, o *records.Object) {
	i := int(row)
	for c, v := range [...]string{kindWord: o.Kind, versionWord: o.Version, appWord: o.App, statusWord: o.Status, healthWord: string(o.Health), readyWord: o.Ready,
		nodeWord: o.Node, changedByWord: o.ChangedBy, accountWord: o.ServiceAccount} {
		if c > namespaceWord { // those before are the key's
			d.words[c].put(i, v)
		}
	}
	d.lists[labelList].putPairs(i, o.Labels)
	d.lists[conditionList].putPairs(i, o.Conditions)
	for c, v := range [...][]string{reasonList: o.Reasons, imageList: o.Images, ownerList: o.OwnerRefs,
		changedList: o.ChangedPaths, containerList: o.Containers, ipList: o.IPs, useList: o.Uses, traitList: o.Traits, managerList: o.ManagedBy} {
		if c > conditionList {
			d.lists[c].put(i, v)
		}
	}
	for c, v := range [...]int64{replicas: o.Replicas, readyReplicas: o.ReadyReplicas, restarts: o.Restarts, generation: o.Generation,
		createdAt: millis(o.CreatedAt), changedAt: millis(o.ChangedAt), observedAt: millis(o.ObservedAt)} {
		d.numbers[c] = grown(d.numbers[c], i)
		d.numbers[c][i] = v
	}
	d.uids, d.vers, d.revisions = grown(d.uids, i), grown(d.vers, i), grown(d.revisions, i)
	if d.vers[i] = o.Ver; !d.identity.is(d.uids[i], o.UID) {
		d.uids[i] = d.identity.code(o.UID)
	}
	d.codes = d.codes[:0]
	for _, uid := range o.OwnerUIDs {
		d.codes = append(d.codes, d.identity.code(uid))
	}
	d.owners.put(i, d.codes)
	d.putRevision(row, o.ResourceVersion)
	d.putWords(row, o.Words)
}

// Object is what the table holds of a row: everything but annotations, words and JSON. Ref has no cluster's name.
func (v *View) Object(row uint32) *records.Object {
	d, k := v.data, v.key(row)
	o := &records.Object{ClusterUID: k.Cluster, Ver: d.vers[row], ChangedBy: d.words[changedByWord].at(row), ChangedPaths: d.lists[changedList].at(row),
		ChangedAt: d.time(changedAt, row), ObservedAt: d.time(observedAt, row)}
	k.Name = strings.Clone(k.Name) // it was a view
	o.Ref = kube.Ref{Namespace: k.Namespace, GroupResource: kube.GroupResource{Group: k.Group, Resource: k.Resource}, Name: k.Name}
	o.Summary = kube.Summary{
		Group: k.Group, Version: d.words[versionWord].at(row), Kind: d.words[kindWord].at(row), Namespace: k.Namespace, Name: k.Name, UID: d.identity.at(d.uids[row]),
		ResourceVersion: d.revision(row), Generation: d.numbers[generation][row], CreatedAt: d.time(createdAt, row),
		Labels: unpair(d.lists[labelList].at(row)), Annotations: map[string]string{}, App: d.words[appWord].at(row), Status: d.words[statusWord].at(row),
		Health: kube.Health(d.words[healthWord].at(row)), Ready: d.words[readyWord].at(row), Reasons: d.lists[reasonList].at(row), Images: d.lists[imageList].at(row),
		Node: d.words[nodeWord].at(row), Replicas: d.numbers[replicas][row], ReadyReplicas: d.numbers[readyReplicas][row], Restarts: d.numbers[restarts][row],
		OwnerUIDs: []string{}, OwnerRefs: d.lists[ownerList].at(row), Conditions: unpair(d.lists[conditionList].at(row)), Containers: d.lists[containerList].at(row),
		IPs: d.lists[ipList].at(row), ServiceAccount: d.words[accountWord].at(row), Uses: d.lists[useList].at(row), Traits: d.lists[traitList].at(row), ManagedBy: d.lists[managerList].at(row),
	}
	for _, c := range d.owners.of(d.owners.rows[row]) {
		o.OwnerUIDs = append(o.OwnerUIDs, d.identity.at(c))
	}
	return o
}

// Version is the identity of a row's object and its version.
func (v *View) Version(row uint32) (Key, uint64) {
	k := v.key(row)
	k.Name = strings.Clone(k.Name)
	return k, v.vers[row]
}

// Row is where an object stands; ok is false when there is none.
func (v *View) Row(k Key) (row uint32, ok bool) { return v.find(k) }

// Living is all objects. The set may be changed.
func (v *View) Living() Set { return v.living.Clone() }

// Alive is the number of objects.
func (v *View) Alive() int { return v.alive }

// Rows is a set of these objects, those that are not there left out.
func (v *View) Rows(keys []Key) Set {
	s := make(Set, len(v.living))
	for _, k := range keys {
		if row, ok := v.find(k); ok {
			s.add(row)
		}
	}
	return s
}

func (d *data) revision(row uint32) string {
	if n := d.revisions[row]; n > 0 {
		return strconv.FormatUint(n, 10)
	}
	return d.texts[row]
}

func (d *data) time(column int, row uint32) time.Time {
	return time.UnixMilli(d.numbers[column][row]).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// separator is between key and value of a pair. No key of Kubernetes has it.
const separator = "\x00"

func unpair(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, p := range list {
		k, v, _ := strings.Cut(p, separator)
		m[k] = v
	}
	return m
}

func lowerASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// compact is the same table without what nobody needs any more.
func (d *data) compact() *data {
	n := newData()
	n.position = maps.Clone(d.position)
	keep := d.living.Clone()
	// A ghost stays while something that stays names it as its owner.
	for {
		named := make([]bool, len(d.identity.uuids))
		keep.Each(func(row uint32) {
			for _, c := range d.owners.of(d.owners.rows[row]) {
				named[c] = true
			}
		})
		before := keep.Count()
		for row := range d.uids {
			if named[d.uids[row]] {
				keep.add(uint32(row))
			}
		}
		if keep.Count() == before {
			break
		}
	}
	again := func(from *View, row, to uint32) {
		n.put(to, from.Object(row))
		n.codes = n.codes[:0]
		for _, c := range from.rest.of(from.rest.rows[row]) {
			n.codes = append(n.codes, n.vocabulary.code(d.vocabulary.values[c], restBit))
		}
		n.rest.put(int(to), n.codes)
	}
	now := &View{d}
	keep.Each(func(row uint32) {
		k := d.key(row)
		to := n.add(k)
		again(now, row, to)
		if !d.living.Has(row) {
			n.bury(to, k)
		}
	})
	then, end := d.past.view(d), n.count
	for row := range uint32(d.past.count) { // each is behind the table's rows for a moment
		to := n.place(then.key(row))
		again(then, row, to)
		n.past.add(n, to, d.past.until[row])
		n.cut(end)
	}
	n.past.since, n.past.lost, n.past.least = d.past.since, d.past.lost, d.past.least
	n.waste = 0
	return n
}
