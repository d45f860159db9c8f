package owners

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/records"
)

func minutes(d time.Duration) string { return strconv.Itoa(int((d + time.Minute - 1) / time.Minute)) }
func hours(d time.Duration) string   { return strconv.Itoa(int((d + time.Hour - 1) / time.Hour)) }

// byArgoCD: without self-heal a live change stays until the next sync. A restart is no difference to what Git says.
func byArgoCD(a *asked, e *Effect) error {
	if err := a.controlling(e, func(o *records.Object) bool { return tracks(o, a.o) }); err != nil || a.part == stamp || a.part == metadata {
		return err
	}
	app := e.named("application")
	switch {
	case e.Object == nil:
		e.Default = true
		return e.perhaps(app+" manages it, and is not in any cluster of the hub: by default its next sync takes back "+a.undone()+", and with self-heal that is within seconds.",
			"Change it in Git too.")
	case e.Object.Annotations["argocd.argoproj.io/skip-reconcile"] == "true":
		return e.perhaps(app+" is told to skip reconciling: "+a.undone()+" stays until that ends.", "")
	}
	heals := e.truth("spec", "syncPolicy", "automated", "selfHeal")
	if enabled, told := e.read("spec", "syncPolicy", "automated", "enabled").(bool); told && !enabled {
		heals = false
	}
	remedy := "Change it in Git, or switch off automated sync of " + e.Object.Ref.String() + "."
	switch a.part {
	case replicas:
		if a.freeReplicas() {
			return nil
		}
		if ignores(e, a.o, "/spec/replicas") {
			if options, _ := e.read("spec", "syncPolicy", "syncOptions").([]any); slices.Contains(options, any("RespectIgnoreDifferences=true")) {
				return nil
			}
			return e.perhaps(app+" ignores differences of /spec/replicas, but its next sync writes what Git says.", "Add RespectIgnoreDifferences=true to its syncOptions.")
		}
		remedy = "Change it in Git, or have " + e.Object.Ref.String() + " ignore it: spec.ignoreDifferences with jsonPointers [/spec/replicas] and syncOptions RespectIgnoreDifferences=true."
	case field:
		if heals {
			return e.perhaps(app+" heals itself: what Git sets is taken back within seconds, what it leaves out stays.", remedy)
		}
	}
	if heals {
		return e.certainly(5*time.Second, app+" heals itself: "+a.undone()+" is taken back within seconds.", remedy)
	}
	return e.perhaps(app+" does not heal itself: "+a.undone()+" stays until its next sync.", "Change it in Git too.")
}

// tracks reports whether an Application says that it manages o. One that was never synced says nothing.
func tracks(app, o *records.Object) bool {
	e := &Effect{Object: app}
	list, _ := e.read("status", "resources").([]any)
	if list == nil {
		return true
	}
	return slices.ContainsFunc(list, func(v any) bool {
		r, _ := v.(map[string]any)
		group, _ := r["group"].(string)
		namespace, _ := r["namespace"].(string)
		return group == o.Group && r["kind"] == o.Kind && r["name"] == o.Name && (o.Namespace == "" || namespace == o.Namespace)
	})
}

// ignores reports whether an Application leaves a pointer of o alone.
func ignores(e *Effect, o *records.Object, pointer string) bool {
	list, _ := e.read("spec", "ignoreDifferences").([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		rule, _ := v.(map[string]any)
		is := func(key, value string) bool {
			s, told := rule[key].(string)
			return !told || s == "" || s == "*" || s == value
		}
		pointers, _ := rule["jsonPointers"].([]any)
		group, _ := rule["group"].(string)
		return (group == o.Group || group == "*") && is("kind", o.Kind) && is("name", o.Name) && is("namespace", o.Namespace) && slices.Contains(pointers, any(pointer))
	})
}

const fluxKeeps = "flux-client-side-apply"

