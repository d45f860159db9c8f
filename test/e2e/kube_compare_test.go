package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// reader is a kubectl of some version, which reads a member itself and through the hub.
type reader struct{ version, path, cache string }

// readers are the kubectl of the clusters' own version and Debian's of years ago.
func readers(t *testing.T) []reader {
	t.Helper()
	old := filepath.Join(clientsDir(t), "kubectl-1.20-"+runtime.GOARCH)
	list := []reader{{"1.36", stand.Fleet.KubectlPath(), t.TempDir()}, {"1.20", old, t.TempDir()}}
	for _, r := range list {
		if _, err := os.Stat(r.path); err != nil {
			t.Fatalf("kubectl %s is missing: run make clients: %v", r.version, err)
		}
	}
	return list
}

func clientsDir(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "foretop", "clients")
}

// memberItself, memberThrough and fleetThrough are whom a kubectl is to ask.
func memberItself(cluster string) []string {
	return []string{"--kubeconfig", stand.Fleet.Kubeconfig(), "--context", cluster}
}

func memberThrough(cluster string) []string { return hubFlags("/kube/clusters/" + cluster) }
func fleetThrough() []string                { return hubFlags("/kube") }

func hubFlags(path string) []string {
	return []string{"--kubeconfig", os.DevNull, "--server", strings.Replace(stand.URL(), "http://", "https://", 1) + path, "--token", stand.Token(), "--insecure-skip-tls-verify"}
}

// ask answers what kubectl prints, and what it says beside it once it ends.
func (r reader) ask(ctx context.Context, whom []string, args ...string) (out, said string, err error) {
	cmd := exec.CommandContext(ctx, r.path, slices.Concat([]string{"--cache-dir", r.cache}, whom, args)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("kubectl %s: %w: %s", r.version, err, stderr.String())
	}
	return stdout.String(), stderr.String(), err
}

// comparison is a way to ask for kinds that has to answer the same at a member and through the hub.
type comparison struct {
	args  string              // {kinds} stands for kinds, by comma
	read  func(string) string // what of an answer is compared; squeezed when nil
	fails bool                // the member refuses it
	may   bool                // or it may, as a kubectl that does not know of a kind
}

// same holds once the answers about kinds are equal: what moves is asked for until both show one moment.
func (c comparison) same(t *testing.T, r reader, cluster string, kinds []string) {
	t.Helper()
	ask := func(ctx context.Context) error {
		return c.once(ctx, r, cluster, kinds)
	}
	first := ask(t.Context())
	switch {
	case first == nil:
	case len(kinds) > 1: // those that are equal need not be asked again
		c.same(t, r, cluster, kinds[:len(kinds)/2])
		c.same(t, r, cluster, kinds[len(kinds)/2:])
	default:
		if err := until(t, ask); err != nil {
			t.Errorf("kubectl %s %s: %v", r.version, c.line(kinds), err)
		}
	}
}

func (c comparison) line(kinds []string) string {
	return strings.ReplaceAll(c.args, "{kinds}", strings.Join(kinds, ","))
}

func (c comparison) once(ctx context.Context, r reader, cluster string, kinds []string) error {
	args := strings.Fields(c.line(kinds))
	want, wantSaid, wantErr := r.ask(ctx, memberItself(cluster), args...)
	got, gotSaid, gotErr := r.ask(ctx, memberThrough(cluster), args...)
	read := c.read
	if read == nil {
		read = squeezed
	}
	switch {
	case (wantErr != nil) != c.fails && !c.may || ctx.Err() != nil:
		return fmt.Errorf("at the member: %v", wantErr)
	case (wantErr == nil) != (gotErr == nil):
		return fmt.Errorf("through the hub: %v; at the member: %v", gotErr, wantErr)
	case wantErr != nil && !equalSaid(gotSaid, wantSaid):
		return fmt.Errorf("through the hub it fails with %s, at the member with %s", gotSaid, wantSaid)
	case wantErr == nil && read(got) != read(want):
		return errors.New(lineDiff(read(got), read(want)))
	case wantErr == nil && got == "" && !equalSaid(gotSaid, wantSaid):
		return fmt.Errorf("through the hub it says %q, at the member %q", gotSaid, wantSaid)
	}
	return nil
}

