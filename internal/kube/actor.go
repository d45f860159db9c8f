package kube

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Manager is one writer of an object, as managedFields tell.
type Manager struct {
	Name, Operation, Subresource string
	Time                         int64 // Unix seconds
	FieldsV1                     []byte
}

// ActorOf names who made a change: the newest manager that owns one of the changed paths, a meaningful one first.
// It is "" when none does, as when a field was removed by somebody who owns nothing else.
func ActorOf(managers []Manager, paths []string) string {
	if len(managers) == 0 || len(paths) == 0 {
		return ""
	}
	if len(managers) == 1 {
		return managers[0].Name
	}
	var meaningful, noise []string
	for _, p := range paths {
		if Noise(p) {
			noise = append(noise, p)
		} else {
			meaningful = append(meaningful, p)
		}
	}
	for _, group := range [...][]string{meaningful, noise} {
		if name := newestOwner(managers, group); name != "" {
			return name
		}
	}
	return ""
}

func newestOwner(managers []Manager, paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	cut := make([][]segment, len(paths))
	for i, p := range paths {
		cut[i] = segments(p)
	}
	spare := spares.Get().(*spare)
	best := -1
	for i, m := range managers {
		if best >= 0 && m.Time <= managers[best].Time {
			continue
		}
		r := reader{text: valid(string(m.FieldsV1)), spare: spare, stack: spare.stack}
		fields, err := r.whole()
		if err == nil && slices.ContainsFunc(cut, func(p []segment) bool { return owns(fields, p) }) {
			best = i
		}
		spare.stack = r.stack[:0]
		spare.giveBack()
	}
	spares.Put(spare) // as in SummarizeText
	if best < 0 {
		return ""
	}
	return managers[best].Name
}

// owns reports whether a fieldsV1 set holds a path, or a field under it.
func owns(fields map[string]any, segs []segment) bool {
	for i, s := range segs {
		if len(fields) == 0 {
			return i > 1 // a leaf above the path: the whole of it is owned, as for atomic lists and maps
		}
		next, ok := fields["f:"+s.name]
		if !ok && s.bracket {
			next, ok = keyed(fields, s.name)
		}
		if !ok {
			return false
		}
		fields, _ = next.(map[string]any)
	}
	return true
}

// keyed finds the list element whose key fields hold value: k:{"name":"app"}, k:{"containerPort":80,"protocol":"TCP"}.
func keyed(fields map[string]any, value string) (any, bool) {
	for k, v := range fields {
		if len(k) < 2 || k[0] != 'k' || k[1] != ':' {
			continue
		}
		d := json.NewDecoder(bytes.NewReader([]byte(k[2:])))
		d.UseNumber()
		var key map[string]any
		if d.Decode(&key) != nil {
			continue
		}
		for _, part := range key {
			switch part := part.(type) {
			case string:
				if part == value {
					return v, true
				}
			case json.Number:
				if part.String() == value {
					return v, true
				}
			}
		}
	}
	return nil, false
}
