// Package clusters is the registry of members: which clusters there are, who they truly are, how their data stands,
// and which stream of each may write. It lives in etcd; every hub process holds it in memory by watching.
//
// Invariant: a UID belongs to one name, and an epoch of a (cluster, stream) is given once.
package clusters

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state"
)

// Keys in etcd.
const (
	prefix      = "clusters/"
	namePrefix  = prefix + "name/"   // NAME -> Cluster
	uidPrefix   = prefix + "uid/"    // UID -> NAME: the claim that keeps a UID at one name
	epochPrefix = prefix + "epoch/"  // UID/STREAM -> counter
	statePrefix = prefix + "status/" // NAME -> Status
	tokenPrefix = "join/"            // ID -> joinToken; not watched
)

// Modes of a Cluster.
const (
	Push = "push" // the hub dials it
	Pull = "pull" // its collector dials the hub
)

// Cluster is a member as registered. UID is that of its kube-system namespace, "" until it was reached once.
type Cluster struct {
	Name              string            `json:"name"`
	UID               string            `json:"uid,omitempty"`
	Mode              string            `json:"mode"`
	Context           string            `json:"context,omitempty"` // of the kubeconfig, for push
	KubernetesVersion string            `json:"kubernetesVersion,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	AddedAt           time.Time         `json:"addedAt"`
	// Protection is what people set with Protect; of an Entry, the stricter of that and its label's.
	Protection Protection `json:"protection,omitempty"`
	Loosening  *Loosening `json:"loosening,omitempty"`
}

// Status says how a cluster's data stands.
type Status struct {
	State   records.ClusterState `json:"state"`
	Reason  string               `json:"reason,omitempty"` // a sentence, "" when all is well
	AsOf    time.Time            `json:"asOf,omitzero"`    // what is stored reflects the member at this moment
	HeardAt time.Time            `json:"heardAt,omitzero"` // hub's clock
}

// Entry is a cluster and how it stands now.
type Entry struct {
	Cluster
	Status
}

// Registry is the registry as this process sees it. All methods are safe for concurrent use.
type Registry struct {
	store *state.Store
	log   *slog.Logger
	now   func() time.Time
	kick  chan struct{}

	mu       sync.RWMutex
	byName   map[string]held
	nameOf   map[string]string // UID -> name
	epochs   map[string]uint64 // UID/STREAM -> epoch
	statuses map[string]*standing
	gone     map[string]int64 // name -> revision of its removal, so that an older echo does not bring it back
}

type held struct {
	cluster  Cluster
	revision int64
}

// standing is the status of one cluster and what of it other hubs know.
type standing struct {
	Status
	dirty   bool
	urgent  bool
	written time.Time
}

// New makes a registry over store. It knows nothing before Load or Run.
func New(store *state.Store, log *slog.Logger) *Registry {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Registry{
		store: store, log: log, now: time.Now, kick: make(chan struct{}, 1),
		byName: map[string]held{}, nameOf: map[string]string{}, epochs: map[string]uint64{},
		statuses: map[string]*standing{}, gone: map[string]int64{},
	}
}

// List answers every cluster, by name.
func (r *Registry) List() []Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]Entry, 0, len(r.byName))
	for _, h := range r.byName {
		list = append(list, r.entry(h))
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// ByName answers the cluster that has this name now.
func (r *Registry) ByName(name string) (Entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	h, ok := r.byName[name]
	if !ok {
		return Entry{}, false
	}
	return r.entry(h), true
}

// ByUID answers the cluster with this identity.
func (r *Registry) ByUID(uid string) (Entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	name, ok := r.nameOf[uid]
	if !ok {
		return Entry{}, false
	}
	return r.entry(r.byName[name]), true
}

func (r *Registry) entry(h held) Entry {
	e := Entry{Cluster: h.cluster}
	e.Labels = maps.Clone(h.cluster.Labels)
	e.Protection = h.cluster.guarded()
	e.Status = Status{State: records.Pending, Reason: "Never heard from."}
	if s := r.statuses[h.cluster.Name]; s != nil {
		e.Status = r.aged(s.Status)
	}
	return e
}

var validName = regexp.MustCompile(`^[a-z0-9A-Z]([-a-z0-9A-Z_.@]{0,251}[a-z0-9A-Z])?$`)

// CheckName refuses what could not stand in a reference or a path.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q cannot be a cluster's name.", name), Fix: "Use letters, digits and - _ . @ inside, at most 253 characters."}
	}
	return nil
}

// Add registers c, or updates mode, context and labels of the one with its name. A UID it has is kept.
func (r *Registry) Add(ctx context.Context, c Cluster) error {
	if err := CheckName(c.Name); err != nil {
		return err
	}
	if c.Mode != Push && c.Mode != Pull {
		return fmt.Errorf("add cluster %s: mode %q is neither push nor pull", c.Name, c.Mode)
	}
	uid := c.UID
	c.UID = ""
	err := r.change(ctx, c.Name, true, func(old *Cluster) error {
		c.UID, c.AddedAt, c.Protection, c.Loosening = old.UID, old.AddedAt, old.Protection, old.Loosening
		if c.KubernetesVersion == "" {
			c.KubernetesVersion = old.KubernetesVersion
		}
		if c.Labels == nil {
			c.Labels = old.Labels
		}
		if c.AddedAt.IsZero() {
			c.AddedAt = r.now().UTC().Truncate(time.Millisecond)
		}
		*old = c
		return nil
	})
	if err != nil || uid == "" {
		return err
	}
	return r.Bind(ctx, c.Name, uid)
}

// Create registers c and refuses when its name is taken.
func (r *Registry) Create(ctx context.Context, c Cluster) error {
	if _, err := r.store.Get(ctx, namePrefix+c.Name); err == nil {
		return &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("There is a cluster %s already.", c.Name), Fix: "Choose another name, or remove that one first: foretop clusters rm " + c.Name}
	} else if !errors.Is(err, state.ErrNotFound) {
		return err
	}
	return r.Add(ctx, c)
}

// Bind gives a registered cluster its identity. It refuses a UID that belongs to another name, and another UID for
// a name that has one: data of two clusters must never be mixed.
func (r *Registry) Bind(ctx context.Context, name, uid string) error {
	if uid == "" {
		return fmt.Errorf("bind cluster %s: no UID", name)
	}
	if e, ok := r.ByName(name); ok && e.UID == uid {
		return nil
	}
	return r.changeWith(ctx, name, false, func(c *Cluster) ([]state.Condition, []state.Op, error) {
		if c.UID == uid {
			return nil, nil, nil
		}
		if c.UID != "" {
			return nil, nil, &access.Error{
				Code: "CONFLICT", Message: fmt.Sprintf("Cluster %s is not the one it was: its kube-system namespace had UID %s and now has %s.", name, c.UID, uid),
				Fix: fmt.Sprintf("If it was rebuilt, remove and add it again: foretop clusters rm %s. If not, check which cluster its connection reaches.", name),
			}
		}
		claim, err := r.store.Get(ctx, uidPrefix+uid)
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			return nil, nil, err
		}
		if err == nil && string(claim.Value) != name {
			return nil, nil, &access.Error{
				Code: "CONFLICT", Message: fmt.Sprintf("Cluster %s is the same cluster as %s, which is registered already.", name, claim.Value),
				Fix: fmt.Sprintf("Use one of the two: remove the other with foretop clusters rm %s", name),
			}
		}
		c.UID = uid
		return []state.Condition{state.At(uidPrefix+uid, claim.Revision)}, []state.Op{state.Set(uidPrefix+uid, []byte(name))}, nil
	})
}

// SetVersion notes which Kubernetes the cluster runs.
func (r *Registry) SetVersion(ctx context.Context, uid, version string) error {
	e, ok := r.ByUID(uid)
	if !ok {
		return fmt.Errorf("note version of cluster %s: %w", uid, state.ErrNotFound)
	}
	if e.KubernetesVersion == version {
		return nil
	}
	return r.change(ctx, e.Name, false, func(c *Cluster) error { c.KubernetesVersion = version; return nil })
}

// Rename changes a cluster's name and keeps its identity, so all that was stored stays its own.
func (r *Registry) Rename(ctx context.Context, from, to string) error {
	if err := CheckName(to); err != nil || from == to {
		return err
	}
	for {
		e, c, err := r.read(ctx, from)
		if err != nil {
			return err
		}
		conditions := []state.Condition{state.At(namePrefix+from, e.Revision), state.Absent(namePrefix + to)}
		ops := []state.Op{state.Unset(namePrefix + from), state.Unset(statePrefix + from)}
		c.Name = to
		ops = append(ops, state.Set(namePrefix+to, encode(c)))
		if c.UID != "" {
			ops = append(ops, state.Set(uidPrefix+c.UID, []byte(to)))
		}
		revision, err := r.store.Commit(ctx, conditions, ops...)
		if errors.Is(err, state.ErrConflict) {
			if _, err := r.store.Get(ctx, namePrefix+to); err == nil {
				return &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("There is a cluster %s already.", to), Fix: "Choose another name."}
			}
			continue
		}
		if err != nil {
			return err
		}
		r.mu.Lock()
		if s := r.statuses[from]; s != nil {
			s.dirty, s.urgent = true, true
			r.statuses[to] = s
		}
		r.forget(from, revision)
		r.hold(c, revision)
		r.mu.Unlock()
		r.wake()
		return nil
	}
}

// Remove forgets a cluster and its identity. Its epochs stay: a later cluster of this UID goes on counting.
func (r *Registry) Remove(ctx context.Context, name string) error {
	for {
		e, c, err := r.read(ctx, name)
		if err != nil {
			return err
		}
		ops := []state.Op{state.Unset(namePrefix + name), state.Unset(statePrefix + name)}
		if c.UID != "" {
			ops = append(ops, state.Unset(uidPrefix+c.UID))
		}
		revision, err := r.store.Commit(ctx, []state.Condition{state.At(namePrefix+name, e.Revision)}, ops...)
		if errors.Is(err, state.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.forget(name, revision)
		r.mu.Unlock()
		return nil
	}
}

// Epoch begins a new epoch of a stream of a cluster: every older writer of it is fenced from now on.
func (r *Registry) Epoch(ctx context.Context, uid, stream string) (uint64, error) {
	key := uid + "/" + stream
	epoch, err := r.store.Increment(ctx, epochPrefix+key)
	if err != nil {
		return 0, fmt.Errorf("begin epoch of %s: %w", key, err)
	}
	r.mu.Lock()
	r.epochs[key] = max(r.epochs[key], epoch)
	r.mu.Unlock()
	return epoch, nil
}

// CurrentEpoch is the newest epoch this process knows of, 0 when there is none. Other hubs' arrive by watch.
func (r *Registry) CurrentEpoch(uid, stream string) uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.epochs[uid+"/"+stream]
}

func (r *Registry) read(ctx context.Context, name string) (state.Entry, Cluster, error) {
	e, err := r.store.Get(ctx, namePrefix+name)
	if errors.Is(err, state.ErrNotFound) {
		return e, Cluster{}, notFound(name)
	}
	if err != nil {
		return e, Cluster{}, err
	}
	c, err := decode(e)
	return e, c, err
}

func notFound(name string) error {
	return &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("There is no cluster %s.", name), Fix: "List them with: foretop clusters"}
}

func (r *Registry) change(ctx context.Context, name string, create bool, edit func(*Cluster) error) error {
	return r.changeWith(ctx, name, create, func(c *Cluster) ([]state.Condition, []state.Op, error) { return nil, nil, edit(c) })
}

// changeWith edits one cluster by compare-and-swap, together with further conditions and writes.
func (r *Registry) changeWith(ctx context.Context, name string, create bool, edit func(*Cluster) ([]state.Condition, []state.Op, error)) error {
	for {
		e, c, err := r.read(ctx, name)
		if create && access.Code(err) == "NOT_FOUND" {
			e, c, err = state.Entry{}, Cluster{Name: name}, nil
		}
		if err != nil {
			return err
		}
		conditions, ops, err := edit(&c)
		if err != nil {
			return err
		}
		conditions = append(conditions, state.At(namePrefix+name, e.Revision))
		revision := e.Revision
		if raw := encode(c); string(raw) != string(e.Value) || len(ops) > 0 {
			revision, err = r.store.Commit(ctx, conditions, append(ops, state.Set(namePrefix+name, raw))...)
		}
		if errors.Is(err, state.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.hold(c, revision)
		r.mu.Unlock()
		return nil
	}
}

// hold takes c into memory unless something newer is there. mu is held.
func (r *Registry) hold(c Cluster, revision int64) {
	if r.gone[c.Name] > revision || r.byName[c.Name].revision > revision {
		return
	}
	r.drop(c.Name)
	delete(r.gone, c.Name)
	r.byName[c.Name] = held{c, revision}
	if c.UID != "" {
		r.nameOf[c.UID] = c.Name
	}
}

// forget notes that a name was removed at revision. mu is held.
func (r *Registry) forget(name string, revision int64) {
	if r.byName[name].revision > revision {
		return
	}
	r.drop(name)
	delete(r.statuses, name)
	r.gone[name] = max(r.gone[name], revision)
}

// drop takes a name out of memory. mu is held.
func (r *Registry) drop(name string) {
	if uid := r.byName[name].cluster.UID; uid != "" && r.nameOf[uid] == name {
		delete(r.nameOf, uid)
	}
	delete(r.byName, name)
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own plain structs
	}
	return raw
}

func decode(e state.Entry) (Cluster, error) {
	var c Cluster
	if err := json.Unmarshal(e.Value, &c); err != nil {
		return c, fmt.Errorf("read cluster from %s: %w", e.Key, err)
	}
	return c, nil
}
