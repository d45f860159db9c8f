// Package actions holds the record of an action as the action module writes it and everybody else reads it.
// It decides nothing.
//
// Invariant: a record is complete in itself: a hub that finds it in the journal needs nothing else to go on.
package actions

import (
	"encoding/json"
	"slices"
	"time"
)

// Input asks for a plan. Exactly one of Refs and Query is set; for APPLY Clusters instead.
type Input struct {
	Verb   string // one of Verbs
	Refs   []string
	Query  string
	Params Params
	Waves  Waves
	Reason string
	Source string // ui, cli, api: for the audit
}

// Params are what a verb needs besides its targets. A field that the verb does not know is refused, not ignored.
type Params struct {
	Replicas *int32 `json:"replicas,omitempty"` // SCALE
	Min      *int32 `json:"min,omitempty"`      // AUTOSCALE, and SCALE of what an autoscaler owns
	Max      *int32 `json:"max,omitempty"`

	Container string            `json:"container,omitempty"` // SET_ENV, SET_RESOURCES; "" is all
	Set       map[string]string `json:"set,omitempty"`       // SET_IMAGE: container -> image; SET_ENV, LABEL, ANNOTATE: name -> value
	Remove    []string          `json:"remove,omitempty"`    // SET_ENV, LABEL, ANNOTATE: names
	Requests  map[string]string `json:"requests,omitempty"`  // SET_RESOURCES: resource -> quantity, "" removes
	Limits    map[string]string `json:"limits,omitempty"`

	Revision *int64 `json:"revision,omitempty"` // ROLL_BACK: the member's own revision; nil with no Version is the one before
	Version  string `json:"version,omitempty"`  // ROLL_BACK: to this stored version; REVERT: the version whose change is taken back

	Propagation  string `json:"propagation,omitempty"`  // DELETE: Background, Foreground, Orphan
	GraceSeconds *int64 `json:"graceSeconds,omitempty"` // DELETE, EVICT, DRAIN
	EmptyDir     bool   `json:"emptyDir,omitempty"`     // DRAIN: Pods whose emptyDir volumes are lost
	Unmanaged    bool   `json:"unmanaged,omitempty"`    // DRAIN: Pods that nobody brings back
	Whole        bool   `json:"whole,omitempty"`        // EVICT: workloads of a single Pod too

	Manifest  string     `json:"manifest,omitempty"` // APPLY: YAML or JSON, several documents too
	Clusters  []string   `json:"clusters,omitempty"` // APPLY: names and globs
	Overrides []Override `json:"overrides,omitempty"`
	Force     bool       `json:"force,omitempty"` // APPLY: take over fields that others own

	// Direct goes past an owner that would take the change back; without it such targets are blocked.
	Direct bool `json:"direct,omitempty"`
}

// Override changes an applied manifest for some clusters. Later ones win.
type Override struct {
	Clusters []string          `json:"clusters"`           // names and globs
	Registry string            `json:"registry,omitempty"` // replaces that of every image
	Replicas *int32            `json:"replicas,omitempty"`
	Env      map[string]string `json:"env,omitempty"` // of every container
}

// Waves say how fast an action goes. The zero value is all targets, four at a time, whatever fails.
type Waves struct {
	Parallel    int           `json:"parallel,omitempty"`    // targets at a time; 0 is 4
	Size        int           `json:"size,omitempty"`        // targets in a wave; 0 is all of them
	Pause       time.Duration `json:"pause,omitempty"`       // between two waves
	MaxFailures int           `json:"maxFailures,omitempty"` // stop after so many; 0 is never
	ByCluster   bool          `json:"byCluster,omitempty"`   // a wave never spans clusters
}

// Action is a plan and, once run, its record. It is what etcd's journal holds, as JSON.
type Action struct {
	ID            string     `json:"id"`
	Verb          string     `json:"verb"`
	State         string     `json:"state"` // PLANNING PLANNED RUNNING SUCCEEDED FAILED STOPPED EXPIRED
	Title         string     `json:"title"`
	Reason        string     `json:"reason,omitempty"`
	Actor         string     `json:"actor"`
	Source        string     `json:"source,omitempty"`
	CreatedAt     time.Time  `json:"createdAt"`
	StartedAt     *time.Time `json:"startedAt,omitempty"`
	FinishedAt    *time.Time `json:"finishedAt,omitempty"`
	ConfirmPhrase string     `json:"confirmPhrase,omitempty"` // "" when a click is enough
	Warnings      []string   `json:"warnings,omitempty"`
	Params        Params     `json:"params"`
	Waves         Waves      `json:"waves"`
	Targets       []*Target  `json:"targets"`
	Undoes        string     `json:"undoes,omitempty"`
	UndoneBy      string     `json:"undoneBy,omitempty"`
	Retries       string     `json:"retries,omitempty"` // the action whose failed targets this one takes up
	RetriedBy     string     `json:"retriedBy,omitempty"`
	Wave          int        `json:"wave,omitempty"` // under way, from 1
	NextWaveAt    *time.Time `json:"nextWaveAt,omitempty"`
	StopAsked     bool       `json:"stopAsked,omitempty"`
	RunBy         string     `json:"runBy,omitempty"`      // who confirmed it
	Count         int        `json:"count"`                // of targets, which the journal keeps one by one
	Protection    string     `json:"protection,omitempty"` // the strictest of its clusters: confirm, four-eyes
	FourEyes      bool       `json:"fourEyes,omitempty"`   // another person than who plans and runs it has to approve it
	Approvals     []Approval `json:"approvals,omitempty"`
}

