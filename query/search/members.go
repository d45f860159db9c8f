package search

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
)

// Members are the clusters that scope may see, with the kinds that each serves and what its API server says of itself,
// by name. Nobody may change what they hold.
func (s *Service) Members(ctx context.Context, scope access.Scope) ([]records.Member, error) {
	f := s.fleet(scope)
	last, err := s.kinds.known(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]records.Member, 0, len(f.entries))
	for _, e := range f.entries {
		m := last.by[e.UID]
		m.Name, m.UID, m.KubernetesVersion, m.State, m.AsOf, m.Reason = e.Name, e.UID, e.KubernetesVersion, e.State, e.AsOf, e.Reason
		list = append(list, m)
	}
	return list, nil
}

// readMembers reads what is known of each member, by its UID.
func (s *Service) readMembers(ctx context.Context, f *fleet, states []clusterState) (map[string]records.Member, error) {
	listed, err := s.eventsListed(ctx, f)
	if err != nil {
		return nil, err
	}
	by := map[string]records.Member{}
	revisions := map[string]*xxhash.Digest{}
	for uid := range f.byUID {
		by[uid], revisions[uid] = records.Member{}, xxhash.New()
	}
	for _, st := range states {
		if st.State == "gone" || st.State == "excluded" && !(listed[st.cluster] && asEvents(st.ResourceState)) {
			continue
		}
		m := by[st.cluster]
		k := records.Kind{GroupResource: st.GroupResource, Version: st.Version, Kind: st.Kind, Namespaced: st.Namespaced, ShortNames: st.ShortNames, Clusters: 1}
		m.Kinds = append(m.Kinds, k)
		by[st.cluster] = m
		fmt.Fprintf(revisions[st.cluster], "%v\x00", k)
	}
	if f.empty() {
		return by, nil
	}
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT cluster, paths, content_types, sha256s, reasons FROM `+s.db.Table("cluster_documents")+` FINAL WHERE `+f.bounds(p), p, func(rows driver.Rows) error {
		var uid string
		var paths, types, names, reasons []string
		if err := rows.Scan(&uid, &paths, &types, &names, &reasons); err != nil {
			return err
		}
		m := by[uid]
		for i := range paths {
			d := records.Document{Path: paths[i], ContentType: types[i], SHA256: names[i], Reason: reasons[i]}
			m.Documents = append(m.Documents, d)
			fmt.Fprintf(revisions[uid], "%v\x00", d)
		}
		by[uid] = m
		return nil
	})
	for uid, m := range by {
		m.Revision = strconv.FormatUint(revisions[uid].Sum64(), 36)
		by[uid] = m
	}
	return by, err
}

// Documents are contents of documents of members that scope may see, packed by gzip, by name. What is not here is left out.
// Nobody may change them.
func (s *Service) Documents(ctx context.Context, scope access.Scope, sha256s []string) (map[string][]byte, error) {
	members, err := s.Members(ctx, scope)
	if err != nil {
		return nil, err
	}
	visible := map[string]bool{}
	for _, m := range members {
		for _, d := range m.Documents {
			visible[d.SHA256] = true
		}
	}
	found, missing := map[string][]byte{}, []string{}
	for _, name := range sha256s {
		if content := s.documents.get(name); content != nil && visible[name] {
			found[name] = content
		} else if name != "" && visible[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT sha256, gzip FROM `+s.db.Table("documents")+` WHERE sha256 IN `+p.Strings(missing), p, func(rows driver.Rows) error {
		var name, content string
		if err := rows.Scan(&name, &content); err != nil {
			return err
		}
		found[name] = []byte(content)
		s.documents.put(name, found[name])
		return nil
	})
	return found, err
}

// documentsInMemory is how many bytes of packed documents are remembered; those of a version of Kubernetes have 1.2 MB.
const documentsInMemory = 32 << 20

// documents remembers packed contents, which never change.
type documents struct {
	mu    sync.Mutex
	by    map[string][]byte
	bytes int
}

func (d *documents) get(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.by[name]
}

func (d *documents) put(name string, content []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil || d.bytes+len(content) > documentsInMemory {
		d.by, d.bytes = map[string][]byte{}, 0
	}
	if d.by[name] == nil {
		d.by[name], d.bytes = content, d.bytes+len(content)
	}
}
