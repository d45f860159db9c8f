// Package redact takes secrets out of Kubernetes objects and texts before anything is queued, stored or sent.
//
// Invariant: the bytes it returns hold no Secret data, no value whose name says that it is a credential and no
// text that looks like one; they are the same for equal objects, and redacting them again changes nothing.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/internal/credential"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Mark stands where a value was.
const Mark = credential.Mark

// KeysAnnotation holds the names and byte lengths of what was dropped whole: {"password":12}.
const KeysAnnotation = "foretop.io/redacted-keys"

// FailedAnnotation says that an object could not be redacted and only its identity was kept.
const FailedAnnotation = "foretop.io/redaction"

// ConfigMapMode says how much of a ConfigMap's values is kept.
type ConfigMapMode string

// The modes. Patterns is the default: values stay, what looks like a credential goes.
const (
	Patterns ConfigMapMode = "patterns"
	KeysOnly ConfigMapMode = "keys"
	Full     ConfigMapMode = "full"
)

// Config says what is taken out beyond what always is. Its zero value is the default policy.
type Config struct {
	ConfigMaps ConfigMapMode
	// AllEnv takes out every literal environment value, not only suspicious ones.
	AllEnv bool
	// Names is an additional deny-list: annotations, labels, environment variables and ConfigMap keys whose
	// name matches lose their value.
	Names *regexp.Regexp
	// Fields are additional field names, in any object, whose string value is taken out.
	Fields []string
	// Key keys the digest of what was taken out. Without one the digest is left empty: a plain hash of a
	// short secret can be guessed.
	Key []byte
	// Registerer takes the counters; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Redactor redacts objects and texts. It is safe for concurrent use.
type Redactor struct {
	configMaps ConfigMapMode
	allEnv     bool
	names      *regexp.Regexp
	fields     map[string]bool
	key        []byte
	redactions *prometheus.CounterVec
	failures   prometheus.Counter
}

// New returns a Redactor.
func New(cfg Config) *Redactor {
	r := &Redactor{
		configMaps: cfg.ConfigMaps,
		allEnv:     cfg.AllEnv,
		names:      cfg.Names,
		fields:     map[string]bool{},
		key:        cfg.Key,
		redactions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foretop_collector_redactions_total", Help: "Values taken out of objects and texts, by the rule that did.",
		}, []string{"rule"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "foretop_collector_redaction_failures_total", Help: "Objects of which only the identity was kept because redaction failed.",
		}),
	}
	if r.configMaps == "" {
		r.configMaps = Patterns
	}
	for _, name := range append(slices.Clone(credentialFields), cfg.Fields...) {
		r.fields[plainName(name)] = true
	}
	if cfg.Registerer != nil {
		for _, c := range []prometheus.Collector{r.redactions, r.failures} {
			if err := cfg.Registerer.Register(c); err != nil {
				already := prometheus.AlreadyRegisteredError{}
				if !errors.As(err, &already) {
					panic(err)
				}
				switch c.(type) {
				case *prometheus.CounterVec:
					r.redactions = already.ExistingCollector.(*prometheus.CounterVec)
				default:
					r.failures = already.ExistingCollector.(prometheus.Counter)
				}
			}
		}
	}
	return r
}

// Result is an object without its secrets.
type Result struct {
	JSON     []byte // keys sorted
	Managers []*ingestpb.Manager
	// Digest is keyed and changes when something that was taken out changes; "" when nothing was.
	Digest string
}

// Object redacts object in place and encodes it. The caller must not use object afterwards. It never panics:
// an object that it cannot understand is reduced to its identity.
func (r *Redactor) Object(object map[string]any) (res Result) {
	defer func() {
		if recover() != nil {
			r.failures.Inc()
			res = Result{JSON: AppendJSON(nil, identity(object))}
		}
	}()
	p := pass{Redactor: r}
	managers := takeManagers(object)
	p.object(object)
	return Result{JSON: AppendJSON(nil, object), Managers: managers, Digest: p.digest()}
}

// Text takes what looks like a credential out of free text: messages of events and of API servers.
func (r *Redactor) Text(s string) string {
	return credential.Scrub(s, r.count)
}

func (r *Redactor) count(rule string) { r.redactions.WithLabelValues(rule).Inc() }

// pass is the work on one object.
type pass struct {
	*Redactor
	removed []string // path NUL value, for the digest
}

func (p *pass) remove(rule, path, value string) {
	p.count(rule)
	p.removed = append(p.removed, path+"\x00"+value)
}

