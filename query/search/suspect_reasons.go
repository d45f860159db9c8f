package search

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// The weights of reasons: a change that has all that speaks for a suspect comes to 1.
const (
	weightTime  = 0.30 // halved every tenth of the window, or every minute when that is longer
	weightBlast = 0.10 // when all that was asked about is tied to it
)

// weightOfTie is how close an object stands to what was asked about.
var weightOfTie = map[string]float64{tieSelf: 0.35, tieOwner: 0.35, tieUsed: 0.32, tieFront: 0.25, tieNode: 0.25, tieOwned: 0.12}

// Weights of what is close without being tied.
const (
	weightApp       = 0.18
	weightElsewhere = 0.08 // the same application in another cluster
	weightNamespace = 0.08
	weightCluster   = 0.04 // objects without a namespace
)

// weightOfAspect is how often a change of this sort is what breaks things.
var weightOfAspect = map[kube.Aspect]float64{
	kube.Image: 0.25, kube.Configuration: 0.23, kube.Environment: 0.22, kube.Command: 0.22, kube.Network: 0.20, kube.Webhooks: 0.20, kube.Permissions: 0.18,
	kube.Probes: 0.18, kube.Resources: 0.18, kube.Scheduling: 0.16, kube.Storage: 0.18, kube.Replicas: 0.14, kube.Restart: 0.10, kube.Deletion: 0.20,
	kube.OtherSpec: 0.12, kube.Metadata: 0.03,
}

const (
	weightDeleted = 0.22
	weightCreated = 0.05
	weightFollows = -0.30 // what a controller does because of something else
	weightAfter   = -0.15 // it was broken already
	weightRelief  = -0.30 // a Node that takes Pods again
)

// followers are field managers that do what objects tell them to.
var followers = []string{"kube-controller-manager", "kube-scheduler", "kubelet", "deployment-controller", "replicaset-controller", "statefulset-controller", "daemonset-controller",
	"job-controller", "cronjob-controller", "endpoint-controller", "endpointslice-controller", "garbage-collector", "node-controller", "kwok", "kube-proxy"}

// slack is how much later than its effect a change may be observed: two watches are two streams.
const slack = 3 * time.Second

// weigh scores a change and says why.
func (c *circle) weigh(ch *suspectChange) {
	say := func(weight float64, format string, args ...any) {
		if weight != 0 {
			ch.score += weight
			ch.reasons = append(ch.reasons, records.SuspectReason{Text: fmt.Sprintf(format, args...), Weight: round(weight)})
		}
	}
	c.when(ch, say)
	t := c.ties[ch.key]
	switch {
	case t != nil:
		say(weightOfTie[t.how], "%s", t.text)
	case ch.app != "" && slices.Contains(c.apps, ch.app) && slices.Contains(c.clusters, ch.cluster):
		say(weightApp, "same app %s", ch.app)
	case ch.app != "" && slices.Contains(c.apps, ch.app):
		say(weightElsewhere, "same app %s in another cluster", ch.app)
	case ch.namespace != "":
		say(weightNamespace, "same namespace %s", ch.namespace)
	default:
		say(weightCluster, "of the same cluster")
	}
	what(ch, say)
	if t != nil && c.asked > 1 {
		say(weightBlast*float64(len(t.families))/float64(c.asked), "concerns %d of %d that were asked about", len(t.families), c.asked)
	} else if t != nil {
		say(weightBlast, "concerns all that was asked about")
	}
	switch node := ch.group == "" && ch.resource == "nodes"; {
	case node && ch.op == "update" && ch.status == "Ready" && slices.Equal(kube.Aspects(ch.paths), []kube.Aspect{kube.Scheduling}):
		say(weightRelief, "the Node takes Pods again")
	case node: // a controller's taint is how it says that the Node is gone
	case slices.Contains(followers, ch.by):
		say(weightFollows, "done by %s, which follows what others change", ch.by)
	case ch.by == "" && len(ch.owners) > 0 && (ch.op != "update" || slices.Contains(kube.Aspects(ch.paths), kube.Deletion)):
		say(weightFollows, "it belongs to %s, which decides of it", ch.owners[0])
	}
	ch.score = round(math.Max(0, math.Min(1, ch.score)))
	slices.SortStableFunc(ch.reasons, func(x, y records.SuspectReason) int {
		switch {
		case math.Abs(x.Weight) > math.Abs(y.Weight):
			return -1
		case math.Abs(x.Weight) < math.Abs(y.Weight):
			return 1
		}
		return 0
	})
}

// when weighs how long before the breakage a change was. Without a known breakage it is the moment asked about.
func (c *circle) when(ch *suspectChange, say func(float64, string, ...any)) {
	until, phrase := c.before, "before"
	for _, b := range c.broke { // the first that it can have caused
		if !b.Before(ch.at.Add(-slack)) {
			until, phrase = b, "before it broke"
			break
		}
	}
	distance := max(0, until.Sub(ch.at))
	half := max(time.Minute, c.window/10)
	weight := weightTime * math.Exp2(-float64(distance)/float64(half))
	if distance < time.Second && phrase != "before" {
		say(weight, "at the moment it broke")
	} else {
		say(weight, "%s %s", span(distance), phrase)
	}
	if len(c.broke) > 0 && phrase == "before" {
		say(weightAfter, "it was broken already")
	}
}

// what weighs what a change is about.
func what(ch *suspectChange, say func(float64, string, ...any)) {
	switch ch.op {
	case "delete":
		say(weightDeleted, "deleted")
		return
	case "add":
		say(weightCreated, "created")
		return
	case "snapshot":
		say(weightCreated, "first seen")
		return
	}
	aspects := kube.Aspects(ch.paths)
	if len(aspects) == 0 {
		return
	}
	words := make([]string, len(aspects))
	for i, a := range aspects {
		words[i] = string(a)
	}
	most := 0.0
	for _, a := range aspects {
		most = max(most, weightOfAspect[a])
	}
	if len(aspects) == 1 && (aspects[0] == kube.Deletion || aspects[0] == kube.Restart) {
		say(most, "%s", map[kube.Aspect]string{kube.Deletion: "its deletion began, or it is another object now", kube.Restart: "restarted"}[aspects[0]])
		return
	}
	say(most, "%s changed", strings.Join(words, ", "))
}

// span is a duration as people say it.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
