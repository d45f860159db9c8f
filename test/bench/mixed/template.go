package mixed

import (
	"bytes"
	"embed"
	"encoding/json"
	"regexp"
	"strings"
)

//go:embed templates
var templates embed.FS

// template is an object's JSON as a collector sends it, compact and with sorted keys, cut at its variables:
// ${name} within a string, and "#name" in place of a value.
type template struct {
	text      []string // one more than variables
	variables []string
	size      int // of all text
}

var variable = regexp.MustCompile(`"#(\w+)"|\$\{(\w+)\}`)

func parse(file string) *template {
	raw, err := templates.ReadFile("templates/" + file + ".json")
	if err != nil {
		panic(err) // embedded with the code
	}
	var object any
	if err := json.Unmarshal(raw, &object); err != nil {
		panic(file + ": " + err.Error())
	}
	var compact bytes.Buffer
	encode := json.NewEncoder(&compact)
	encode.SetEscapeHTML(false)
	if err := encode.Encode(object); err != nil {
		panic(err)
	}
	text := strings.TrimSpace(compact.String())
	t := &template{}
	from := 0
	for _, m := range variable.FindAllStringSubmatchIndex(text, -1) {
		t.text = append(t.text, text[from:m[0]])
		group := m[2:4]
		if group[0] < 0 {
			group = m[4:6]
		}
		t.variables = append(t.variables, text[group[0]:group[1]])
		from = m[1]
	}
	t.text = append(t.text, text[from:])
	for _, part := range t.text {
		t.size += len(part)
	}
	return t
}

// fill is exact in what it allocates: whoever gets the text may keep it.
func (t *template) fill(values map[string]string) []byte {
	found := make([]string, len(t.variables))
	size := t.size
	for i, name := range t.variables {
		v, ok := values[name]
		if !ok {
			panic("a template needs " + name)
		}
		found[i] = v
		size += len(v)
	}
	out := make([]byte, 0, size)
	for i, v := range found {
		out = append(append(out, t.text[i]...), v...)
	}
	return append(out, t.text[len(found)]...)
}
