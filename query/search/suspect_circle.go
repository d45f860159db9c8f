package search

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// circle is what the objects that were asked about have to do with others.
type circle struct {
	f                          *fleet
	before                     time.Time
	window                     time.Duration
	asked                      int // families among them: a Deployment with its Pods is one
	clusters, namespaces, apps []string
	ties                       map[key]*tie
	broke                      []time.Time // when some of them stopped being as wanted, ascending
}

// tie is how one object is bound to what was asked about.
type tie struct {
	how      string
	text     string
	families map[int]bool // which of those that were asked about, in its cluster
}

// How objects are tied; the first that holds is said.
const (
	tieSelf  = "self"
	tieOwner = "owner"
	tieUsed  = "used"
	tieFront = "front" // routes to it, selects it, scales it
	tieNode  = "node"
	tieOwned = "owned"
)

var tieOrder = []string{tieSelf, tieOwner, tieUsed, tieFront, tieNode, tieOwned}

// bind notes a tie unless a closer one is known.
func (c *circle) bind(k key, how, text string, family int) {
	t := c.ties[k]
	if t == nil {
		t = &tie{how: how, text: text, families: map[int]bool{}}
		c.ties[k] = t
	}
	t.families[family] = true
	if slices.Index(tieOrder, how) < slices.Index(tieOrder, t.how) {
		t.how, t.text = how, text
	}
}

// circle walks from what was asked about to its owners and what it owns, to what these use, run on and select, and
// to what points to them.
func (s *Service) circle(ctx context.Context, f *fleet, asked []*records.Object) (*circle, error) {
	c := &circle{f: f, ties: map[key]*tie{}}
	byCluster := map[string][]*records.Object{}
	for _, o := range asked {
		add(&c.clusters, o.ClusterUID)
		if o.Ref.Namespace != "" {
			add(&c.namespaces, o.Ref.Namespace)
		}
		if o.App != "" {
			add(&c.apps, o.App)
		}
		byCluster[o.ClusterUID] = append(byCluster[o.ClusterUID], o)
	}
	parts := make([]*circle, len(c.clusters))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(walksAtOnce)
	for i, cluster := range c.clusters {
		parts[i] = &circle{f: f, ties: map[key]*tie{}}
		g.Go(func() error { return parts[i].walk(ctx, s, cluster, byCluster[cluster]) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, part := range parts { // no tie crosses clusters
		maps.Copy(c.ties, part.ties)
		c.asked += part.asked
	}
	return c, nil
}

// walksAtOnce is in how many clusters is looked side by side.
const walksAtOnce = 4

func add(list *[]string, v string) {
	if !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// walk binds what is related within one cluster.
func (c *circle) walk(ctx context.Context, s *Service, cluster string, asked []*records.Object) error {
	w := newWalk(s, c.f, cluster)
	for _, o := range asked {
		w.add(o, 0)
	}
	// What an Ingress or Service leads to is as much part of the matter as the Pods of a Deployment.
	var fronts []*records.Object
	for _, o := range asked {
		if kube.IsFront(o.Ref.GroupResource) {
			fronts = append(fronts, o)
		}
	}
	if err := w.walkOn(ctx, fronts, 2, true); err != nil {
		return err
	}
	if err := w.up(ctx, w.objects(), ownerDepth); err != nil {
		return err
	}
	if err := w.down(ctx, asked, ownerDepth); err != nil {
		return err
	}
	w.ownersWithin()
	families, n := w.families(asked)
	c.asked = n
	family := slices.DeleteFunc(w.objects(), func(o *records.Object) bool { _, in := families[o.Ref]; return !in })
	said, err := w.relations(ctx, family)
	if err != nil {
		return err
	}
	pointing, err := w.pointing(ctx, family, false)
	if err != nil {
		return err
	}
	saidOfFamily, err := w.relations(ctx, pointing)
	if err != nil {
		return err
	}
	self := map[kube.Ref]bool{}
	for _, o := range asked {
		self[o.Ref] = true
	}
	keyOf := func(r kube.Ref) key {
		return key{cluster: cluster, group: r.Group, resource: r.Resource, namespace: r.Namespace, name: r.Name}
	}
	levels := map[kube.Ref]int{}
	for _, n := range w.g.Nodes {
		levels[n.Ref] = n.Level
	}
	for _, o := range family {
		of := families[o.Ref]
		switch {
		case self[o.Ref]:
			c.bind(keyOf(o.Ref), tieSelf, "it is what was asked about", of)
		case levels[o.Ref] < 0:
			c.bind(keyOf(o.Ref), tieOwner, "it owns what was asked about", of)
		default:
			c.bind(keyOf(o.Ref), tieOwned, "it belongs to what was asked about", of)
		}
		for _, r := range said[o.Ref] {
			if r.Selector != nil || r.Type == kube.ImageEdge {
				continue
			}
			to := key{cluster: cluster, group: r.Group, resource: r.Resource, namespace: r.Namespace, name: r.Name}
			switch r.Type {
			case kube.UsesEdge:
				c.bind(to, tieUsed, named(o)+" uses it", of)
			case kube.NodeEdge:
				c.bind(to, tieNode, named(o)+" runs on it", of)
			default:
				c.bind(to, tieFront, named(o)+" leads to it", of)
			}
		}
	}
	for _, o := range pointing {
		for _, r := range saidOfFamily[o.Ref] {
			for _, to := range family {
				if !r.Matches(to.Ref, to.Labels) {
					continue
				}
				switch of := families[to.Ref]; r.Type {
				case kube.RoutesEdge:
					c.bind(keyOf(o.Ref), tieFront, "it routes to "+named(to), of)
				case kube.SelectsEdge:
					c.bind(keyOf(o.Ref), tieFront, "it selects "+named(to), of)
				}
			}
		}
	}
	return nil
}

// ownerDepth is how many levels of owners, or of what is owned, are looked at.
const ownerDepth = 5

// families numbers what ownership, or a relation that was followed, ties together.
func (w *walk) families(asked []*records.Object) (map[kube.Ref]int, int) {
	near := map[kube.Ref][]kube.Ref{}
	for _, e := range w.g.Edges {
		if e.Type == kube.OwnsEdge || e.Type == kube.SelectsEdge || e.Type == kube.RoutesEdge {
			near[e.From], near[e.To] = append(near[e.From], e.To), append(near[e.To], e.From)
		}
	}
	families, n := map[kube.Ref]int{}, 0
	for _, o := range asked {
		if _, ok := families[o.Ref]; ok {
			continue
		}
		families[o.Ref] = n
		for queue := []kube.Ref{o.Ref}; len(queue) > 0; queue = queue[1:] {
			for _, next := range near[queue[0]] {
				if _, ok := families[next]; !ok {
					families[next] = n
					queue = append(queue, next)
				}
			}
		}
		n++
	}
	return families, n
}
