package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MetadataOf is an object's metadata as it is written.
func MetadataOf(object string) (string, error) {
	rest, err := valueOf(object, "metadata")
	if err == nil && !strings.HasPrefix(rest, "{") {
		err = fmt.Errorf("an object without metadata")
	}
	r := reader{text: rest}
	if err == nil {
		err = r.skip()
	}
	if err != nil {
		return "", fmt.Errorf("read metadata: %w", err)
	}
	return rest[:r.at], nil
}

// Rename is an object with another name; all else stays as it is written.
func Rename(object, name string) ([]byte, error) {
	rest, err := valueOf(object, "metadata")
	if err == nil && strings.HasPrefix(rest, "{") {
		rest, err = valueOf(rest, "name")
	}
	if err == nil && !strings.HasPrefix(rest, `"`) {
		err = fmt.Errorf("an object without a name")
	}
	r := reader{text: rest}
	if err == nil {
		err = r.skip()
	}
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	written, err := json.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("write name %s: %w", name, err)
	}
	at := len(object) - len(rest)
	return slices.Concat([]byte(object[:at]), written, []byte(rest[r.at:])), nil
}

// Annotate is an object with more annotations. What is there already stays as it is written, byte for byte, unless it has
// one of these annotations.
func Annotate(object string, more map[string]string) ([]byte, error) {
	metadata, err := MetadataOf(object)
	if err != nil {
		return nil, err
	}
	var written bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(more)) {
		key, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("write annotation %s: %w", k, err)
		}
		value, err := json.Marshal(more[k])
		if err != nil {
			return nil, fmt.Errorf("write annotation %s: %w", k, err)
		}
		written.WriteString("," + string(key) + ":" + string(value))
	}
	insert := written.Bytes()[1:]
	from := metadata
	known, err := valueOf(metadata, "annotations")
	switch {
	case err != nil:
		return nil, fmt.Errorf("read metadata: %w", err)
	case known == "":
		insert = []byte(`"annotations":{` + string(insert) + `}`)
	case known[0] != '{' || contains(known, more):
		return annotateAnew(object, more)
	default:
		from = known
	}
	whole, _ := valueOf(object, "metadata")
	at := len(object) - len(whole) + len(metadata) - len(from) + 1 // behind the brace
	out := make([]byte, 0, len(object)+len(insert)+1)
	out = append(append(out, object[:at]...), insert...)
	if !strings.HasPrefix(strings.TrimLeft(object[at:], " \t\r\n"), "}") {
		out = append(out, ',')
	}
	return append(out, object[at:]...), nil
}

// contains reports whether annotations, from their text on, may have one of these.
func contains(annotations string, more map[string]string) bool {
	for k := range more {
		if strings.Contains(annotations, k) {
			return true
		}
	}
	return strings.Contains(annotations, `\u`) // which may be any character of a key
}

// annotateAnew writes the whole object.
func annotateAnew(object string, more map[string]string) ([]byte, error) {
	o := map[string]any{}
	read := json.NewDecoder(strings.NewReader(object))
	read.UseNumber()
	if err := read.Decode(&o); err != nil {
		return nil, fmt.Errorf("read an object: %w", err)
	}
	metadata := o["metadata"].(map[string]any) // MetadataOf has looked
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	for k, v := range more {
		annotations[k] = v
	}
	return json.Marshal(o)
}
