package query

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
)

const clusterAnnotation = "foretop.io/cluster"

// write writes the object with its cluster in an annotation. Never a new top-level field: it must stay appliable.
// The annotation is put between the bytes as they are stored, which takes 1 µs where decoding takes 80.
func (o object) write(out *bufio.Writer) error {
	at, text := o.place()
	if at < 0 {
		whole, err := o.markedSlowly()
		if err != nil {
			return err
		}
		_, err = out.Write(whole)
		return err
	}
	for _, part := range [...][]byte{o.json[:at], text, o.json[at:]} {
		if _, err := out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// place is where the annotation goes, and its text; below 0 when the object is not written as objects are.
func (o object) place() (int, []byte) {
	cluster, err := json.Marshal(o.cluster)
	if err != nil {
		return -1, nil
	}
	text := append([]byte(`"`+clusterAnnotation+`":`), cluster...)
	metadata := member(o.json, 0, "metadata")
	if metadata < 0 || o.json[metadata] != '{' {
		return -1, nil
	}
	into := member(o.json, metadata, "annotations")
	switch {
	case into < 0:
		into = metadata
		text = append(append([]byte(`"annotations":{`), text...), '}')
	case o.json[into] != '{' || member(o.json, into, clusterAnnotation) >= 0:
		return -1, nil
	}
	next := space(o.json, into+1)
	if next >= len(o.json) {
		return -1, nil
	}
	if o.json[next] != '}' {
		text = append(text, ',')
	}
	return into + 1, text
}

// member is where the value of a key of the object at i begins; below 0 when there is none.
func member(b []byte, i int, key string) int {
	i = space(b, i)
	if i >= len(b) || b[i] != '{' {
		return -1
	}
	for i = space(b, i+1); i < len(b) && b[i] == '"'; {
		end := text(b, i)
		if end < 0 {
			return -1
		}
		name := b[i+1 : end-1]
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return -1
		}
		i = space(b, i+1)
		if string(name) == key {
			if i >= len(b) {
				return -1
			}
			return i
		}
		if i = skip(b, i); i < 0 {
			return -1
		}
		if i = space(b, i); i >= len(b) || b[i] != ',' {
			return -1
		}
		i = space(b, i+1)
	}
	return -1
}

// skip is behind the value at i; below 0 when it does not end.
func skip(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			if i = text(b, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // behind a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// text is behind the string at i; below 0 when it does not end.
func text(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func (o object) markedSlowly() ([]byte, error) {
	whole, err := o.decode()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(whole); err != nil {
		return nil, fmt.Errorf("write object: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// decode is the marked object as a tree.
func (o object) decode() (map[string]any, error) {
	var whole map[string]any
	d := json.NewDecoder(bytes.NewReader(o.json))
	d.UseNumber()
	if err := d.Decode(&whole); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	metadata, _ := whole["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		whole["metadata"] = metadata
	}
	annotations, _ := metadata["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations[clusterAnnotation] = o.cluster
	return whole, nil
}
