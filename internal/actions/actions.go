// Package actions holds the record of an action as the action module writes it and everybody else reads it.
// It decides nothing.
//
// Invariant: a record is complete in itself: a hub that finds it in the journal needs nothing else to go on.
package actions

import "time"

// Input asks for a plan. Exactly one of Refs and Query is set.
type Input struct {
	Verb     string // RESTART or SCALE
	Refs     []string
	Query    string
	Replicas *int32
	Reason   string
	Source   string // ui, cli, api: for the audit
}

// Action is a plan and, once run, its record. It is what etcd's journal holds, as JSON.
type Action struct {
	ID            string     `json:"id"`
	Verb          string     `json:"verb"`
	State         string     `json:"state"` // PLANNED RUNNING SUCCEEDED FAILED STOPPED EXPIRED
	Title         string     `json:"title"`
	Reason        string     `json:"reason,omitempty"`
	Actor         string     `json:"actor"`
	Source        string     `json:"source,omitempty"`
	CreatedAt     time.Time  `json:"createdAt"`
	StartedAt     *time.Time `json:"startedAt,omitempty"`
	FinishedAt    *time.Time `json:"finishedAt,omitempty"`
	ConfirmPhrase string     `json:"confirmPhrase,omitempty"` // "" when a click is enough
	Warnings      []string   `json:"warnings,omitempty"`
	Replicas      *int32     `json:"replicas,omitempty"`
	Targets       []*Target  `json:"targets"`
	Undoes        string     `json:"undoes,omitempty"`
	UndoneBy      string     `json:"undoneBy,omitempty"`
	StopAsked     bool       `json:"stopAsked,omitempty"`
	RunBy         string     `json:"runBy,omitempty"` // who confirmed it
	Count         int        `json:"count"`           // of targets, which the journal keeps one by one
}

// Target is one frozen object of an action.
type Target struct {
	Ref             string     `json:"ref"`
	ClusterUID      string     `json:"clusterUID"`
	Version         string     `json:"version"` // API version, v1
	UID             string     `json:"uid"`
	ResourceVersion string     `json:"resourceVersion"`
	State           string     `json:"state"` // READY BLOCKED QUEUED RUNNING DONE FAILED SKIPPED
	Message         string     `json:"message,omitempty"`
	Warnings        []string   `json:"warnings,omitempty"`
	Diff            string     `json:"diff,omitempty"`
	Change          string     `json:"change,omitempty"`
	Desired         *int32     `json:"desired,omitempty"`
	Updated         *int32     `json:"updated,omitempty"`
	ReadyReplicas   *int32     `json:"readyReplicas,omitempty"`
	StartedAt       *time.Time `json:"startedAt,omitempty"`
	FinishedAt      *time.Time `json:"finishedAt,omitempty"`
	// The recorded inverse: what the object had before. Nil until the target was written.
	Inverse *Inverse `json:"inverse,omitempty"`
	// What this target is to be set to, when it differs from the action's own parameters (undo plans).
	Wanted *Inverse `json:"wanted,omitempty"`
	// Digest of the spec when it was planned: a run refuses when it is another.
	Spec   string  `json:"spec,omitempty"`
	Intent *Intent `json:"intent,omitempty"`
}

// Intent is what is about to be, or was, written to a target. It is in the journal before the member is asked.
type Intent struct {
	Attempt         int     `json:"attempt"` // part of the command's id
	Set             Inverse `json:"set"`
	ResourceVersion string  `json:"resourceVersion"` // the write is refused at any other, so it cannot happen twice
	Generation      int64   `json:"generation"`      // before the write: unchanged means not written
	Written         bool    `json:"written,omitempty"`
	Spec            string  `json:"spec,omitempty"` // digest of the spec as the write left it; undo refuses when it is another
}

// Inverse holds the values to put back.
type Inverse struct {
	Replicas    *int32  `json:"replicas,omitempty"`
	RestartedAt *string `json:"restartedAt,omitempty"` // "" means: remove the annotation
}
