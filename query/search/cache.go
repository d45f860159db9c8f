package search

import (
	"container/list"
	"sync"

	"github.com/foretop/foretop/internal/records"
)

// objectCacheBytes is about how much memory remembered objects may take.
const objectCacheBytes = 64 << 20

// version is one version of one object. The database never holds two different rows of one version, so what is
// remembered of it stays true.
type version struct {
	key key
	ver uint64
}

// objectCache remembers rows of current objects by version, the least recently asked forgotten first. That a version
// is the current one is not known from here: the database says so each time.
type objectCache struct {
	most int

	mu     sync.Mutex
	bytes  int
	recent *list.List // of *cachedObject, the last asked in front
	places map[version]*list.Element
}

type cachedObject struct {
	version
	object   records.Object
	withJSON bool
	bytes    int
}

func newObjectCache(most int) *objectCache {
	return &objectCache{most: most, recent: list.New(), places: map[version]*list.Element{}}
}

// get is a copy of the row, nil when it is not known. Its maps and slices are shared: nobody writes to them.
func (c *objectCache) get(f *fleet, k key, ver uint64, withJSON bool) *records.Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.places[version{k, ver}]
	if e == nil || withJSON && !e.Value.(*cachedObject).withJSON {
		return nil
	}
	c.recent.MoveToFront(e)
	o := e.Value.(*cachedObject).object
	o.Ref = f.ref(k) // members may be renamed
	if !withJSON {
		o.JSON = nil
	}
	return &o
}

func (c *objectCache) put(o *records.Object, withJSON bool) {
	v := version{key{cluster: o.ClusterUID, group: o.Ref.Group, resource: o.Ref.Resource, namespace: o.Ref.Namespace, name: o.Ref.Name}, o.Ver}
	entry := &cachedObject{version: v, object: *o, withJSON: withJSON, bytes: size(o)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.places[v]; e != nil {
		if e.Value.(*cachedObject).withJSON && !withJSON {
			return
		}
		c.drop(e)
	}
	c.places[v] = c.recent.PushFront(entry)
	c.bytes += entry.bytes
	for c.bytes > c.most {
		c.drop(c.recent.Back())
	}
}

func (c *objectCache) drop(e *list.Element) {
	entry := e.Value.(*cachedObject)
	c.recent.Remove(e)
	delete(c.places, entry.version)
	c.bytes -= entry.bytes
}

// size is about what an object takes in memory.
func size(o *records.Object) int {
	n := 2048 + len(o.JSON)
	for k, v := range o.Labels {
		n += len(k) + len(v) + 32
	}
	for k, v := range o.Annotations {
		n += len(k) + len(v) + 32
	}
	return n
}
