package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// A verb is what Foretop knows about one thing that can be done.
type verb struct {
	does     string // "Restart": begins a title
	can      string // "can be restarted"
	past     string // "restarted"
	params   []string
	careful  bool // one object is confirmed by its name
	rollout  bool // done when the workload's rollout is
	evicts   bool // many steps, see evict.go
	forgives bool // nothing to change is nothing wrong
	check    func(*actions.Params) error
	// command is the typed command for one target; nil where a target's own Wanted has it.
	command func(p *actions.Params, stamp time.Time) *ingestpb.Command
}

var verbs = map[string]verb{
	actions.Restart: {does: "Restart", can: "can be restarted", past: "restarted", rollout: true, forgives: true,
		command: func(_ *actions.Params, stamp time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Restart{Restart: &ingestpb.RestartVerb{RestartedAt: stamp.UTC().Format(time.RFC3339)}}}
		}},
	actions.Evict: {does: "Restart by eviction", can: "can be restarted by eviction", past: "restarted by eviction", params: []string{"graceSeconds", "whole"}, evicts: true, rollout: true, forgives: true,
		check: checkGrace,
		command: func(p *actions.Params, stamp time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Evict{Evict: &ingestpb.EvictVerb{CreatedBeforeMs: stamp.UnixMilli(), AtMost: 1, GraceSeconds: p.GraceSeconds, Whole: p.Whole}}}
		}},
	actions.Scale: {does: "Scale", can: "can be scaled", past: "scaled", params: []string{"replicas", "min", "max"}, rollout: true,
		check: checkScale,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Scale{Scale: &ingestpb.ScaleVerb{Replicas: *p.Replicas, EvenIfAutoscaled: p.Direct}}}
		}},
	actions.Autoscale: {does: "Set the bounds of", can: "has bounds", past: "given bounds", params: []string{"min", "max"},
		check: checkBounds,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Autoscale{Autoscale: &ingestpb.AutoscaleVerb{Min: p.Min, Max: p.Max}}}
		}},
	actions.SetImage: {does: "Set the image of", can: "has images", past: "given an image", params: []string{"set"}, rollout: true,
		check: checkImages,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Image{Image: &ingestpb.ImageVerb{Images: p.Set}}}
		}},
	actions.SetEnv: {does: "Set the environment of", can: "has an environment", past: "given an environment", params: []string{"container", "set", "remove"}, rollout: true,
		check: checkEnv,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Env{Env: &ingestpb.EnvVerb{Container: p.Container, Set: p.Set, Remove: p.Remove}}}
		}},
	actions.SetResources: {does: "Set the resources of", can: "has resources", past: "given resources", params: []string{"container", "requests", "limits"}, rollout: true,
		check: checkResources,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Resources{Resources: &ingestpb.ResourcesVerb{Container: p.Container, Requests: p.Requests, Limits: p.Limits}}}
		}},
	actions.RollBack: {does: "Roll back", can: "can be rolled back", past: "rolled back", params: []string{"revision", "version"}, rollout: true,
		check: func(p *actions.Params) error {
			switch {
			case p.Revision != nil && p.Version != "":
				return bad("Roll back to a revision or to a version of history, not both.", "Leave one out.")
			case p.Revision != nil && *p.Revision < 0:
				return bad(fmt.Sprintf("%d is not a revision.", *p.Revision), "List them with: foretop rollout history")
			}
			return nil
		},
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			v := &ingestpb.RollbackVerb{}
			if p.Revision != nil {
				v.Revision = *p.Revision
			}
			return &ingestpb.Command{Verb: &ingestpb.Command_Rollback{Rollback: v}}
		}},
	actions.Revert: {does: "Revert a change of", can: "can be reverted", past: "reverted", params: []string{"version"}, rollout: true,
		check: func(p *actions.Params) error {
			if p.Version == "" {
				return bad("It is not said which change to revert.", "Give the version, or the moment, that the change made: foretop history lists them.")
			}
			return nil
		}},
	actions.Pause:    {does: "Pause", can: "can be paused", past: "paused", command: suspend(true)},
	actions.Resume:   {does: "Resume", can: "can be resumed", past: "resumed", rollout: true, command: suspend(false)},
	actions.Cordon:   {does: "Cordon", can: "can be cordoned", past: "cordoned", command: suspend(true)},
	actions.Uncordon: {does: "Uncordon", can: "can be uncordoned", past: "uncordoned", command: suspend(false)},
	actions.Drain: {does: "Drain", can: "can be drained", past: "drained", params: []string{"graceSeconds", "emptyDir", "unmanaged"}, careful: true, evicts: true, forgives: true,
		check: checkGrace, command: suspend(true)},
	actions.Label: {does: "Label", can: "can be labelled", past: "labelled", params: []string{"set", "remove"}, check: checkNames,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Metadata{Metadata: &ingestpb.MetadataVerb{SetLabels: p.Set, RemoveLabels: p.Remove}}}
		}},
	actions.Annotate: {does: "Annotate", can: "can be annotated", past: "annotated", params: []string{"set", "remove"}, check: checkNames,
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Metadata{Metadata: &ingestpb.MetadataVerb{SetAnnotations: p.Set, RemoveAnnotations: p.Remove}}}
		}},
	actions.Delete: {does: "Delete", can: "can be deleted", past: "deleted", params: []string{"propagation", "graceSeconds"}, careful: true,
		check: func(p *actions.Params) error {
			if !slices.Contains([]string{"", "Background", "Foreground", "Orphan"}, p.Propagation) {
				return bad(fmt.Sprintf("There is no propagation %q.", p.Propagation), "Use Background, Foreground or Orphan.")
			}
			return checkGrace(p)
		},
		command: func(p *actions.Params, _ time.Time) *ingestpb.Command {
			return &ingestpb.Command{Verb: &ingestpb.Command_Delete{Delete: &ingestpb.DeleteVerb{Propagation: p.Propagation, GraceSeconds: p.GraceSeconds}}}
		}},
	// What a Job is called is a target's own: see job.go.
	actions.Rerun:   {does: "Run again", can: "can run again", past: "run again"},
	actions.Trigger: {does: "Trigger", can: "can be triggered", past: "triggered"},
	actions.Apply:   {does: "Apply", can: "can be applied", past: "applied", params: []string{"manifest", "clusters", "overrides", "force"}, rollout: true, check: checkManifest},
}

