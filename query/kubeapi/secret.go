package kubeapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

var (
	secrets    = kube.GroupResource{Resource: "secrets"}
	configMaps = kube.GroupResource{Resource: "configmaps"}
)

// redactedKeys is the annotation in which collectors keep the names and lengths of values that they took out whole.
const redactedKeys = "foretop.io/redacted-keys"

// shown is an object's JSON as it is answered. Values that never left the cluster are asterisks, as many as the value is
// long, so that keys are counted, listed and described as at the member.
func shown(o *records.Object) ([]byte, error) {
	return filled(o, func(length int) int { return length })
}

// counted is shown for tables, which count keys and need no values.
func counted(o *records.Object) ([]byte, error) { return filled(o, func(int) int { return 0 }) }

func filled(o *records.Object, long func(length int) int) ([]byte, error) {
	if o.Ref.GroupResource != secrets && o.Ref.GroupResource != configMaps || !bytes.Contains(o.JSON, []byte(`"`+redactedKeys+`"`)) {
		return o.JSON, nil
	}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(o.JSON))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Ref, err)
	}
	meta, _ := object["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	var lengths map[string]int
	if text, ok := annotations[redactedKeys].(string); !ok || json.Unmarshal([]byte(text), &lengths) != nil {
		return o.JSON, nil // somebody else's annotation of this name
	}
	field := "data"
	if o.Ref.GroupResource == configMaps {
		field = "binaryData"
	}
	values, ok := object[field].(map[string]any)
	if !ok {
		values = map[string]any{}
		object[field] = values
	}
	for key, length := range lengths {
		values[key] = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("*"), long(max(0, min(length, mostOfValue)))))
	}
	if delete(annotations, redactedKeys); len(annotations) == 0 {
		delete(meta, "annotations")
	}
	return json.Marshal(object)
}

// mostOfValue is more than an object of etcd can have.
const mostOfValue = 2 << 20
