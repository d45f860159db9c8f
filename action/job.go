package action

import (
	"strings"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// maxJobName leaves a Job's Pods room for the suffixes of their names, which are labels too.
const maxJobName = 52

// newJob asks for a Job that is named after what it is made from and the action, so that it is made once.
func newJob(a *actions.Action, from string) (*actions.Write, error) {
	suffix := "-" + strings.TrimPrefix(a.ID, "a-")
	if most := maxJobName - len(suffix); len(from) > most {
		from = strings.TrimRight(from[:most], "-.")
	}
	return keepable(&ingestpb.Command{Verb: &ingestpb.Command_CreateJob{CreateJob: &ingestpb.CreateJobVerb{Name: from + suffix}}})
}

// undoneBy is what undoes what c made: made names it.
func undoneBy(made string, uid string) (*actions.Write, error) {
	w, err := keepable(&ingestpb.Command{Verb: &ingestpb.Command_Delete{Delete: &ingestpb.DeleteVerb{Propagation: "Background"}}})
	if err != nil {
		return nil, err
	}
	w.Ref, w.UID = made, uid
	return w, nil
}
