package action

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// live is what an answer says about the object on the member. The zero value is an object that is not there.
type live struct {
	object          map[string]any
	ResourceVersion string
	UID             string
	Generation      int64
	Replicas        int32
	Paused          bool
	Held            string   // what of its update strategy keeps Pods as they are: OnDelete, a partition
	Spec            string   // digest
	GaveUp          string   // when a Deployment's controller said that its rollout exceeded its deadline, "" when it did not
	Pods            *int32   // those of earlier revisions too; nil for kinds that do not count them
	Deleting        bool     // it was told to go
	Finalizers      []string // that hold it up
}

func readLive(object []byte) (live, error) {
	if len(object) == 0 {
		return live{}, nil
	}
	var o struct {
		Metadata struct {
			UID               string   `json:"uid"`
			ResourceVersion   string   `json:"resourceVersion"`
			Generation        int64    `json:"generation"`
			DeletionTimestamp string   `json:"deletionTimestamp"`
			Finalizers        []string `json:"finalizers"`
		} `json:"metadata"`
		Spec struct {
			Replicas *int32 `json:"replicas"`
			Paused   bool   `json:"paused"`
			Strategy struct {
				Type    string `json:"type"`
				Rolling struct {
					Partition int32 `json:"partition"`
				} `json:"rollingUpdate"`
			} `json:"updateStrategy"`
		} `json:"spec"`
		Status struct {
			Replicas   *int32 `json:"replicas"`
			Conditions []struct {
				Type, Reason, LastUpdateTime string
			} `json:"conditions"`
		} `json:"status"`
	}
	whole, err := kube.Decode(object)
	if err != nil {
		return live{}, fmt.Errorf("read the member's object: %w", err)
	}
	if err := json.Unmarshal(object, &o); err != nil {
		// Other kinds call other things replicas, paused or conditions.
		o.Spec.Replicas, o.Spec.Paused, o.Status.Replicas, o.Status.Conditions = nil, false, nil, nil
	}
	l := live{
		object: whole, ResourceVersion: o.Metadata.ResourceVersion, UID: o.Metadata.UID, Generation: o.Metadata.Generation,
		Replicas: 1, Paused: o.Spec.Paused, Pods: o.Status.Replicas,
		Deleting: o.Metadata.DeletionTimestamp != "", Finalizers: o.Metadata.Finalizers,
	}
	switch {
	case o.Spec.Strategy.Type == "OnDelete":
		l.Held = "the update strategy OnDelete"
	case o.Spec.Strategy.Rolling.Partition > 0:
		l.Held = "a partition of the update strategy"
	}
	for _, c := range o.Status.Conditions {
		if c.Type == "Progressing" && c.Reason == "ProgressDeadlineExceeded" {
			l.GaveUp = "at " + c.LastUpdateTime
		}
	}
	if o.Spec.Replicas != nil {
		l.Replicas = *o.Spec.Replicas
	}
	l.Spec, err = specDigest(whole)
	return l, err
}

// specDigest tells specs apart, whatever order their keys come in. generation would not do: a Deployment's is raised
// by its own controller when it notes the revision. Kinds without a spec are told apart by all that people write.
// A Node's spec is left out: its controllers taint it as they see fit.
func specDigest(o map[string]any) (string, error) {
	if o["kind"] == "Node" && o["apiVersion"] == "v1" {
		return "", nil
	}
	spec, ok := o["spec"]
	if !ok {
		spec = patch.Content(o)
	}
	canonical, err := json.Marshal(spec) // sorts keys
	if err != nil {
		return "", fmt.Errorf("digest the member's object: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:12]), nil
}

// has reports whether every field that changes name is as they leave it.
func (l live) has(changes []patch.Change) bool {
	for _, c := range changes {
		got, there := patch.At(l.object, c.Path)
		switch c.Op {
		case "remove":
			if there { // what was removed from a list is named by where the list ends now
				return false
			}
		case "add", "replace":
			if !there || !reflect.DeepEqual(plain(got), plain(c.Value)) {
				return false
			}
		}
	}
	return true
}

func isIndex(path string) bool {
	_, err := strconv.Atoi(path[strings.LastIndex(path, "/")+1:])
	return err == nil
}

// plain is v as JSON has it, whose numbers are of one type.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(raw, &out) != nil {
		return v
	}
	return out
}

// tried is what a member's answer to a dry run or a write says.
type tried struct {
	before, after live
	changes       []patch.Change
}

func readTried(r *ingestpb.CommandResult) (tried, error) {
	var t tried
	var err error
	if t.before, err = readLive(r.Before); err != nil {
		return t, err
	}
	if t.after, err = readLive(r.After); err != nil {
		return t, err
	}
	if t.before.object != nil && t.after.object != nil {
		t.changes, err = patch.Changes(t.before.object, t.after.object)
	}
	return t, err
}