// byFlux: a Kustomization applies on the server, and takes back what Git sets and what some managers wrote; a HelmRelease
// looks only when it detects drift.
func byFlux(a *asked, e *Effect) error {
	if err := a.controlling(e, nil); err != nil {
		return err
	}
	if strings.HasPrefix(e.Kind.Resource, "helm") {
		return byHelmRelease(a, e)
	}
	const domain = "kustomize.toolkit.fluxcd.io/"
	if ssa := a.o.Annotations[domain+"ssa"]; a.o.Annotations[domain+"reconcile"] == "disabled" || strings.EqualFold(ssa, "Ignore") || strings.EqualFold(ssa, "IfNotPresent") {
		return nil
	}
	e.Manager = fluxKeeps
	kustomization := e.named("Kustomization")
	if e.truth("spec", "suspend") {
		if a.part == stamp || a.part == metadata {
			return nil
		}
		return e.perhaps(kustomization+" is suspended: "+a.undone()+" stays until it is resumed.", "Change it in Git before.")
	}
	after, _ := time.ParseDuration(e.word("spec", "interval"))
	when := within(after)
	if e.Default = e.Object == nil; e.Default {
		when = "at its next run, by default"
	}
	remedy := "Change it in Git, or suspend the Kustomization."
	if e.Object != nil {
		remedy = "Change it in Git, or suspend " + e.Object.Ref.String() + "."
	}
	switch {
	case a.part == stamp, a.part == metadata, a.part == replicas && a.freeReplicas():
		return nil
	case a.part == field:
		return e.perhaps(kustomization+" takes back "+when+" what Git sets; what Git leaves out stays.", remedy)
	}
	return e.certainly(after, kustomization+" takes back "+a.undone()+" "+when+".", remedy)
}

func byHelmRelease(a *asked, e *Effect) error {
	if a.part == stamp || a.part == metadata {
		return nil
	}
	release := e.named("HelmRelease")
	detects := e.word("spec", "driftDetection", "mode")
	off := a.o.Annotations["helm.toolkit.fluxcd.io/driftDetection"] == "disabled"
	switch {
	case e.Object == nil:
		e.Default = true
		return e.perhaps(release+" manages it, and is not in any cluster of the hub: by default "+a.undone()+" stays until its next upgrade.", "Change its values too.")
	case detects == "enabled" && !off && !e.truth("spec", "suspend"):
		if a.part == field || a.part == replicas && a.freeReplicas() {
			return e.perhaps(release+" corrects drift: what its chart sets is taken back.", "Change its values.")
		}
		after, _ := time.ParseDuration(e.word("spec", "interval"))
		return e.certainly(after, release+" corrects drift: "+a.undone()+" is taken back "+within(after)+".",
			"Change its values, suspend "+e.Object.Ref.String()+", or ignore the path in its driftDetection.")
	}
	return e.perhaps(release+" does not correct drift: "+a.undone()+" stays until its next upgrade.", "Change its values too.")
}

// byHelm: nothing runs that would revert; the next upgrade does.
func byHelm(a *asked, e *Effect) error {
	if a.part == stamp || a.part == metadata {
		return nil
	}
	return e.perhaps(fmt.Sprintf("The next upgrade of the %s overwrites what its chart sets.", e.named("release")), "Change its values too.")
}

func byTerraform(a *asked, e *Effect) error {
	if a.part == stamp {
		return nil
	}
	return e.perhaps("Terraform wrote it: the next apply takes back "+a.undone()+".", "Change its configuration too.")
}

// byKubectl warns nobody who acts: people expect as much of their own apply.
func byKubectl(a *asked, e *Effect) error {
	if a.part != anything {
		return nil
	}
	return e.perhaps("The next kubectl apply writes what its manifest sets.", "")
}

// byFleet: drift is only shown, unless it is to be corrected.
func byFleet(a *asked, e *Effect) error {
	if err := a.controlling(e, nil); err != nil || a.part == metadata {
		return err
	}
	bundle := e.named("bundle")
	switch {
	case e.Object == nil:
		e.Default = true
		return e.perhaps(bundle+" manages it, and is not in any cluster of the hub: by default "+a.undone()+" stays, shown as modified, until its next deployment.", "Change it in Git too.")
	case e.truth("spec", "correctDrift", "enabled") && !e.truth("spec", "paused"):
		return e.certainly(0, bundle+" corrects drift: "+a.undone()+" is taken back soon.", "Change it in Git, or switch off correctDrift of the bundle.")
	case a.part == stamp:
		return nil
	}
	return e.perhaps(bundle+" does not correct drift: "+a.undone()+" stays, shown as modified, until its next deployment.", "Change it in Git too.")
}

func byConfigSync(a *asked, e *Effect) error {
	if a.part == metadata || a.part == stamp {
		return nil
	}
	e.Default = true
	return e.perhaps("Config Sync keeps what its source sets: "+a.undone()+" is taken back soon.", "Change it at the source.")
}
