package kubeapi

import (
	"slices"
	"strings"
	"time"

	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/records"
)

// qualify reads a name of the fleet written CLUSTER:NAME, which says which of several objects of a name is meant. A name
// that an object has as a whole, such as system:node, goes before.
func (q *question) qualify(k *served, info *apirequest.RequestInfo) error {
	cluster, name, qualified := strings.Cut(info.Name, ":")
	isNamed := func(m records.Member) bool { return m.Name == cluster }
	if q.cluster != "" || !qualified || name == "" || !slices.ContainsFunc(q.members, isNamed) {
		return nil
	}
	if found, err := q.called(*k, info, time.Time{}); err != nil || len(found) > 0 {
		return err
	}
	values := q.r.URL.Query()
	if values.Get("fieldSelector") == "metadata.name="+info.Name { // how kubectl lists and watches one object
		values.Del("fieldSelector")
		q.r = q.r.Clone(q.r.Context())
		q.r.URL.RawQuery = values.Encode()
	}
	q.only, info.Name = cluster, name
	k.in = slices.DeleteFunc(slices.Clone(k.in), func(in string) bool { return in != cluster })
	return nil
}
