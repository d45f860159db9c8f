package ql

import (
	"regexp"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/records"
)

// place is where something is, told by labels: an object's own, those of the Node that a Pod runs on, or those of the
// member. The first label that is there and not empty counts.
type place struct {
	nodes    []string // labels of objects and of Nodes
	clusters []string // labels of members
}

var (
	placeZone = &place{
		nodes:    []string{"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"},
		clusters: []string{"zone", "topology.kubernetes.io/zone"},
	}
	placeRegion = &place{
		nodes:    []string{"topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"},
		clusters: []string{"region", "topology.kubernetes.io/region"},
	}
	placeEnv      = &place{clusters: []string{"env", "environment"}}
	placeProvider = &place{clusters: []string{"provider", "cloud"}}
)

func firstLabel(keys []string, labels map[string]string) string {
	for _, k := range keys {
		if s := labels[k]; s != "" {
			return s
		}
	}
	return ""
}

// homesOf is what members' labels say, by identity.
func (pl *place) homesOf(clusters []Cluster) map[string]string {
	homes := make(map[string]string, len(clusters))
	for i := range clusters {
		if s := firstLabel(pl.clusters, clusters[i].Labels); s != "" {
			homes[clusters[i].UID] = s
		}
	}
	return homes
}

func (p *parser) homes(f *field) map[string]string {
	if f.place == nil {
		return nil
	}
	return f.place.homesOf(p.opts.Clusters)
}

// inPlace checks the value of a place that members alone tell. Nodes may be anywhere.
func (p *parser) inPlace(f *field, x *Filter, v *Value) error {
	if v.Kind == Glob {
		v.re = regexp.MustCompile(v.anchored())
	}
	if v.Kind != Literal || p.opts.Clusters == nil || len(f.place.nodes) > 0 {
		return nil
	}
	var values []string
	for _, s := range x.homes {
		if v.text(x.Op, s) {
			return nil
		}
		if !contains(values, s) {
			values = append(values, s)
		}
	}
	slices.Sort(values)
	fix := "Label the cluster with " + f.place.clusters[0] + "=" + v.Text + "."
	if near := nearest(v.Text, values); near != "" {
		fix = "Did you mean " + f.name + ":" + ValueText(near) + "?"
	} else if len(values) > 0 && len(values) <= 8 {
		fix = "There is " + strings.Join(values, ", ") + "."
	}
	return p.fail(CodeBadValue, v.From, v.To, fix, "No cluster has the label %s with the value %s.", strings.Join(f.place.clusters, " or "), quote(v.Text))
}

// placeOf is where o is, "" when nothing tells.
func (x *Filter) placeOf(o *records.Object, others Others) string {
	keys := x.def.place.nodes
	if len(keys) == 0 {
		return x.homes[o.ClusterUID]
	}
	if s := firstLabel(keys, o.Labels); s != "" {
		return s
	}
	if o.Node != "" && others.Node != nil {
		if node := others.Node(o.ClusterUID, o.Node); node != nil {
			if s := firstLabel(keys, node.Labels); s != "" {
				return s
			}
		}
	}
	return x.homes[o.ClusterUID]
}

// placed is a filter on a place, without its negation.
func (c *compiler) placed(x *Filter) string {
	keys := x.def.place.nodes
	if len(keys) == 0 { // told by the cluster alone
		var ids []string
		for id, s := range x.homes {
			if x.Op == OpHas || x.any(func(v *Value) bool { return v.text(x.Op, s) }) {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		return c.oneOf("cluster", ids)
	}
	where := placeSQL(x.def.place, x.homes, c.p, c.env)
	if x.Op == OpHas {
		return "(" + where + " != '')"
	}
	parts := make([]string, len(x.Values))
	for i := range x.Values {
		parts[i] = c.compare(where, x.Op, &x.Values[i])
	}
	return anyOf(parts)
}

// placeSQL is placeOf.
func placeSQL(pl *place, homes map[string]string, p Params, env Env) string {
	home := "''"
	if len(homes) > 0 {
		ids, values := make([]string, 0, len(homes)), make([]string, 0, len(homes))
		for id := range homes {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			values = append(values, homes[id])
		}
		home = "transform(toString(cluster), " + p.Strings(ids) + ", " + p.Strings(values) + ", '')"
	}
	if len(pl.nodes) == 0 {
		return home
	}
	own := "''"
	for _, key := range slices.Backward(pl.nodes) {
		label := "labels[" + p.String(key) + "]"
		if own == "''" {
			own = label
		} else {
			own = "if(" + label + " != '', " + label + ", " + own + ")"
		}
	}
	if env.Objects == nil {
		return "if(" + own + " != '', " + own + ", " + home + ")"
	}
	nodes := func(column string) string {
		return "(SELECT groupArray(" + column + ") FROM (" + env.Objects("concat(cluster, '/', name) AS k, "+own+" AS v", "api_group = '' AND resource = 'nodes' AND deleted = 0 AND "+own+" != ''") + " ORDER BY k))"
	}
	return "multiIf(" + own + " != '', " + own + ", node != '', transform(concat(cluster, '/', node), " + nodes("k") + ", " + nodes("v") + ", " + home + "), " + home + ")"
}