func equalSaid(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

// untilLimit is how long both may differ while things move, on a machine with much else to do.
const untilLimit = 90 * time.Second

// until repeats try until it answers nil or its time is over; then it answers the last error that was not for want of time.
func until(t *testing.T, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(t.Context(), untilLimit)
	defer cancel()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ages are the only thing in a table that moves on its own.
var ages = regexp.MustCompile(`\b(\d+[dhmsy])+\b`)

var blanks = regexp.MustCompile(`[ \t]+`)

// squeezed is a table without its ages, and without the widths of columns, which follow them.
func squeezed(s string) string {
	lines := strings.Split(blanks.ReplaceAllString(ages.ReplaceAllString(s, "AGE"), " "), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// lineDiff names the first lines that only one of both has.
func lineDiff(got, want string) string {
	count := map[string]int{}
	for line := range strings.SplitSeq(want, "\n") {
		count[line]++
	}
	var lines []string
	for line := range strings.SplitSeq(got, "\n") {
		if count[line]--; count[line] < 0 {
			lines = append(lines, "hub:    "+line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(count)) {
		if count[line] > 0 {
			lines = append(lines, "member: "+line)
		}
	}
	if len(lines) == 0 {
		return "the same lines in another order:\n" + got + "\nat the member:\n" + want
	}
	if len(lines) > 30 {
		lines = append(lines[:30], fmt.Sprintf("and %d more", len(lines)-30))
	}
	return strings.Join(lines, "\n")
}

// listed are the kinds that a member lists.
func listed(t *testing.T, r reader, cluster string) []string {
	t.Helper()
	out, _, err := r.ask(t.Context(), memberItself(cluster), "api-resources", "--verbs=list", "-o", "name")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, kind := range strings.Fields(out) {
		if notKept[kind] == "" {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) < 50 {
		t.Errorf("%d kinds are compared, the fleet has more: %v", len(kinds), kinds)
	}
	return kinds
}

// stored are those of kinds that the hub holds; others are read of the members.
func stored(kinds []string) []string {
	return slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return leftOut[kind] != "" })
}

// notKept are kinds that no store can answer, and why.
var notKept = map[string]string{
	"componentstatuses": "an API server makes them up when it is asked, in any order",
}

// comparisons are compared over all kinds of a member, with each kubectl.
var comparisons = []comparison{
	{args: "get {kinds} -A"},
	{args: "get {kinds} -n shop"},
	{args: "get {kinds} -n no-such"},
	{args: "get {kinds} -A -o wide"},
	{args: "get {kinds} -A --show-labels"},
	{args: "get {kinds} -A -L app,kubernetes.io/metadata.name"},
	{args: "get {kinds} -A --no-headers"},
	{args: "get {kinds} -A --show-kind"},
	{args: "get {kinds} -A --chunk-size=2"},
	{args: "get {kinds} -A --chunk-size=0"},
	{args: "get {kinds} -A -o name", read: asPrinted},
	{args: "get {kinds} -A -o json", read: objectsOf},
	{args: "get {kinds} -A -o yaml", read: objectsOf},
	{args: "get {kinds} -n shop -o yaml --chunk-size=3", read: objectsOf},
	{args: "get {kinds} -A -o jsonpath={range.items[*]}{.kind}{.metadata.namespace}/{.metadata.name}={.metadata.uid}/{.metadata.labels}{\"\\n\"}{end}", read: asPrinted},
	{args: "get {kinds} -A -o custom-columns=KIND:.kind,NAME:.metadata.name,RV:.metadata.resourceVersion,OWNER:.metadata.ownerReferences[*].name", read: asPrinted},
	{args: "get {kinds} -A -o go-template={{range.items}}{{.metadata.name}}:{{.metadata.generation}};{{end}}", read: asPrinted},
	{args: "get {kinds} -A --sort-by=.metadata.creationTimestamp"},
	{args: "get {kinds} -A --sort-by=.metadata.name -o wide"},
	{args: "get {kinds} -A --sort-by={.metadata.uid} -o name", read: asPrinted},
	{args: "get {kinds} -A -l app=app1"},
	{args: "get {kinds} -A -l app!=app1,app -o wide"},
	{args: "get {kinds} -A -l app -l tier"},
	{args: "get {kinds} -A -l app=no-such"},
	{args: "get {kinds} -A -l !app -o name", read: asPrinted},
	{args: "get {kinds} -A -l kubernetes.io/metadata.name"},
	{args: "get {kinds} -A --field-selector metadata.name=default"},
	{args: "get {kinds} -n shop --field-selector metadata.name!=app1"},
}

// ofAll are asked once, about all kinds.
var ofAll = []comparison{
	{args: "api-resources", read: sortedLines},
	{args: "api-resources -o wide", read: sortedLines},
	{args: "api-resources -o name", read: sortedLines},
	{args: "api-resources --namespaced=false --verbs=list,watch", read: sortedLines},
	{args: "api-resources --api-group=apps --no-headers --sort-by=kind"},
	{args: "api-versions", read: asPrinted},
	{args: "explain pods.spec.containers", read: asPrinted},
	{args: "explain deployments --recursive", read: asPrinted},
}

// sortedLines compares lines in whatever order: kubectl 1.20 takes those of a group as they come.
func sortedLines(s string) string {
	lines := strings.Split(squeezed(s), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// asPrinted compares every character.
func asPrinted(s string) string { return s }

func TestKubectlPrintsOfAMemberWhatTheMemberPrints(t *testing.T) {
	for _, r := range readers(t) {
		t.Run(r.version, func(t *testing.T) {
			kinds := listed(t, r, "zone1")
			t.Run("kind by kind", func(t *testing.T) { // as most people ask
				for _, kind := range kinds {
					comparison{args: "get {kinds} -A"}.same(t, r, "zone1", []string{kind})
				}
			})
			for _, c := range comparisons {
				t.Run(c.args, func(t *testing.T) { c.same(t, r, "zone1", kinds) })
			}
			for _, c := range ofAll {
				t.Run(c.args, func(t *testing.T) { c.same(t, r, "zone1", []string{""}) })
			}
		})
	}
}

// oneOfEach are the first objects of kinds, as kubectl takes them.
func oneOfEach(t *testing.T, r reader, cluster string, kinds []string) (all []string) {
	t.Helper()
	for _, kind := range kinds {
		out, _, err := r.ask(t.Context(), memberItself(cluster), "get", kind, "-A", "-o", `jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\n"}{end}`)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(out, "\n")
		if namespace, name, ok := strings.Cut(line, " "); ok {
			all = append(all, kind+"/"+name+" -n "+cmp.Or(namespace, "default"))
		}
	}
	if len(all) < 30 {
		t.Errorf("%d kinds have an object, the fleet has more", len(all))
	}
	return all
}

// One object of each kind by its name, as a table and whole.
func TestKubectlPrintsOneObjectAsTheMemberDoes(t *testing.T) {
	for _, r := range readers(t) {
		t.Run(r.version, func(t *testing.T) {
			kinds := listed(t, r, "zone1")
			for _, one := range oneOfEach(t, r, "zone1", kinds) {
				comparison{args: "get " + one}.same(t, r, "zone1", []string{""})
				comparison{args: "get " + one + " -o yaml", read: objectsOf}.same(t, r, "zone1", []string{""})
			}
			for _, args := range []string{
				"get deploy app1 app2 -n shop", "get deploy,sts,svc -n shop", "get deploy/app1 svc/app1 -n shop -o name", "get all -n shop", "get deploy no-such --ignore-not-found -n shop",
				"get pods -n shop --field-selector spec.nodeName!=", "get pods -n shop --field-selector status.phase=Running", "get pods -n shop --field-selector status.phase!=Running,metadata.namespace=shop",
			} {
				comparison{args: args}.same(t, r, "zone1", []string{""})
			}
			for _, args := range []string{
				"get pod no-such -n shop", "get pods/no-such deploy/app1 -n shop", "get deploy app1 no-such -n shop", "get no-such", "get pods -l a=b=c", "get deploy app1 -l a=b",
			} {
				comparison{args: args, fails: true}.same(t, r, "zone1", []string{""})
			}
		})
	}
}
