package columns

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
)

// Load takes rows of the table of current objects, none of them deleted, as Apply would take them one by one: texts that
// ClickHouse has in dictionaries are looked up once a block, and nothing is made of a row but what is stored.
func (t *Table) Load(b *clickhouse.Block) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.applied.Add(1)
	l := loading{data: t.d, b: b, rows: make([]uint32, b.Rows)}
	return l.load(l.keys)
}

// loading is one block on its way into the columns.
type loading struct {
	*data
	b    *clickhouse.Block
	rows []uint32 // where each of the block's stands; nowhere: it is left out
	err  error

	// What places are made of.
	clusters, namespaces           coder
	groups, resources, called, uid *clickhouse.Values
	ver                            []int64
	kind                           kube.GroupResource
	gr                             uint32 // its code
}

const (
	nowhere = ^uint32(0)
	unasked = ^uint32(0) // of a code
)

// column is a column of the block; without it nothing is stored.
func (l *loading) column(name string) *clickhouse.Values {
	v := l.b.Column(name)
	if v == nil {
		v = &clickhouse.Values{}
		if l.err == nil {
			l.err = fmt.Errorf("load columns: there is no column %s", name)
		}
	}
	return v
}

// load finds places for the rows by keys, and fills them.
func (l *loading) load(keys func()) error {
	for _, c := range wordColumns { // all there, before anything is changed
		if c.name != "gr" {
			l.column(c.name)
		}
	}
	for _, c := range listColumns {
		l.column(c.name)
	}
	for _, name := range append(numberColumns[:], "api_group", "resource", "name", "uid", "ver", "resource_version", "owner_uids", "words") {
		l.column(name)
	}
	if l.err != nil || l.b.Rows == 0 {
		return l.err
	}
	l.clusters, l.namespaces = newCoder(l.words[clusterWord].dictionary, &l.column("cluster").Texts), newCoder(l.words[namespaceWord].dictionary, &l.column("namespace").Texts)
	l.groups, l.resources, l.called, l.uid, l.ver = l.column("api_group"), l.column("resource"), l.column("name"), l.column("uid"), l.column("ver").Numbers
	l.gr = unasked
	keys()
	for i, c := range wordColumns {
		if i > namespaceWord { // those before are the key's
			l.word(l.words[i], l.column(c.name))
		}
	}
	for i, c := range listColumns {
		if v := l.column(c.name); i == labelList || i == conditionList {
			l.pairs(l.lists[i], v)
		} else {
			l.list(l.lists[i], v)
		}
	}
	for i, name := range numberColumns {
		l.numbers[i] = grown(l.numbers[i], l.count-1)
		for n, value := range l.column(name).Numbers {
			if row := l.rows[n]; row != nowhere {
				l.numbers[i][row] = value
			}
		}
	}
	l.identities()
	l.said()
	return nil
}

// keys finds a row for each object.
func (l *loading) keys() {
	for i := range l.rows {
		k := Key{Cluster: l.clusters.texts.At(i), Group: l.groups.At(i), Resource: l.resources.At(i), Namespace: l.namespaces.texts.At(i), Name: l.called.At(i)}
		digest := k.digest()
		_, taken := l.data.rows[digest]
		if taken {
			if row, known := l.find(k); known {
				if l.vers[row] >= l.version(i) {
					l.rows[i] = nowhere
					continue
				}
				l.bury(row, k)
				_, taken = l.data.rows[digest]
			}
		}
		row := l.place(i)
		l.alive++
		l.living.add(row)
		if taken {
			l.clashes[k] = row
		} else {
			l.data.rows[digest] = row
		}
		odd := !lowerASCII(k.Name)
		if odd {
			l.odd.add(row)
		}
		l.vocabulary.named(k.Name, odd)
	}
}

// place makes a row of what find reads.
func (l *loading) place(i int) (row uint32) {
	at := l.count
	row = uint32(at)
	l.rows[i] = row
	l.count++
	words := l.count/64 + 1
	l.living, l.odd = grown(l.living, words-1), grown(l.odd, words-1)
	l.names.put(at, l.called.At(i))
	kind := kube.GroupResource{Group: l.groups.At(i), Resource: l.resources.At(i)}
	if l.gr == unasked || kind != l.kind { // rows of a kind come together
		l.gr, l.kind = l.words[grWord].code(kind.String()), kind
	}
	for word, code := range [...]uint32{clusterWord: l.clusters.at(i), grWord: l.gr, namespaceWord: l.namespaces.at(i)} {
		w := l.words[word]
		w.rows = grown(w.rows, at)
		w.rows[at] = code
	}
	l.uids, l.vers = grown(l.uids, at), grown(l.vers, at)
	l.uids[at], l.vers[at] = l.identity.code(l.uid.At(i)), l.version(i)
	return row
}

