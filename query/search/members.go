package search

import (
	"context"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// Members are the clusters that scope may see, with the kinds that each serves, by name.
func (s *Service) Members(ctx context.Context, scope access.Scope) ([]records.Member, error) {
	f := s.fleet(scope)
	states, err := s.readStates(ctx, f)
	if err != nil {
		return nil, err
	}
	var list []records.Member
	at := map[string]int{}
	for _, e := range f.entries {
		at[e.UID] = len(list)
		list = append(list, records.Member{Name: e.Name, UID: e.UID, KubernetesVersion: e.KubernetesVersion, State: e.State, AsOf: e.AsOf, Reason: e.Reason})
	}
	for _, st := range states {
		i, ok := at[st.cluster]
		if !ok || st.State == "gone" || st.State == "excluded" {
			continue
		}
		list[i].Kinds = append(list[i].Kinds, records.Kind{GroupResource: st.GroupResource, Version: st.Version, Kind: st.Kind, Namespaced: st.Namespaced, ShortNames: st.ShortNames, Clusters: 1})
	}
	return list, nil
}