func (p *pass) digest() string {
	if len(p.removed) == 0 || len(p.key) == 0 {
		return ""
	}
	slices.Sort(p.removed) // maps are walked in random order
	h := hmac.New(sha256.New, p.key)
	for _, s := range p.removed {
		h.Write(strconv.AppendInt(nil, int64(len(s)), 10))
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (p *pass) object(o map[string]any) {
	apiVersion, _ := o["apiVersion"].(string)
	kind, _ := o["kind"].(string)
	p.metadata(o)
	switch {
	case kind == "Secret":
		p.drop(o, "secret", "data", "stringData")
	case kind == "ConfigMap" && apiVersion == "v1":
		p.configMap(o)
	}
	for _, name := range sortedKeys(o) {
		switch name {
		case "apiVersion", "kind", "metadata":
		case "data":
			if kind == "ConfigMap" && apiVersion == "v1" {
				continue
			}
			o[name] = p.value(name, name, o[name], 0)
		default:
			o[name] = p.value(name, name, o[name], 0)
		}
	}
}

// drop removes whole maps of values and leaves names and lengths in an annotation.
func (p *pass) drop(o map[string]any, rule string, fields ...string) {
	lengths := map[string]any{}
	for _, field := range fields {
		v, found := o[field]
		if !found {
			continue
		}
		delete(o, field)
		values, ok := v.(map[string]any)
		if !ok {
			if v != nil {
				p.remove(rule, field, string(AppendJSON(nil, v)))
			}
			continue
		}
		for k, v := range values {
			s, ok := v.(string)
			if !ok {
				s = string(AppendJSON(nil, v))
			}
			p.remove(rule, field+"/"+k, s)
			n := len(s)
			if field != "stringData" {
				n = decodedLen(s)
			}
			lengths[k] = int64(n)
		}
	}
	if len(lengths) == 0 {
		return
	}
	meta, ok := o["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		o["metadata"] = meta
	}
	annotations, ok := meta["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		meta["annotations"] = annotations
	}
	annotations[KeysAnnotation] = string(AppendJSON(nil, lengths))
}

// decodedLen is the length of what base64 text s holds.
func decodedLen(s string) int {
	n := len(s) / 4 * 3
	if strings.HasSuffix(s, "==") {
		return n - 2
	}
	if strings.HasSuffix(s, "=") {
		return n - 1
	}
	return n
}

// maxConfigValue is how much of one ConfigMap value is kept. Beyond it are bundles, dashboards and scripts that
// nobody searches and that would fill the history.
const maxConfigValue = 32 << 10

func (p *pass) configMap(o map[string]any) {
	p.drop(o, "binary_data", "binaryData")
	data, ok := o["data"].(map[string]any)
	if !ok {
		return
	}
	meta, _ := o["metadata"].(map[string]any)
	labels, _ := meta["labels"].(map[string]any)
	name, _ := meta["name"].(string)
	helm := strings.HasPrefix(name, "sh.helm.release.v1.") || lower(labels["OWNER"]) == "tiller" || lower(labels["owner"]) == "helm"
	for k, v := range data {
		s, ok := v.(string)
		if !ok {
			data[k] = p.value("data/"+k, k, v, 0)
			continue
		}
		path := "data/" + k
		switch {
		case s == Mark || s == "":
		case helm && k == "release":
			p.remove("helm_release", path, s)
			data[k] = Mark
		case p.configMaps == KeysOnly:
			p.remove("config_map", path, s)
			data[k] = Mark
		case p.configMaps == Full:
			data[k] = p.cut(path, s)
		case p.deniedName(k) && !harmless(k, s):
			p.remove("name", path, s)
			data[k] = Mark
		default:
			data[k] = p.cut(path, p.text(path, s))
		}
	}
}

// cut keeps the first 32 KiB of a value. What follows still counts in the digest.
func (p *pass) cut(path, s string) string {
	if len(s) <= maxConfigValue {
		return s
	}
	note := "\n[cut: " + strconv.Itoa(len(s)) + " bytes in all]"
	end := maxConfigValue - len(note)
	for end > 0 && s[end]&0xC0 == 0x80 { // not in the middle of a rune
		end--
	}
	p.remove("cut", path, s)
	return s[:end] + note
}

// text scrubs one string of an object.
func (p *pass) text(path, s string) string {
	out := credential.Scrub(s, p.count)
	if out != s {
		p.removed = append(p.removed, path+"\x00"+s)
	}
	return out
}

// identity is what is kept of an object that redaction does not understand.
func identity(o map[string]any) map[string]any {
	out := map[string]any{}
	for _, k := range []string{"apiVersion", "kind"} {
		if s, ok := o[k].(string); ok {
			out[k] = s
		}
	}
	meta := map[string]any{"annotations": map[string]any{FailedAnnotation: "failed: only the identity was kept"}}
	if m, ok := o["metadata"].(map[string]any); ok {
		for _, k := range []string{"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"} {
			if s, ok := m[k].(string); ok {
				meta[k] = s
			}
		}
	}
	out["metadata"] = meta
	return out
}

// takeManagers takes managedFields out of o and returns the newest few.
func takeManagers(o map[string]any) []*ingestpb.Manager {
	meta, ok := o["metadata"].(map[string]any)
	if !ok {
		return nil
	}
	entries, _ := meta["managedFields"].([]any)
	delete(meta, "managedFields")
	out := make([]*ingestpb.Manager, 0, len(entries))
	fields := make(map[*ingestpb.Manager]any, len(entries))
	for _, e := range entries {
		entry, ok := e.(map[string]any)
		if !ok {
			continue
		}
		m := &ingestpb.Manager{TimeUnix: unixSeconds(entry["time"])}
		m.Name, _ = entry["manager"].(string)
		m.Operation, _ = entry["operation"].(string)
		m.Subresource, _ = entry["subresource"].(string)
		fields[m] = entry["fieldsV1"]
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b *ingestpb.Manager) int {
		switch {
		case a.TimeUnix > b.TimeUnix:
			return -1
		case a.TimeUnix < b.TimeUnix:
			return 1
		}
		return 0
	})
	const keep = 4
	if len(out) > keep {
		out = out[:keep]
	}
	for _, m := range out {
		if f := fields[m]; f != nil {
			m.FieldsV1 = AppendJSON(nil, f)
		}
	}
	return out
}

func lower(v any) string {
	s, _ := v.(string)
	return strings.ToLower(s)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