func suspend(on bool) func(*actions.Params, time.Time) *ingestpb.Command {
	return func(*actions.Params, time.Time) *ingestpb.Command {
		return &ingestpb.Command{Verb: &ingestpb.Command_Suspend{Suspend: &ingestpb.SuspendVerb{Suspended: on}}}
	}
}

func bad(message, fix string) error {
	return &access.Error{Code: "BAD_REQUEST", Message: message, Fix: fix}
}

// checkInput refuses what cannot be planned whatever the clusters say.
func checkInput(in actions.Input) error {
	v, ok := verbs[in.Verb]
	if !ok {
		return bad(fmt.Sprintf("There is no verb %q.", in.Verb), "Use one of "+strings.Join(slices.Sorted(maps.Keys(verbs)), ", ")+".")
	}
	if err := checkNothingElse(in, v); err != nil {
		return err
	}
	if v.check != nil {
		if err := v.check(&in.Params); err != nil {
			return err
		}
	}
	if err := checkWaves(in.Waves); err != nil {
		return err
	}
	switch {
	case in.Verb == actions.Apply && (len(in.Refs) > 0 || in.Query != ""):
		return bad("What is applied is named by its manifest.", "Leave refs and query out.")
	case in.Verb != actions.Apply && (len(in.Refs) == 0) == (in.Query == ""):
		return bad("A plan needs either refs or a query, not both and not neither.", "")
	case len(in.Refs) > maxTargets:
		return bad(fmt.Sprintf("%d targets are too many for one action.", len(in.Refs)), fmt.Sprintf("Use at most %d.", maxTargets))
	}
	return nil
}

