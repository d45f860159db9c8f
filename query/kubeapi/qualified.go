package kubeapi

import (
	"slices"
	"strings"
	"time"

	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/records"
)

// Of the fleet, CLUSTER:NAME says which of several objects of a name is meant, and CLUSTER:NAMESPACE which namespace. No
// namespace has a colon in its name; objects may, such as the ClusterRole system:node, and go before.

// split is the cluster that a name of the fleet tells, and the rest; ok is false when it tells none.
func (q *question) split(name string) (cluster, rest string, ok bool) {
	cluster, rest, _ = strings.Cut(name, ":")
	ok = q.cluster == "" && rest != "" && slices.ContainsFunc(q.members, func(m records.Member) bool { return m.Name == cluster })
	return cluster, rest, ok
}

// qualify narrows a request to the cluster that its namespace or its name tells.
func (q *question) qualify(k *served, info *apirequest.RequestInfo) error {
	if cluster, rest, ok := q.split(info.Namespace); ok {
		q.narrow(k, cluster)
		info.Namespace = rest
	}
	cluster, rest, ok := q.split(info.Name)
	if !ok {
		return nil
	}
	if found, err := q.called(*k, info, time.Time{}); err != nil || len(found) > 0 {
		return err
	}
	q.narrow(k, cluster)
	info.Name = rest
	return nil
}

func (q *question) narrow(k *served, cluster string) {
	another := func(name string) bool { return name != cluster }
	q.only, k.in, k.by = cluster, slices.DeleteFunc(slices.Clone(k.in), another), slices.DeleteFunc(slices.Clone(k.by), another)
}

// clusterIn is the cluster that a value of a field tells, "" for none. Who gets qualified names writes them into any
// selector: Pods of a Node, events of an object.
func (q *question) clusterIn(field, value string) (cluster, rest string) {
	cluster, rest, ok := q.split(value)
	if !ok || !q.qualified && field != "name" && field != "ns" {
		return "", ""
	}
	return cluster, rest
}
