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
	t.mu.Lock()
	defer t.mu.Unlock()
	l := loading{data: t.d, b: b, rows: make([]uint32, b.Rows)}
	defer t.applied.Add(1)
	return l.load()
}

// loading is one block on its way into the columns.
type loading struct {
	*data
	b     *clickhouse.Block
	rows  []uint32 // where each of the block's stands; nowhere: it is older than what is there
	first int      // the first row that was added
	err   error
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

func (l *loading) load() error {
	for _, c := range wordColumns { // all there, before anything is changed
		if c.name != "gr" {
			l.column(c.name)
		}
	}
	for _, c := range listColumns {
		l.column(c.name)
	}
	for _, name := range append(numberColumns[:], "api_group", "resource", "name", "uid", "ver", "resource_version", "owner_uids", "tokens") {
		l.column(name)
	}
	if l.err != nil || l.b.Rows == 0 {
		return l.err
	}
	l.keys()
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
	l.tokens()
	return nil
}

// keys finds a row for each object.
func (l *loading) keys() {
	clusters, groups, resources, namespaces, names := l.column("cluster"), l.column("api_group"), l.column("resource"), l.column("namespace"), l.column("name")
	uids, vers := l.column("uid"), l.column("ver").Numbers
	of := [...]*word{l.words[clusterWord], l.words[namespaceWord], l.words[grWord]}
	codes := [...]coder{newCoder(of[0].dictionary, &clusters.Texts), newCoder(of[1].dictionary, &namespaces.Texts)}
	var last Key
	gr := unasked
	l.first = l.count
	for i := range l.rows {
		k := Key{Cluster: clusters.At(i), Group: groups.At(i), Resource: resources.At(i), Namespace: namespaces.At(i), Name: names.At(i)}
		l.rows[i] = nowhere
		digest := k.digest()
		if _, taken := l.data.rows[digest]; taken {
			if row, known := l.find(k); known {
				if l.vers[row] >= uint64(vers[i]) {
					continue
				}
				l.bury(row, k)
			}
		}
		row := uint32(l.count)
		l.rows[i] = row
		l.count++
		l.alive++
		words := l.count/64 + 1
		l.living, l.odd, l.irregular = grown(l.living, words-1), grown(l.odd, words-1), grown(l.irregular, words-1)
		l.living.add(row)
		if _, taken := l.data.rows[digest]; taken {
			l.clashes[k] = row
		} else {
			l.data.rows[digest] = row
		}
		l.names.put(int(row), k.Name)
		odd := !lowerASCII(k.Name)
		if odd {
			l.odd.add(row)
		}
		l.vocabulary.named(k.Name, odd)
		if gr == unasked || k.Resource != last.Resource || k.Group != last.Group {
			gr = of[2].code(kube.GroupResource{Group: k.Group, Resource: k.Resource}.String())
			last = k
		}
		for n, c := range [...]uint32{codes[0].at(i), codes[1].at(i), gr} {
			of[n].rows = grown(of[n].rows, int(row))
			of[n].rows[row] = c
		}
		l.uids, l.vers = grown(l.uids, int(row)), grown(l.vers, int(row))
		l.uids[row], l.vers[row] = l.identity.code(uids.At(i)), uint64(vers[i])
	}
}

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
	if c, ok := d.codes[string(s)]; ok {
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

// tokens comes last: most are implied by the other columns.
func (l *loading) tokens() {
	v, of := l.column("tokens"), []string{}
	l.each(v, func(row uint32, from, to int) {
		of = of[:0]
		for i := from; i < to; i++ {
			of = append(of, v.At(i))
		}
		l.putTokens(row, of)
	})
}
