package action

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/credential"
)

func checkImages(p *actions.Params) error {
	if len(p.Set) == 0 {
		return bad("It is not said which image to set.", "Give container and image; the container * is all of them.")
	}
	for _, c := range slices.Sorted(maps.Keys(p.Set)) {
		image := p.Set[c]
		if c == "" || image == "" || strings.ContainsAny(image, " \t\n") {
			return bad(fmt.Sprintf("%q is no image for a container %q.", image, c), "Write them as app=registry/app:1.2.")
		}
	}
	return nil
}

func checkEnv(p *actions.Params) error {
	if len(p.Set)+len(p.Remove) == 0 {
		return bad("It is not said which variable to set.", "Give names to set or to remove.")
	}
	for _, name := range append(slices.Sorted(maps.Keys(p.Set)), p.Remove...) {
		if problems := validation.IsEnvVarName(name); len(problems) > 0 {
			return bad(fmt.Sprintf("%q is no name of an environment variable: %s.", name, problems[0]), "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Set)) {
		if err := noCredential(name, p.Set[name]); err != nil {
			return err
		}
	}
	return removedToo(p)
}

// noCredential refuses a literal credential: the journal and the audit would hold it for good.
func noCredential(name, value string) error {
	if value == "" || !credential.InName(name) && !credential.InText(value) {
		return nil
	}
	return refusedCredential(name)
}

func refusedCredential(name string) error {
	return bad(fmt.Sprintf("The value of %s looks like a credential, and an action is kept for good, with all it was given.", name),
		"Put it into a Secret with kubectl, and have the variable refer to that.")
}

func checkNames(p *actions.Params) error {
	if len(p.Set)+len(p.Remove) == 0 {
		return bad("It is not said what to set.", "Give names to set or to remove.")
	}
	for _, name := range append(slices.Sorted(maps.Keys(p.Set)), p.Remove...) {
		if problems := validation.IsQualifiedName(strings.ToLower(name)); len(problems) > 0 {
			return bad(fmt.Sprintf("%q is no name of a label or annotation: %s.", name, problems[0]), "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Set)) {
		if err := noCredential(name, p.Set[name]); err != nil {
			return err
		}
	}
	return removedToo(p)
}

func removedToo(p *actions.Params) error {
	for _, name := range p.Remove {
		if _, set := p.Set[name]; set {
			return bad(fmt.Sprintf("%s is to be set and to be removed.", name), "Do one of them.")
		}
	}
	return nil
}

func checkResources(p *actions.Params) error {
	if len(p.Requests)+len(p.Limits) == 0 {
		return bad("It is not said which resources to set.", "Give requests, limits or both.")
	}
	for _, m := range []map[string]string{p.Requests, p.Limits} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if m[name] == "" {
				continue
			}
			if q, err := resource.ParseQuantity(m[name]); err != nil || q.Sign() < 0 {
				return bad(fmt.Sprintf("%q is no quantity of %s.", m[name], name), "Write it as 500m, 2 or 1Gi.")
			}
		}
	}
	return nil
}
