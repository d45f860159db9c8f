// Package records holds what readers of the fleet get back: objects, versions, events, and how far an answer
// can be trusted. The search service fills them; GraphQL, the action module and later readers consume them.
//
// Invariant: a record names its cluster by name (Ref.Cluster) and by identity (ClusterUID), and the two were
// one cluster when it was read.
package records

import (
	"context"
	"time"

	"github.com/foretop/foretop/internal/kube"
)

// Object is one object as stored: its summary, its JSON and what is known of its last change.
type Object struct {
	Ref        kube.Ref
	ClusterUID string
	kube.Summary
	Ver          uint64
	ObservedAt   time.Time
	ChangedAt    time.Time // last meaningful change, or creation
	ChangedBy    string
	ChangedPaths []string
	DeletedAt    time.Time // zero while it lives
	JSON         []byte    // redacted, byte for byte; nil when the reader asked for rows only
}

// Commit is what one commit of the writer made durable of one cluster's objects, for readers in the same process.
type Commit struct {
	ClusterUID string
	// After is the newest version of any object of the cluster before this commit. A reader that has not seen it yet
	// has missed something, and reads the tables.
	After uint64
	// Versions come in the order of Ver, all that share one together. They have tokens and JSON, and their Ref no
	// cluster's name; a tombstone has DeletedAt. Nobody may change what they hold.
	Versions []*Object
}

// Request asks for objects.
type Request struct {
	Query  string
	First  int // 1 to 1000
	After  string
	Facets []string
	Bare   bool // leave Object.JSON and Annotations out

	// Of listings alone:
	Owner  *Owner // what matches and belongs to it
	Order  []By   // what stands before the key
	Offset int    // how many of the first are left out
	Moment bool   // refuse to answer what is of no one moment only because the hub is behind
}

// Owner is whom objects belong to.
type Owner struct {
	UIDs   []string // those of these UIDs, whether they are known or not
	Query  string   // or else those that match
	Levels int      // 0: it is their owner; 1: it is an owner of an owner, and so on
}

// By is a part of an order: a field of the query language, a column of files, or a path into the object.
type By struct {
	Field string
	Desc  bool
}

// Result answers a Request.
type Result struct {
	Total    int
	Objects  []*Object
	More     bool
	Cursor   string // of the last object; "" when there is none
	Facets   []Facet
	Groups   []Group // of group:, the largest first
	Coverage Coverage
	Took     time.Duration
	Engine   string // columns, bleve+columns, columns+texts, columns+clickhouse, clickhouse
}

// Listing is everything that matches a Request, taken in order a part at a time by one goroutine.
type Listing interface {
	// Next answers up to most objects, and whether there are more.
	Next(ctx context.Context, most int) (objects []*Object, more bool, err error)
	// Total and Coverage are known after the first Next at the latest. What Request.Offset leaves out is not in Total.
	Total() int
	Coverage() Coverage
	// Position is how far the listing goes; nil when it is of no one moment.
	Position() Position
}

// Facet counts the values of one field over everything that matches.
type Facet struct {
	Field    string
	Distinct int
	Values   []FacetValue // by count, then value
}

// Group is what matches and has the same values of the fields of group:, in their order; "" is none.
type Group struct {
	Values                 []string
	Count, Ready, NotReady int
}

// FacetValue is one value of a facet and how many objects have it.
type FacetValue struct {
	Value string
	Count int
}

// Coverage says which clusters an answer speaks for.
type Coverage struct {
	Clusters []ClusterCoverage // by name
	Missing  []string          // sentences: what the hub no longer keeps of the moment asked for
}

// ClusterState is how a cluster's data stands; the values are GraphQL's.
type ClusterState string

// States, best first after Syncing.
const (
	Syncing  ClusterState = "SYNCING"
	Live     ClusterState = "LIVE"
	Degraded ClusterState = "DEGRADED"
	Stale    ClusterState = "STALE"
	Pending  ClusterState = "PENDING"
)

// ClusterCoverage is one cluster's part of an answer.
type ClusterCoverage struct {
	Cluster string
	State   ClusterState
	AsOf    time.Time // zero when never heard from
	Reason  string    // a sentence, "" when all is well
}

// Version is one observed version of an object.
type Version struct {
	Object
	Op          string // snapshot, add, update, delete
	Meaningful  bool
	PreviousVer uint64
	// Previous is the JSON of the version before, for the diff; nil when there is none or it was not asked for.
	Previous []byte
	// Summary is a sentence: "image app2:1.0 -> app2:broken".
	Sentence string
}

// Suspect is a change that may have broken something. Score is from 0 to 1, the sum of its reasons within that.
type Suspect struct {
	*Version
	Score   float64
	Reasons []SuspectReason // the weightiest first
}

// SuspectReason is a part of a score in words. What speaks against a suspect has a negative weight.
type SuspectReason struct {
	Text   string
	Weight float64
}