// checkNothingElse refuses parameters that a verb does not know: whoever gave them expects something of them.
func checkNothingElse(in actions.Input, v verb) error {
	raw, err := json.Marshal(in.Params)
	if err != nil {
		return fmt.Errorf("read parameters: %w", err)
	}
	var given map[string]any
	if err := json.Unmarshal(raw, &given); err != nil {
		return fmt.Errorf("read parameters: %w", err)
	}
	delete(given, "direct")
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(v.params, name) {
			fix := fmt.Sprintf("Leave %s out.", name)
			if len(v.params) > 0 {
				fix += fmt.Sprintf(" It knows %s.", strings.Join(v.params, ", "))
			}
			return bad(fmt.Sprintf("%s takes no %s.", in.Verb, name), fix)
		}
	}
	return nil
}

const maxReplicas = 10000

func checkScale(p *actions.Params) error {
	if p.Replicas == nil {
		return bad("Scaling needs the wanted number of replicas.", "Give replicas.")
	}
	if *p.Replicas < 0 || *p.Replicas > maxReplicas {
		return bad(fmt.Sprintf("%d is not a number of replicas.", *p.Replicas), fmt.Sprintf("Use 0 to %d.", maxReplicas))
	}
	if p.Min == nil && p.Max == nil {
		return nil
	}
	return checkBounds(p)
}

func checkBounds(p *actions.Params) error {
	if p.Min == nil && p.Max == nil {
		return bad("An autoscaler needs a bound to set.", "Give min, max or both.")
	}
	for _, n := range []*int32{p.Min, p.Max} {
		if n != nil && (*n < 1 || *n > maxReplicas) {
			return bad(fmt.Sprintf("%d is no bound of an autoscaler.", *n), fmt.Sprintf("Use 1 to %d.", maxReplicas))
		}
	}
	if p.Min != nil && p.Max != nil && *p.Min > *p.Max {
		return bad(fmt.Sprintf("The least number, %d, is above the most, %d.", *p.Min, *p.Max), "")
	}
	return nil
}

func checkGrace(p *actions.Params) error {
	if p.GraceSeconds != nil && (*p.GraceSeconds < 0 || *p.GraceSeconds > 86400) {
		return bad(fmt.Sprintf("%d is no number of seconds to wait for.", *p.GraceSeconds), "Use 0 to 86400.")
	}
	return nil
}

func checkWaves(w actions.Waves) error {
	switch {
	case w.Parallel < 0 || w.Parallel > maxParallel:
		return bad(fmt.Sprintf("%d targets at a time are not possible.", w.Parallel), fmt.Sprintf("Use 1 to %d.", maxParallel))
	case w.Size < 0 || w.MaxFailures < 0 || w.Pause < 0:
		return bad("Waves cannot have negative sizes, pauses or numbers of failures.", "")
	case w.Pause > 24*time.Hour:
		return bad("A pause between waves is at most a day.", "")
	}
	return nil
}

// typed is what a target of a is asked.
func typed(a *actions.Action, t *actions.Target, stamp time.Time) (*actions.Write, error) {
	if t.Wanted != nil {
		return t.Wanted, nil
	}
	v := verbs[a.Verb]
	if v.command == nil {
		return nil, fmt.Errorf("%s of %s: it is not said what to ask", a.Verb, t.Ref)
	}
	return keepable(v.command(&a.Params, stamp))
}

// keepable is a command as the journal keeps it.
func keepable(c *ingestpb.Command) (*actions.Write, error) {
	raw, err := protojson.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("keep a command: %w", err)
	}
	return &actions.Write{Command: raw}, nil
}

// commandOf is the command that w keeps.
func commandOf(w *actions.Write) (*ingestpb.Command, error) {
	if w == nil || len(w.Command) == 0 {
		return nil, errors.New("read a kept command: there is none")
	}
	c := &ingestpb.Command{}
	if err := protojson.Unmarshal(w.Command, c); err != nil { // a verb of a later version is an error too
		return nil, fmt.Errorf("read a kept command: %w", err)
	}
	return c, nil
}
