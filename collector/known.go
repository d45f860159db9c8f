package collector

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// knownKinds remembers which kinds the cluster serves and about how many objects of each there are, over
// restarts when it has a file: a kind that vanished meanwhile is still told to the hub.
type knownKinds struct {
	path string // "" keeps nothing

	mu    sync.Mutex
	kinds map[schema.GroupResource]*knownKind
	dirty bool
}

type knownKind struct {
	Group      string `json:"group"`
	Version    string `json:"version"`
	Resource   string `json:"resource"`
	Kind       string `json:"kind"`
	Namespaced bool   `json:"namespaced"`
	Objects    int    `json:"objects"`
}

func loadKnownKinds(dataDir string) (*knownKinds, error) {
	k := &knownKinds{kinds: map[schema.GroupResource]*knownKind{}}
	if dataDir == "" {
		return k, nil
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("create %s: %w", dataDir, err)
	}
	k.path = filepath.Join(dataDir, "kinds.json")
	data, err := os.ReadFile(k.path)
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known kinds: %w", err)
	}
	var list []*knownKind
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("known kinds %s cannot be read: %w; remove the file to begin anew", k.path, err)
	}
	for _, kk := range list {
		k.kinds[schema.GroupResource{Group: kk.Group, Resource: kk.Resource}] = kk
	}
	return k, nil
}

func (k *knownKinds) add(r *ingestpb.Resource) {
	k.mu.Lock()
	defer k.mu.Unlock()
	gr := groupResource(r)
	now := knownKind{Group: r.Group, Version: r.Version, Resource: r.Resource, Kind: r.Kind, Namespaced: r.Namespaced}
	if had := k.kinds[gr]; had != nil {
		now.Objects = had.Objects
		if *had == now {
			return
		}
	}
	k.kinds[gr], k.dirty = &now, true
}

func (k *knownKinds) remove(gr schema.GroupResource) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kinds, gr)
	k.dirty = true
}

func (k *knownKinds) count(gr schema.GroupResource, objects int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if had := k.kinds[gr]; had != nil && had.Objects != objects {
		had.Objects, k.dirty = objects, true
	}
}

func (k *knownKinds) objects(gr schema.GroupResource) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if had := k.kinds[gr]; had != nil {
		return had.Objects
	}
	return 0
}

func (k *knownKinds) has(gr schema.GroupResource) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kinds[gr] != nil
}

func (k *knownKinds) list() []*ingestpb.Resource {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]*ingestpb.Resource, 0, len(k.kinds))
	for _, kk := range k.kinds {
		out = append(out, &ingestpb.Resource{Group: kk.Group, Version: kk.Version, Resource: kk.Resource, Kind: kk.Kind, Namespaced: kk.Namespaced})
	}
	return out
}

func (k *knownKinds) save() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" || !k.dirty {
		return nil
	}
	list := make([]*knownKind, 0, len(k.kinds))
	for _, kk := range k.kinds {
		list = append(list, kk)
	}
	slices.SortFunc(list, func(a, b *knownKind) int {
		return strings.Compare(a.Group+"/"+a.Resource, b.Group+"/"+b.Resource)
	})
	data, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	if err := writeFile(k.path, data); err != nil {
		return fmt.Errorf("write known kinds: %w", err)
	}
	k.dirty = false
	return nil
}
