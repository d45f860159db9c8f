package ql

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// ownerLevels bounds how far up owner: looks. No chain of owners is as long, unless it is a circle.
const ownerLevels = 16

// Others finds other objects of a cluster, whom conditions ask too; nil when one is not known. The functions may be
// called from Eval many times. The zero value knows no other object: direct owners are all there is.
type Others struct {
	ByUID func(clusterUID, uid string) *records.Object  // owner: asks owners for theirs
	Node  func(clusterUID, name string) *records.Object // zone: and region: ask the Node
}

// Eval says whether o matches, in plain Go. Eval looks at objects: a query for the Events page does not match any, and
// of the Changes page type: and meaningful: need EvalVersion.
func (q *Query) Eval(o *records.Object, others Others) bool {
	return q.EvalVersion(&records.Version{Object: *o}, others)
}

// EvalVersion is Eval of a row of the Changes page.
func (q *Query) EvalVersion(v *records.Version, others Others) bool {
	return q.evalSubject(&subject{Version: v, others: others})
}

func (q *Query) evalSubject(s *subject) bool {
	if q.page == Events || q.page == Resources && !s.DeletedAt.IsZero() && !q.Deleted() {
		return false
	}
	return q.root == nil || eval(q.root, s)
}

// subject is what conditions are asked of. What stands in its JSON is read once.
type subject struct {
	*records.Version
	others Others
	root   any // of JSON; nil when it cannot be read
	folded []byte
	read   bool
}

// tree is the JSON.
func (s *subject) tree() any {
	if !s.read {
		s.root, s.read = decode(s.JSON), true
	}
	return s.root
}

// text is the JSON, A to Z as a to z.
func (s *subject) text() []byte {
	if s.folded == nil {
		s.folded = foldASCII(s.JSON)
	}
	return s.folded
}

func eval(x Expr, o *subject) bool {
	switch x := x.(type) {
	case And:
		for _, m := range x {
			if !eval(m, o) {
				return false
			}
		}
		return true
	case Or:
		for _, m := range x {
			if eval(m, o) {
				return true
			}
		}
		return false
	case Not:
		return !eval(x.X, o)
	case *Text:
		return x.eval(&o.Summary) || slices.Contains(x.clusters, o.ClusterUID)
	case *Selector:
		return x.Selector.Matches(labels.Set(o.Labels))
	case *Filter:
		return x.eval(o)
	default:
		panic(fmt.Sprintf("ql: no reference for %T", x))
	}
}

func (t *Text) eval(s *kube.Summary) bool {
	for _, want := range t.Tokens {
		if !s.HasToken(func(token string) bool {
			switch {
			case t.Prefix:
				return strings.HasPrefix(token, want)
			case t.Glob:
				return t.glob.MatchString(token)
			case t.Fuzzy && len([]rune(want)) >= fuzzyFrom:
				return within1(want, token)
			}
			return token == want
		}) {
			return false
		}
	}
	return true
}

// fuzzyFrom is the length from which a token may have a typing mistake.
const fuzzyFrom = 5

func (x *Filter) eval(o *subject) bool {
	switch x.Field { // those with a negation of their own
	case "ready":
		if x.Op == OpHas {
			return (o.Ready != "") != x.Not
		}
		return o.Ready != "" && x.any(func(v *Value) bool { return o.Ready == v.Text }) != x.Not
	case "status":
		return x.status(o)
	}
	return x.matches(o) != x.Not
}

func (x *Filter) any(match func(*Value) bool) bool {
	for i := range x.Values {
		if match(&x.Values[i]) {
			return true
		}
	}
	return false
}

// readiness is the value of ready that a value of status: stands for, "" for none.
func (v *Value) readiness(op Op) string {
	if v.Kind == Literal {
		switch {
		case v.Text == "Ready":
			return "true"
		case v.Text == "NotReady" && op == OpMatch:
			return "false"
		}
	}
	return ""
}

func opposite(ready string) string {
	if ready == "true" {
		return "false"
	}
	return "true"
}

func (x *Filter) status(o *subject) bool {
	if x.Op == OpHas {
		return (o.Status != "") != x.Not
	}
	match := func(v *Value) bool {
		if r := v.readiness(x.Op); r != "" {
			if x.Not {
				return o.Ready != opposite(r)
			}
			return o.Ready == r
		}
		return v.text(x.Op, o.Status) || v.text(x.Op, string(o.Health))
	}
	return x.any(match) != x.Not
}

