package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// otherwise is all that an object through the hub has otherwise than at its member, why, and how the member's is made
// comparable.
var otherwise = []struct {
	what, why string
	undo      func(object map[string]any)
}{{
	"managedFields", "nobody reads them, and they are half of an object",
	func(o map[string]any) { delete(metadata(o), "managedFields") },
}, {
	"what kubectl apply notes down", "it repeats the object, and with it what is secret",
	func(o map[string]any) {
		annotations, _ := metadata(o)["annotations"].(map[string]any)
		delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
		if len(annotations) == 0 {
			delete(metadata(o), "annotations")
		}
	},
}, {
	"values of Secrets", "they never leave the cluster: asterisks in their place are as many",
	func(o map[string]any) {
		data, _ := o["data"].(map[string]any)
		if o["kind"] != "Secret" {
			return
		}
		for key, value := range data {
			raw, err := base64.StdEncoding.DecodeString(value.(string))
			if err == nil {
				data[key] = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("*", len(raw))))
			}
		}
	},
}, {
	"the annotations of redaction", "they say what was taken out",
	func(o map[string]any) {
		annotations, _ := metadata(o)["annotations"].(map[string]any)
		for key := range annotations {
			if strings.HasPrefix(key, "foretop.io/redacted") {
				delete(annotations, key)
			}
		}
		if len(annotations) == 0 {
			delete(metadata(o), "annotations")
		}
	},
}}

func metadata(o map[string]any) map[string]any {
	m, _ := o["metadata"].(map[string]any)
	return m
}

// objectsOf is JSON or YAML of objects, but for what is otherwise on purpose.
func objectsOf(text string) string {
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Sprintf("%v: %s", err, text)
	}
	items, list := o["items"].([]any)
	if !list {
		items = []any{o}
	}
	for _, item := range items {
		if o, ok := item.(map[string]any); ok {
			for _, x := range otherwise {
				x.undo(o)
			}
		}
	}
	out, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(out)
}