// Approval is one person's word that a plan may be run.
type Approval struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// ApprovedBy reports whether user has approved the plan.
func (a *Action) ApprovedBy(user string) bool {
	return slices.ContainsFunc(a.Approvals, func(p Approval) bool { return p.By == user })
}

// NeedsApproval holds for a plan that nobody but its planner could have approved yet.
func (a *Action) NeedsApproval() bool {
	return a.FourEyes && !slices.ContainsFunc(a.Approvals, func(p Approval) bool { return p.By != a.Actor })
}

// Target is one frozen object of an action.
type Target struct {
	Ref             string     `json:"ref"`
	For             string     `json:"for,omitempty"`  // what was asked for, where something else became the target
	Wave            int        `json:"wave,omitempty"` // from 1
	ClusterUID      string     `json:"clusterUID"`
	Version         string     `json:"version"` // API version, v1
	UID             string     `json:"uid"`
	ResourceVersion string     `json:"resourceVersion"`
	State           string     `json:"state"` // PENDING READY BLOCKED QUEUED RUNNING DONE FAILED SKIPPED
	Message         string     `json:"message,omitempty"`
	Warnings        []string   `json:"warnings,omitempty"`
	Diff            string     `json:"diff,omitempty"`
	Change          string     `json:"change,omitempty"`
	Desired         *int32     `json:"desired,omitempty"`
	Updated         *int32     `json:"updated,omitempty"`
	ReadyReplicas   *int32     `json:"readyReplicas,omitempty"`
	StartedAt       *time.Time `json:"startedAt,omitempty"`
	FinishedAt      *time.Time `json:"finishedAt,omitempty"`
	// Manager is the field manager to write with, where an owner would take back what others wrote; "" is Foretop's own.
	Manager string `json:"manager,omitempty"`
	// What undoes it. Nil until the target was written, and when NoWayBack says why there is none.
	Inverse   *Write `json:"inverse,omitempty"`
	NoWayBack string `json:"noWayBack,omitempty"`
	// What this target is asked, where the action's own parameters do not say it: undo plans, manifests, versions.
	Wanted *Write `json:"wanted,omitempty"`
	// Digest of the spec when it was planned: a run refuses when it is another. "" when there was no object.
	Spec   string  `json:"spec,omitempty"`
	Intent *Intent `json:"intent,omitempty"`
	// The namespace that this action makes before: until then nothing can be tried in it.
	Needs string `json:"needs,omitempty"`
	// Of evictions, which are many steps.
	Evictions *Evictions `json:"evictions,omitempty"`
}

// Write is a typed command as the journal keeps it.
type Write struct {
	Command json.RawMessage `json:"command"`       // an ingestpb.Command in protobuf's JSON: verb and field manager alone
	Ref     string          `json:"ref,omitempty"` // of what it is about when that is not the target: a Job that was made
	UID     string          `json:"uid,omitempty"` // of that
}

// Intent is what is about to be, or was, written to a target. It is in the journal before the member is asked.
type Intent struct {
	Attempt         int             `json:"attempt"` // part of the command's id
	Write           *Write          `json:"write"`
	ResourceVersion string          `json:"resourceVersion"`   // the write is refused at any other, so it cannot happen twice
	Generation      int64           `json:"generation"`        // before the write: unchanged means not written
	Changes         json.RawMessage `json:"changes,omitempty"` // JSON patch of what it changes, redacted: there means written
	Written         bool            `json:"written,omitempty"`
	Spec            string          `json:"spec,omitempty"` // digest of the spec as the write left it; undo refuses when it is another
}

// Evictions tell how far a restart by eviction or a drain is. Only Pods created before Since are meant, so that no
// Pod goes twice however often the action is resumed.
type Evictions struct {
	Since      time.Time `json:"since"`
	Evicted    int       `json:"evicted"`
	Left       int       `json:"left"`
	WaitingFor string    `json:"waitingFor,omitempty"`
	Kept       []string  `json:"kept,omitempty"`
}
