package state

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/internal/access"
)

// requestTimeout bounds every request: an etcd that lost its majority would hold it for ever.
const requestTimeout = 10 * time.Second

// Entry is one key as it is.
type Entry struct {
	Key      string
	Value    []byte
	Revision int64 // of its last change; what Update takes
}

// Get answers ErrNotFound when the key is absent.
func (s *Store) Get(ctx context.Context, key string) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r, err := s.client.Get(ctx, root+key)
	if err != nil {
		return Entry{}, explain("read "+key, err)
	}
	if len(r.Kvs) == 0 {
		return Entry{}, fmt.Errorf("read %s: %w", key, ErrNotFound)
	}
	return entry(r.Kvs[0]), nil
}

// List answers every entry under prefix, by key.
func (s *Store) List(ctx context.Context, prefix string) ([]Entry, error) {
	list, _, err := s.list(ctx, prefix)
	return list, err
}

// Newest answers at most limit entries under prefix with keys below before ("" for no bound), highest key first.
func (s *Store) Newest(ctx context.Context, prefix, before string, limit int) ([]Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	end := clientv3.GetPrefixRangeEnd(root + prefix)
	if before != "" {
		end = root + before
	}
	r, err := s.client.Get(ctx, root+prefix, clientv3.WithRange(end), clientv3.WithLimit(int64(limit)),
		clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend))
	if err != nil {
		return nil, explain("list "+prefix, err)
	}
	return entries(r), nil
}

func (s *Store) list(ctx context.Context, prefix string) ([]Entry, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r, err := s.client.Get(ctx, root+prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, 0, explain("list "+prefix, err)
	}
	return entries(r), r.Header.Revision, nil
}

func entries(r *clientv3.GetResponse) []Entry {
	list := make([]Entry, len(r.Kvs))
	for i, kv := range r.Kvs {
		list[i] = entry(kv)
	}
	return list
}

func entry(kv *mvccpb.KeyValue) Entry {
	return Entry{string(kv.Key[len(root):]), kv.Value, kv.ModRevision}
}

// Put writes whatever was there.
func (s *Store) Put(ctx context.Context, key string, value []byte) (revision int64, err error) {
	return s.Commit(ctx, nil, Set(key, value))
}

// Create answers ErrExists when the key is there already.
func (s *Store) Create(ctx context.Context, key string, value []byte) (revision int64, err error) {
	revision, err = s.Commit(ctx, []Condition{Absent(key)}, Set(key, value))
	if errors.Is(err, ErrConflict) {
		err = fmt.Errorf("create %s: %w", key, ErrExists)
	}
	return revision, err
}

// Update answers ErrConflict when the key's revision is no longer the given one.
func (s *Store) Update(ctx context.Context, key string, value []byte, revision int64) (int64, error) {
	return s.Commit(ctx, []Condition{At(key, revision)}, Set(key, value))
}

// Delete removes a key; an absent one is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	_, err := s.Commit(ctx, nil, Unset(key))
	return err
}

// Increment adds one to the counter in key, which starts at 0, and answers the new value. No value is ever given twice.
func (s *Store) Increment(ctx context.Context, key string) (uint64, error) {
	for {
		old, err := s.Get(ctx, key)
		var n uint64
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return 0, err
		default:
			if n, err = strconv.ParseUint(string(old.Value), 10, 64); err != nil {
				return 0, fmt.Errorf("read counter %s: %w", key, err)
			}
		}
		n++
		_, err = s.Commit(ctx, []Condition{At(key, old.Revision)}, Set(key, strconv.AppendUint(nil, n, 10)))
		if !errors.Is(err, ErrConflict) {
			return n, err
		}
	}
}

// Condition is one thing that must hold for a Commit.
type Condition struct{ cmp clientv3.Cmp }

// Absent holds when the key does not exist.
func Absent(key string) Condition {
	return Condition{clientv3.Compare(clientv3.CreateRevision(root+key), "=", 0)}
}

// At holds when the key's last change is revision; revision 0 means that it does not exist.
func At(key string, revision int64) Condition {
	return Condition{clientv3.Compare(clientv3.ModRevision(root+key), "=", revision)}
}

// Is holds when the key has this value.
func Is(key string, value []byte) Condition {
	return Condition{clientv3.Compare(clientv3.Value(root+key), "=", string(value))}
}

// Op is one write of a Commit.
type Op struct{ op clientv3.Op }

// Set writes a key.
func Set(key string, value []byte) Op { return Op{clientv3.OpPut(root+key, string(value))} }

// SetLeased writes a key that vanishes when lease ends.
func SetLeased(key string, value []byte, lease *Lease) Op {
	return Op{clientv3.OpPut(root+key, string(value), clientv3.WithLease(lease.id))}
}

// Unset removes a key.
func Unset(key string) Op { return Op{clientv3.OpDelete(root + key)} }

// MaxOps is how many writes one Commit takes: what an etcd allows by default.
const MaxOps = 128

// Commit does all writes when all conditions hold, else none and answers ErrConflict.
func (s *Store) Commit(ctx context.Context, conditions []Condition, ops ...Op) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	cmps := make([]clientv3.Cmp, len(conditions))
	for i, c := range conditions {
		cmps[i] = c.cmp
	}
	writes := make([]clientv3.Op, len(ops))
	for i, o := range ops {
		writes[i] = o.op
	}
	key := ""
	if len(writes) > 0 {
		key = string(writes[0].KeyBytes()[len(root):])
	}
	r, err := s.client.Txn(ctx).If(cmps...).Then(writes...).Commit()
	if err != nil {
		return 0, explain("write "+key, err)
	}
	if !r.Succeeded {
		return 0, fmt.Errorf("write %s: %w", key, ErrConflict)
	}
	return r.Header.Revision, nil
}

// explain turns what a person can mend into a sentence and wraps the rest.
func explain(act string, err error) error {
	switch {
	case errors.Is(err, rpctypes.ErrNoSpace):
		return &access.Error{Code: "UNAVAILABLE", Message: "The hub's control store has reached its size limit.", Fix: "Restart the hub: it compacts the store at its start."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, rpctypes.ErrNoLeader), errors.Is(err, rpctypes.ErrTimeout),
		errors.Is(err, rpctypes.ErrStopped), status.Code(err) == codes.Unavailable:
		return fmt.Errorf("%s: %w", act, &access.Error{Code: "UNAVAILABLE", Message: "The hub's control store (etcd) does not answer.", Fix: "Try again in a moment; the hub's log says more."})
	}
	return fmt.Errorf("%s: %w", act, err)
}