// matches is the filter without its negation.
func (x *Filter) matches(o *subject) bool {
	f := x.def
	switch f.typ {
	case typWord, typHealth:
		s := wordOf(f.name, o.Version)
		if x.Op == OpHas {
			return s != ""
		}
		return x.any(func(v *Value) bool { return v.text(x.Op, s) })
	case typWords:
		words := wordsOf(f.name, o.Version)
		if x.Op == OpHas {
			return len(words) > 0
		}
		return x.any(func(v *Value) bool {
			return slices.ContainsFunc(words, func(s string) bool { return v.text(x.Op, s) })
		})
	case typCluster:
		if x.Op == OpHas {
			return true
		}
		return x.any(func(v *Value) bool {
			return slices.Contains(v.ids, o.ClusterUID) || x.Key == "" && v.text(x.Op, o.Ref.Cluster)
		})
	case typKind:
		if x.Op == OpHas {
			return true
		}
		return x.any(func(v *Value) bool {
			for _, k := range v.kinds {
				if k.Group == o.Ref.Group && k.Resource == o.Ref.Resource {
					return true
				}
			}
			return false
		})
	case typMap:
		s, has := mapOf(f.name, o.Version)[x.Key]
		return has && (x.Op == OpHas || x.any(func(v *Value) bool { return v.text(x.Op, s) }))
	case typImage:
		if x.Op == OpHas {
			return len(o.Images) > 0
		}
		return x.any(func(v *Value) bool {
			return slices.ContainsFunc(o.Images, func(s string) bool {
				switch {
				case x.Op == OpEqual:
					return s == v.Text
				case v.Kind == Regex:
					return v.re.MatchString(s)
				}
				return v.re.MatchString(strings.ToLower(s))
			})
		})
	case typPart:
		return slices.ContainsFunc(o.Images, func(image string) bool {
			s := parseImage(image).part(f.name)
			if x.Op == OpHas {
				return s != ""
			}
			return x.any(func(v *Value) bool { return v.text(x.Op, s) })
		})
	case typOwner:
		if x.Op == OpHas {
			return len(o.OwnerRefs) > 0
		}
		return x.owned(&o.Object, o.others, ownerLevels)
	case typUses:
		if x.Op == OpHas {
			return len(o.Uses) > 0
		}
		return x.any(func(v *Value) bool {
			return slices.ContainsFunc(o.Uses, func(s string) bool { return v.ownerRef(x.Op, s) })
		})
	case typManager:
		return x.managed(o.ManagedBy)
	case typIP:
		if x.Op == OpHas {
			return len(o.IPs) > 0
		}
		return x.any(func(v *Value) bool { return slices.ContainsFunc(o.IPs, v.address) })
	case typPlace:
		s := x.placeOf(&o.Object, o.others)
		if x.Op == OpHas {
			return s != ""
		}
		return x.any(func(v *Value) bool { return v.text(x.Op, s) })
	case typTrait:
		if x.Op == OpHas {
			return slices.Contains(o.Traits, traitOf(f, nil))
		}
		return x.any(func(v *Value) bool { return slices.Contains(o.Traits, traitOf(f, v)) })
	case typContent:
		return x.any(func(v *Value) bool { return bytes.Contains(o.text(), foldASCII([]byte(v.inJSON()))) })
	case typPath:
		if x.Op == OpHas {
			return len(o.ChangedPaths) > 0
		}
		return x.any(func(v *Value) bool {
			return slices.ContainsFunc(o.ChangedPaths, func(s string) bool { return v.path(x.Op, s) })
		})
	case typNumber:
		n := numberOf(f.name, o.Version)
		return n >= 0 && (x.Op == OpHas || x.any(func(v *Value) bool { return v.number(x.Op, n) }))
	case typAge, typTime:
		return x.time(f, o.Version)
	case typObject:
		return x.within(o)
	case typBool:
		return x.any(func(v *Value) bool { return o.Meaningful == (v.Text == "true") })
	case typOp:
		return x.any(func(v *Value) bool { return v.text(OpMatch, changeType(o.Op)) })
	default:
		panic(fmt.Sprintf("ql: no reference for field %s", f.name))
	}
}

// changeType is what people call an op of resource_history.
func changeType(op string) string {
	if op == "add" {
		return "create"
	}
	return op
}

