package aggregator

import (
	"container/list"
	"sync"

	"github.com/foretop/foretop/internal/kube"
)

type objectKey struct {
	cluster string
	gr      kube.GroupResource
	name
}

// objectCache keeps the JSON of the objects that changed last, bounded by bytes, so that most new versions are
// compared with the one before without asking the database.
type objectCache struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *cachedObject, newest first
	byKey map[objectKey]*list.Element
}

type cachedObject struct {
	key  objectKey
	text string
}

// cachedOverhead is what an entry costs beside its text: key, list element, map slot.
const cachedOverhead = 256

func newObjectCache(limit int64) *objectCache {
	return &objectCache{limit: limit, order: list.New(), byKey: map[objectKey]*list.Element{}}
}

func (c *objectCache) get(key objectKey) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return "", false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedObject).text, true
}

func (c *objectCache) put(key objectKey, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		o := e.Value.(*cachedObject)
		c.bytes += int64(len(text) - len(o.text))
		o.text = text
		c.order.MoveToFront(e)
	} else {
		c.byKey[key] = c.order.PushFront(&cachedObject{key, text})
		c.bytes += int64(len(text)) + cachedOverhead
	}
	for c.bytes > c.limit && c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

func (c *objectCache) remove(key objectKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.drop(e)
	}
}

func (c *objectCache) drop(e *list.Element) {
	o := c.order.Remove(e).(*cachedObject)
	delete(c.byKey, o.key)
	c.bytes -= int64(len(o.text)) + cachedOverhead
}

func (c *objectCache) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
