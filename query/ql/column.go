package ql

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	human "k8s.io/apimachinery/pkg/util/duration"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// Column is what a field is of each object, for tables and files.
type Column struct {
	Name   string // as it was asked for
	Object bool   // Value looks into Object.JSON or Annotations
	value  func(*records.Version) any
}

// Value is nil where v has nothing, else a string, int64, bool, time.Time, json.RawMessage, or many: []string,
// map[string]string, []any.
func (c *Column) Value(v *records.Version) any { return c.value(v) }

// Text is Value as one text: many are joined by commas, a map is k=v, times are RFC 3339 in UTC.
func (c *Column) Text(v *records.Version) string { return ColumnText(c.value(v)) }

// ColumnText is Text of a value of Column.Value.
func ColumnText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case []string:
		return strings.Join(v, ",")
	case map[string]string:
		list := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			list = append(list, k+"="+v[k])
		}
		return strings.Join(list, ",")
	case []any:
		list := make([]string, len(v))
		for i, x := range v {
			list[i] = ColumnText(x)
		}
		return strings.Join(list, ",")
	case json.RawMessage:
		return string(v)
	}
	if s, ok := scalar(v); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // what JSON was read as can be written
	}
	return string(raw)
}

// beside are columns that are no fields of the language.
var beside = map[string]func(*records.Version) any{
	"ref":             func(v *records.Version) any { return v.Ref.String() },
	"group":           func(v *records.Version) any { return word(v.Group) },
	"version":         func(v *records.Version) any { return word(v.Version) },
	"resource":        func(v *records.Version) any { return word(v.Ref.Resource) },
	"resourceversion": func(v *records.Version) any { return word(v.ResourceVersion) },
	"generation":      func(v *records.Version) any { return v.Generation },
	"object": func(v *records.Version) any {
		if len(v.JSON) == 0 {
			return nil
		}
		return json.RawMessage(v.JSON)
	},
}

var besideChanges = map[string]func(*records.Version) any{
	"summary": func(v *records.Version) any { return word(v.Sentence) },
}

// ReadColumn reads the name of a column of objects or changes: a field or alias, label.KEY, a path, or one of ref,
// group, version, resource, resourceversion, generation, object, and summary of changes.
func ReadColumn(name string, o Options) (*Column, error) {
	c := &Column{Name: name}
	low := strings.ToLower(name)
	if c.value = beside[low]; c.value == nil && o.Page == Changes {
		c.value = besideChanges[low]
	}
	if c.value != nil {
		c.Object = low == "object"
		return c, nil
	}
	unknown := &access.Error{Code: CodeUnknownField, Message: "There is no column " + quote(name) + ".", Fix: "Use fields of the query language, label.KEY, paths such as .spec.replicas, ref or object."}
	p := &parser{text: name, opts: o}
	if end, err := p.pathEnd(0); err != nil || end > 0 {
		if err == nil && end < len(name) {
			err = unknown
		}
		if err != nil {
			return nil, err
		}
		f, err := p.path(0, end)
		if err != nil {
			return nil, err
		}
		c.Object = true
		c.value = func(v *records.Version) any { return oneOrMany(valuesAt(v.JSON, f.steps)) }
		return c, nil
	}
	base, key, keyed := split(name)
	c.Object = base == "annotation" // rows do without them as well
	f := lookup(base, o.Page)
	if f == nil || !f.on(o.Page) || keyed && (key == "" || f.typ != typMap && f.typ != typCluster) {
		return nil, unknown
	}
	if c.value = f.valueOf(key, o); c.value == nil {
		return nil, &access.Error{Code: CodeUnsupported, Message: quote(name) + " is not a column: it is not one thing of each object.", Fix: "Leave it out."}
	}
	return c, nil
}

func oneOrMany(found []any) any {
	switch len(found) {
	case 0:
		return nil
	case 1:
		return found[0]
	}
	return found
}

// valueOf is nil for a field that has no value of its own.
func (f *field) valueOf(key string, o Options) func(*records.Version) any {
	switch f.typ {
	case typCluster:
		if key == "" {
			return func(v *records.Version) any { return v.Ref.Cluster }
		}
		labels := map[string]string{}
		for _, c := range o.Clusters {
			labels[c.Name] = c.Labels[key]
		}
		return func(v *records.Version) any { return word(labels[v.Ref.Cluster]) }
	case typKind:
		return func(v *records.Version) any { return v.Kind }
	case typWord, typHealth:
		return func(v *records.Version) any { return word(wordOf(f.name, v)) }
	case typStatus:
		return func(v *records.Version) any { return word(v.Status) }
	case typReady:
		return func(v *records.Version) any {
			if v.Ready == "" {
				return nil
			}
			return v.Ready == "true"
		}
	case typMap:
		return func(v *records.Version) any {
			m := mapOf(f.name, v)
			if key == "" {
				return m
			}
			if s, ok := m[key]; ok {
				return s
			}
			return nil
		}
	case typImage:
		return func(v *records.Version) any { return words(v.Images) }
	case typPart:
		return func(v *records.Version) any {
			var parts []string
			for _, image := range v.Images {
				if s := parseImage(image).part(f.name); s != "" && !slices.Contains(parts, s) {
					parts = append(parts, s)
				}
			}
			return words(parts)
		}
	case typOwner:
		return func(v *records.Version) any { return words(v.OwnerRefs) }
	case typWords:
		return func(v *records.Version) any { return words(wordsOf(f.name, v)) }
	case typUses:
		return func(v *records.Version) any { return words(v.Uses) }
	case typManager:
		return func(v *records.Version) any { return words(v.ManagedBy) }
	case typIP:
		return func(v *records.Version) any { return words(v.IPs) }
	case typPlace: // of Nodes that are not at hand, the cluster's own place
		x := &Filter{def: f, homes: f.place.homesOf(o.Clusters)}
		return func(v *records.Version) any { return word(x.placeOf(&v.Object, Others{})) }
	case typTrait:
		return func(v *records.Version) any { return slices.Contains(v.Traits, traitOf(f, nil)) }
	case typPath:
		return func(v *records.Version) any { return words(v.ChangedPaths) }
	case typNumber:
		return func(v *records.Version) any {
			if n := numberOf(f.name, v); n >= 0 {
				return n
			}
			return nil
		}
	case typBool:
		return func(v *records.Version) any { return v.Meaningful }
	case typOp:
		return func(v *records.Version) any { return changeType(v.Op) }
	case typAge:
		return func(v *records.Version) any {
			if v.CreatedAt.IsZero() {
				return nil
			}
			return human.HumanDuration(max(0, time.Since(v.CreatedAt)))
		}
	case typTime:
		return func(v *records.Version) any {
			if t := timeOf(f.name, v); t.After(epoch) {
				return t.UTC().Truncate(time.Millisecond)
			}
			return nil
		}
	default:
		return nil
	}
}

func timeOf(field string, v *records.Version) time.Time {
	switch field {
	case "created":
		return v.CreatedAt
	case "changed":
		return v.ChangedAt
	case "seen":
		return v.ObservedAt
	case "deleted":
		return v.DeletedAt
	default:
		panic("ql: no time for field " + field)
	}
}

func word(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func words(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