func wordOf(field string, o *records.Version) string {
	switch field {
	case "ns":
		return o.Namespace
	case "name":
		return o.Name
	case "uid":
		return o.UID
	case "app":
		return o.App
	case "health":
		return string(o.Health)
	case "node":
		return o.Node
	case "sa":
		return o.ServiceAccount
	case "changed.by":
		return o.ChangedBy
	default:
		panic("ql: no text for field " + field)
	}
}

func wordsOf(field string, o *records.Version) []string {
	switch field {
	case "reason":
		return o.Reasons
	case "container":
		return o.Containers
	case "trait":
		return o.Traits
	default:
		panic("ql: no texts for field " + field)
	}
}

func mapOf(field string, o *records.Version) map[string]string {
	switch field {
	case "label":
		return o.Labels
	case "annotation":
		return o.Annotations
	case "cond":
		return o.Conditions
	default:
		panic("ql: no keys for field " + field)
	}
}

func numberOf(field string, o *records.Version) int64 {
	switch field {
	case "replicas":
		return o.Replicas
	case "readyreplicas":
		return o.ReadyReplicas
	case "restarts":
		return o.Restarts
	default:
		panic("ql: no number for field " + field)
	}
}

func (v *Value) number(op Op, n int64) bool {
	switch op {
	case OpLess:
		return n < v.low
	case OpAtMost:
		return n <= v.low
	case OpMore:
		return n > v.low
	case OpAtLeast:
		return n >= v.low
	default:
		return v.low <= n && n <= v.high
	}
}

func (x *Filter) time(f *field, o *records.Version) bool {
	var t time.Time
	switch f.name {
	case "age", "created":
		t = o.CreatedAt
	case "changed":
		t = o.ChangedAt
	case "seen":
		t = o.ObservedAt
	case "deleted":
		t = o.DeletedAt
	}
	if !t.IsZero() {
		t = t.Truncate(time.Millisecond)
	}
	known := t.After(epoch)
	if x.Op == OpHas {
		return known
	}
	return x.any(func(v *Value) bool {
		switch {
		case f.name == "deleted" && v.Text == "any":
			return true
		case f.name == "deleted" && v.Text == "true":
			return known
		case f.name == "deleted" && v.Text == "false":
			return !known
		}
		return known && (v.since.IsZero() || !t.Before(v.since)) && (v.until.IsZero() || t.Before(v.until))
	})
}

// path compares a value with whole steps of a path: spec.template and image both find
// spec.template.spec.containers[app].image, spec.temp does not.
func (v *Value) path(op Op, s string) bool {
	if v.Kind != Literal || op == OpEqual {
		return v.text(op, s)
	}
	return v.re.MatchString(strings.ToLower(s))
}

func (v *Value) steps() string { return `(?s)(?:^|\.)` + expression(Literal, v.Text) + `(?:$|[.\[])` }

func (x *Filter) owned(o *records.Object, others Others, levels int) bool {
	for _, ref := range o.OwnerRefs {
		if x.any(func(v *Value) bool { return v.ownerRef(x.Op, ref) }) {
			return true
		}
	}
	if others.ByUID == nil || levels == 1 {
		return false
	}
	for _, uid := range o.OwnerUIDs {
		if owner := others.ByUID(o.ClusterUID, uid); owner != nil && x.owned(owner, others, levels-1) {
			return true
		}
	}
	return false
}

func (v *Value) ownerRef(op Op, ref string) bool {
	switch {
	case op == OpEqual:
		return ref == v.Text
	case v.Kind == Regex:
		return v.re.MatchString(ref)
	case v.refs != nil: // a fleet has a hundred thousand owners, and an expression takes some time for each
		return slices.ContainsFunc(v.refs, func(want string) bool { return lowers(ref, want) })
	}
	return v.re.MatchString(strings.ToLower(ref))
}

// lowers reports whether s in lower case is want.
func lowers(s, want string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return strings.ToLower(s) == want
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if i == len(want) || c != want[i] {
			return false
		}
	}
	return len(s) == len(want)
}

// text compares a value with one text: the reference for everything that is text.
func (v *Value) text(op Op, s string) bool {
	switch {
	case op == OpEqual:
		return s == v.Text
	case v.Kind == Literal:
		want := strings.ToLower(v.Text) // not EqualFold: databases fold to lower case, which is less
		return strings.ToLower(s) == want
	case v.Kind == Glob:
		return v.re.MatchString(strings.ToLower(s))
	default:
		return v.re.MatchString(s)
	}
}