func (l *loading) version(i int) uint64 { return uint64(l.ver[i]) }

// coder gives the texts of a column the codes of a dictionary: each distinct one once.
type coder struct {
	d     *dictionary
	texts *clickhouse.Texts
	codes []uint32 // of the distinct ones, when they stand in a dictionary
	last  string
	code  uint32
}

func newCoder(d *dictionary, t *clickhouse.Texts) coder {
	c := coder{d: d, texts: t}
	if t.Places != nil {
		c.codes = make([]uint32, len(t.Distinct))
		for i := range c.codes {
			c.codes[i] = unasked
		}
	}
	return c
}

func (c *coder) at(i int) uint32 {
	if c.codes == nil {
		if s := c.texts.Distinct[i]; s != c.last {
			c.last, c.code = s, c.d.code(s)
		}
		return c.code
	}
	place := c.texts.Places[i]
	if c.codes[place] == unasked {
		c.codes[place] = c.d.code(c.texts.Distinct[place])
	}
	return c.codes[place]
}

func (l *loading) word(w *word, v *clickhouse.Values) {
	w.rows = grown(w.rows, l.count-1)
	c := newCoder(w.dictionary, &v.Texts)
	for i, row := range l.rows {
		if row != nowhere {
			w.rows[row] = c.at(i)
		}
	}
}

// each calls f with where the elements of each row begin and end.
func (l *loading) each(v *clickhouse.Values, f func(row uint32, from, to int)) {
	from := 0
	for i, row := range l.rows {
		to := int(v.Ends[i])
		if row != nowhere {
			f(row, from, to)
		}
		from = to
	}
}

func (l *loading) list(into *list, v *clickhouse.Values) {
	c := newCoder(into.dictionary, &v.Texts)
	l.each(v, func(row uint32, from, to int) {
		into.codesOf = into.codesOf[:0]
		for i := from; i < to; i++ {
			into.codesOf = append(into.codesOf, c.at(i))
		}
		into.lists.put(int(row), into.codesOf)
	})
}

// pairs is list of maps, which are kept as sorted pairs.
func (l *loading) pairs(into *list, v *clickhouse.Values) {
	var pair []byte
	order := []int{}
	l.each(v, func(row uint32, from, to int) {
		order = order[:0]
		for i := from; i < to; i++ { // few, and nearly always sorted
			at := len(order)
			order = append(order, i)
			for ; at > 0 && v.At(order[at-1]) > v.At(i); at-- {
				order[at] = order[at-1]
			}
			order[at] = i
		}
		into.codesOf = into.codesOf[:0]
		for _, i := range order {
			pair = append(append(append(pair[:0], v.At(i)...), separator...), v.Of.At(i)...)
			into.codesOf = append(into.codesOf, into.codeOf(pair))
		}
		into.lists.put(int(row), into.codesOf)
	})
}

// codeOf is code of a text that is about to change.
func (d *dictionary) codeOf(s []byte) uint32 {
	if c, ok := d.knownBytes(s); ok {
		return c
	}
	return d.code(string(s))
}

// identities stores owners and resource versions.
func (l *loading) identities() {
	owners := l.column("owner_uids")
	l.each(owners, func(row uint32, from, to int) {
		l.codes = l.codes[:0]
		for i := from; i < to; i++ {
			l.codes = append(l.codes, l.identity.code(owners.At(i)))
		}
		l.owners.put(int(row), l.codes)
	})
	versions := l.column("resource_version")
	l.revisions = grown(l.revisions, l.count-1)
	for i, row := range l.rows {
		if row != nowhere {
			l.putRevision(row, versions.At(i))
		}
	}
}

// putRevision stores a resource version: nearly all are numbers.
func (d *data) putRevision(row uint32, s string) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil && n > 0 && s[0] != '0' && s[0] != '+' {
		d.revisions[row] = n
		delete(d.texts, row)
		return
	}
	d.revisions[row] = 0
	d.texts[row] = strings.Clone(s)
}

// said stores what free text finds beside what the other columns tell.
func (l *loading) said() {
	v, of := l.column("words"), []string{}
	l.each(v, func(row uint32, from, to int) {
		of = of[:0]
		for i := from; i < to; i++ {
			of = append(of, v.At(i))
		}
		l.putWords(row, of)
	})
}
