// Package executor carries out the hub's typed commands on one member: it reads, and writes what they name.
//
// Invariant: nothing leaves it that was not redacted; a command that writes is sent to the API server at most once, names the object's UID and version,
// and is refused by the collector's own policy before the API server sees it.
package executor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// FieldManager owns the fields that Foretop sets.
const FieldManager = "foretop"

// Config of an Executor; REST is required.
type Config struct {
	REST       *rest.Config
	Policy     Policy
	Live       Live
	Redact     redact.Config
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // nil is time.Now
}

// Executor answers commands. It is safe for concurrent use.
type Executor struct {
	client   dynamic.Interface
	host     string
	policy   Policy
	live     Live
	fetcher  *fetcher
	redactor *redact.Redactor
	log      *slog.Logger
	commands *prometheus.CounterVec
	now      func() time.Time
	answers  answers
}

// New returns an Executor.
func New(cfg Config) (*Executor, error) {
	if cfg.REST == nil {
		return nil, errors.New("an executor needs a cluster")
	}
	if err := cfg.Policy.Check(); err != nil {
		return nil, err
	}
	if err := cfg.Live.Check(); err != nil {
		return nil, err
	}
	rc := rest.CopyConfig(cfg.REST)
	rc.QPS, rc.Burst = 100, 200 // a thousand targets are a few requests each
	rc.UserAgent = "foretop-executor"
	rc.Wrap(func(next http.RoundTripper) http.RoundTripper { return unhurried{next} })
	rc.WarningHandler = nil
	rc.WarningHandlerWithContext = warningsOf{}
	client, err := dynamic.NewForConfig(rc)
	if err != nil {
		return nil, fmt.Errorf("connect executor: %w", err)
	}
	fetcher, err := newFetcher(rc)
	if err != nil {
		return nil, err
	}
	e := &Executor{client: client, host: rc.Host, policy: cfg.Policy, live: cfg.Live, fetcher: fetcher, redactor: redact.New(cfg.Redact), log: cfg.Log, now: cfg.Now}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	e.commands = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "foretop_collector_commands_total", Help: "Commands answered, by verb and code.",
	}, []string{"verb", "code"})
	if cfg.Registerer != nil {
		err := cfg.Registerer.Register(e.commands)
		var already prometheus.AlreadyRegisteredError
		if errors.As(err, &already) {
			e.commands = already.ExistingCollector.(*prometheus.CounterVec)
		} else if err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return e, nil
}

// An API server that takes longer for one command is not answering.
const commandTimeout = 30 * time.Second

// Execute carries out c and always answers.
func (e *Executor) Execute(ctx context.Context, c *ingestpb.Command) (res *ingestpb.CommandResult) {
	verb := verbOf(c)
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("command panicked", "command_id", c.GetId(), "verb", verb, "panic", fmt.Sprint(p))
			res = answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector could not carry out the command; whether anything was written is unknown.")
		}
		res.CommandId = c.GetId()
		e.commands.WithLabelValues(verb, res.Code.String()).Inc()
		if verb != "read" {
			e.log.Info("command answered", "command_id", c.GetId(), "action_id", c.GetActionId(), "user", c.GetUser(), "verb", verb,
				"namespace", c.GetTarget().GetNamespace(), "resource", c.GetTarget().GetResource(), "name", c.GetTarget().GetName(),
				"dry_run", c.GetDryRun(), "code", res.Code.String())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	switch {
	case verb == "":
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names no verb that this collector knows. Update the collector.")
	case c.GetId() == "" || c.GetTarget().GetResource() == "" || c.GetTarget().GetName() == "" || c.GetTarget().GetVersion() == "":
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command has no id or no full target.")
	case verb == "read" || c.DryRun:
		res, _ := e.execute(ctx, c)
		return res
	}
	return e.answers.once(ctx, c.Id, func() (*ingestpb.CommandResult, bool) { return e.execute(ctx, c) })
}

// verbOf is the name by which policies allow c, "" when there is none.
func verbOf(c *ingestpb.Command) string {
	switch c.GetVerb().(type) {
	case *ingestpb.Command_Read:
		return "read"
	case *ingestpb.Command_Restart:
		return "restart"
	case *ingestpb.Command_Scale:
		return "scale"
	case *ingestpb.Command_Autoscale:
		return "autoscale"
	case *ingestpb.Command_Image:
		return "image"
	case *ingestpb.Command_Env:
		return "env"
	case *ingestpb.Command_Resources:
		return "resources"
	case *ingestpb.Command_Restore:
		return "restore"
	case *ingestpb.Command_Suspend:
		return "suspend"
	case *ingestpb.Command_Metadata:
		return "metadata"
	case *ingestpb.Command_Rollback:
		return "rollback"
	case *ingestpb.Command_Evict:
		return "evict"
	case *ingestpb.Command_Delete:
		return "delete"
	case *ingestpb.Command_CreateJob:
		return "create"
	case *ingestpb.Command_Apply:
		return "apply"
	default: // a fetch is not executed
		return ""
	}
}

// execute reports whether the API server was asked to write.
func (e *Executor) execute(ctx context.Context, c *ingestpb.Command) (_ *ingestpb.CommandResult, asked bool) {
	if c.NotAfterMs != 0 && e.now().UnixMilli() > c.NotAfterMs {
		return answer(ingestpb.CommandResult_CODE_EXPIRED, "The command came too late and was not carried out."), false
	}
	verb := verbOf(c)
	if verb != "read" {
		if why := e.policy.refuses(verb, c.Target); why != "" {
			return answer(ingestpb.CommandResult_CODE_FORBIDDEN, why), false
		}
	}
	ctx, warnings := withWarnings(ctx)
	t := target{Executor: e, ref: c.Target}
	res, asked := t.carryOut(ctx, c)
	for _, w := range warnings.texts() {
		res.Warnings = append(res.Warnings, e.redactor.Text(w))
	}
	return res, asked
}

