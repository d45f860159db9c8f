package kube

import "fmt"

// AnnotationsOf reads an object's annotations out of undecoded JSON, of which they are pieces, and its resource version,
// which says whether it is the object that was meant. Nothing behind the metadata is looked at.
func AnnotationsOf(object string) (annotations map[string]string, resourceVersion string, err error) {
	annotations = map[string]string{}
	err = eachMember(object, func(key, value string) (bool, error) {
		if key != "metadata" {
			return true, nil
		}
		if value[0] != '{' {
			return false, nil
		}
		return false, eachMember(value, func(key, value string) (more bool, err error) {
			switch {
			case key == "resourceVersion" && value[0] == '"':
				var v any
				v, err = decodeValue(value)
				resourceVersion, _ = v.(string)
			case key == "annotations" && value[0] == '{':
				var v map[string]any
				if v, err = decodeText(value); err == nil {
					annotations = stringMap(map[string]any{key: v}, key)
				}
			}
			return true, err
		})
	})
	if err != nil {
		return nil, "", fmt.Errorf("read metadata: %w", err)
	}
	return annotations, resourceVersion, nil
}