// DiffRequest asks what differs between two objects. A zero moment is now.
type DiffRequest struct {
	From, To     kube.Ref
	FromAt, ToAt time.Time
	Noise        bool // do not leave out what servers and controllers write for themselves
}

// Diff is what differs. From or To is nil when there was no such object.
type Diff struct {
	From, To *Object
	Unified  string // of the YAML, "" when nothing differs
	Changes  []kube.Difference
	Hidden   int // differences that were noise
}

// Page is one page of a list.
type Page[T any] struct {
	Items    []T
	More     bool
	Cursor   string
	Total    int // -1 when it was not counted
	Coverage Coverage
}

// Density is how many changes each part of a time had, oldest first.
type Density struct {
	Counts []int
	Oldest time.Time // since when anything is remembered; zero when nothing is
}

// Event is the newest revision of one Kubernetes event.
type Event struct {
	UID, Cluster, Namespace       string
	Type, Reason, Message, Source string
	Count                         uint32
	FirstAt, LastAt               time.Time
	RegardingKind, RegardingName  string
	Regarding                     *kube.Ref // nil when the object was never seen
}

// Suggestion completes a query under the cursor.
type Suggestion struct {
	Text, Label, Type, Detail string
	Count                     int // -1 when unknown
	From, To                  int // byte range of the query that Text replaces
}

// Explanation says how a query is understood.
type Explanation struct {
	Engine    string
	Canonical string
	Terms     []string
}

// Graph is objects and the edges between them, and how to draw them.
type Graph struct {
	Nodes         []GraphNode
	Edges         []GraphEdge
	Truncated     bool
	Width, Height float64
	// Bends are where edges pass columns between their ends, from From to To, so that they keep clear of boxes; for the
	// edges that do, by their place in Edges.
	Bends map[int][]Point
}

// GraphNode is an object of a graph; Level is negative above the asked object and positive below. The object of an
// image is made up: it has a reference, a name and nothing else.
type GraphNode struct {
	*Object
	Level  int
	Hidden int     // neighbours that are not in the graph
	X, Y   float64 // the top left corner of a box of 220 by 48
}

// GraphEdge is a directed relation; Type is one of kube.EdgeTypes.
type GraphEdge struct {
	From, To kube.Ref
	Type     string
}

// Point is a place in the picture of a graph.
type Point struct{ X, Y float64 }

// Cluster is a member as people see it.
type Cluster struct {
	Name, UID, Mode         string // Mode: push or pull
	State                   ClusterState
	Reason                  string
	AsOf                    time.Time
	KubernetesVersion       string
	Labels                  map[string]string
	AddedAt                 time.Time
	Protection              string // none, confirm, four-eyes
	Objects                 int
	Nodes, Pods, Namespaces int
	Resources               []ResourceState
}

// ResourceState says how collection of one kind of one member stands.
type ResourceState struct {
	kube.GroupResource
	Version, Kind string
	Namespaced    bool
	ShortNames    []string
	State, Reason string // State: syncing, synced, failing, gone, excluded
	Objects       int
}

// Kind is a kind of object that members serve, merged over clusters.
type Kind struct {
	kube.GroupResource
	Version    string
	Kind       string
	Namespaced bool
	ShortNames []string
	Clusters   int
}

// Change is one live change of an object that matches, or did.
type Change struct {
	Type       string // ADDED, MODIFIED, REMOVED
	Ref        kube.Ref
	Object     *Object // nil when REMOVED
	ObservedAt time.Time
}

// Member is a cluster and the kinds that it serves.
type Member struct {
	Name, UID         string
	KubernetesVersion string
	State             ClusterState
	AsOf              time.Time // zero when never heard from
	Reason            string
	Kinds             []Kind     // that are kept of it
	Documents         []Document // what its API server says of itself, by path; none when its collector does not tell
	Revision          string     // another one when Kinds or Documents are others
}

// Document is what a member's API server says at a path that is about no object: discovery and OpenAPI.
type Document struct {
	Path        string
	ContentType string
	SHA256      string // names the content, "" when it is not here
	Reason      string // why it is not
}

// Position is how far the versions of each cluster's objects go, by the cluster's UID. An answer at a position holds all
// versions up to there and none beyond.
type Position map[string]uint64

// Step is what one version of an object means to who follows a question.
type Step struct {
	Type   string  // ADDED, MODIFIED, DELETED: it matches no longer, or is gone
	Object *Object // of this version, with its JSON; of one that is gone as it was last
}

// Steps are versions in the order in which they were committed, and how far they lead. There may be none: then only
// others have happened.
type Steps struct {
	List     []Step
	Position Position
	// Shared is one for all who get the same Steps; nil when nobody else does.
	Shared *Shared
	// Err is why nothing more comes, such as an access.Error EXPIRED: the question has to be asked anew.
	Err error
}