func (t target) carryOut(ctx context.Context, c *ingestpb.Command) (res *ingestpb.CommandResult, asked bool) {
	if v := c.GetApply(); v != nil { // what it makes need not be there
		return t.apply(ctx, c, v)
	}
	live, err := t.read(ctx)
	if err != nil {
		return t.failed("read", t, err, false), false
	}
	if res := conflict(c, live); res != nil {
		return res, false
	}
	switch v := c.Verb.(type) {
	case *ingestpb.Command_Read:
		return t.look(ctx, live), false
	case *ingestpb.Command_Restart:
		if v.Restart.RestartedAt == "" {
			return answer(ingestpb.CommandResult_CODE_INVALID, "The restart names no time to note down."), false
		}
		return t.restart(ctx, c, live, v.Restart.RestartedAt)
	case *ingestpb.Command_Restore:
		return t.restore(ctx, c, live, v.Restore.Patch)
	case *ingestpb.Command_Scale:
		return t.scale(ctx, c, live, v.Scale)
	case *ingestpb.Command_Autoscale:
		return t.autoscale(ctx, c, live, v.Autoscale)
	case *ingestpb.Command_Image:
		return t.image(ctx, c, live, v.Image)
	case *ingestpb.Command_Env:
		return t.env(ctx, c, live, v.Env)
	case *ingestpb.Command_Resources:
		return t.resources(ctx, c, live, v.Resources)
	case *ingestpb.Command_Rollback:
		return t.rollback(ctx, c, live, v.Rollback.Revision)
	case *ingestpb.Command_Suspend:
		return t.suspend(ctx, c, live, v.Suspend.Suspended)
	case *ingestpb.Command_Metadata:
		return t.metadata(ctx, c, live, v.Metadata)
	case *ingestpb.Command_Evict:
		return t.evict(ctx, c, live, v.Evict)
	case *ingestpb.Command_Delete:
		return t.delete(ctx, c, live, v.Delete)
	case *ingestpb.Command_CreateJob:
		return t.createJob(ctx, c, live, v.CreateJob.Name)
	}
	return answer(ingestpb.CommandResult_CODE_INVALID, "The command names no verb that this collector knows. Update the collector."), false
}

// target is the object of one command.
type target struct {
	*Executor
	ref *ingestpb.ObjectRef
}

func (t target) String() string {
	name := t.kind() + " " + t.ref.Name
	if t.ref.Namespace != "" {
		name += " in namespace " + t.ref.Namespace
	}
	return name
}

// kind is RESOURCE.GROUP of the target.
func (t target) kind() string {
	return schema.GroupResource{Group: t.ref.Group, Resource: t.ref.Resource}.String()
}

func (t target) client() dynamic.ResourceInterface {
	r := t.Executor.client.Resource(schema.GroupVersionResource{Group: t.ref.Group, Version: t.ref.Version, Resource: t.ref.Resource})
	if t.ref.Namespace == "" {
		return r
	}
	return r.Namespace(t.ref.Namespace)
}

func (t target) read(ctx context.Context) (*unstructured.Unstructured, error) {
	return t.client().Get(ctx, t.ref.Name, metav1.GetOptions{})
}

// look answers a read.
func (t target) look(ctx context.Context, live *unstructured.Unstructured) *ingestpb.CommandResult {
	w := progress(live)
	if w != nil {
		if hpa, err := t.autoscaler(ctx, live); err == nil && hpa != nil {
			hpa.fill(w)
		}
	}
	return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK, Before: t.json(live), Workload: w}
}

// json redacts a copy: callers go on with theirs.
func (t target) json(o *unstructured.Unstructured) []byte {
	return t.redactor.Object(o.DeepCopy().Object).JSON
}

// conflict says what of the precondition does not hold.
func conflict(c *ingestpb.Command, live *unstructured.Unstructured) *ingestpb.CommandResult {
	p := c.GetPrecondition()
	switch {
	case p.GetUid() != "" && p.GetUid() != string(live.GetUID()):
		return answer(ingestpb.CommandResult_CODE_CONFLICT, fmt.Sprintf("%s was deleted and created again since this was planned. Plan again.", live.GetName()))
	case p.GetResourceVersion() != "" && p.GetResourceVersion() != live.GetResourceVersion():
		return answer(ingestpb.CommandResult_CODE_CONFLICT, fmt.Sprintf("%s changed since this was planned%s. Plan again.", live.GetName(), lastWriter(live)))
	}
	return nil
}

// lastWriter names who wrote last, as far as the object knows.
func lastWriter(o *unstructured.Unstructured) string {
	var last *metav1.ManagedFieldsEntry
	for _, m := range o.GetManagedFields() {
		if m.Time != nil && (last == nil || m.Time.After(last.Time.Time)) {
			last = &m
		}
	}
	if last == nil {
		return ""
	}
	what := ""
	if last.Subresource != "" {
		what = " (its " + last.Subresource + ")"
	}
	return fmt.Sprintf(", last by %s%s at %s", last.Manager, what, last.Time.UTC().Format(time.RFC3339))
}

func answer(code ingestpb.CommandResult_Code, message string) *ingestpb.CommandResult {
	return &ingestpb.CommandResult{Code: code, Message: message}
}

func isNotFound(err error) bool { return apierrors.IsNotFound(err) }
