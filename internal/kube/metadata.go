package kube

import (
	"fmt"
	"strings"
)

// AnnotationsOf reads an object's annotations out of undecoded JSON, of which they are pieces, and its resource version,
// which says whether it is the object that was meant. Nothing behind the metadata is looked at.
func AnnotationsOf(object string) (annotations map[string]string, resourceVersion string, err error) {
	annotations = map[string]string{}
	metadata, err := valueOf(object, "metadata")
	if err == nil && strings.HasPrefix(metadata, "{") {
		err = eachMember(metadata, func(key, value string) (more bool, err error) {
			switch {
			case key == "resourceVersion" && value[0] == '"':
				resourceVersion, err = textOf(value)
			case key == "annotations" && value[0] == '{':
				err = eachMember(valid(value), func(key, value string) (bool, error) {
					if value[0] != '"' {
						return true, nil
					}
					text, err := textOf(value)
					annotations[key] = text
					return true, err
				})
			}
			return true, err
		})
	}
	if err != nil {
		return nil, "", fmt.Errorf("read metadata: %w", err)
	}
	return annotations, resourceVersion, nil
}

// textOf is what a string says that is written like this.
func textOf(written string) (string, error) {
	if strings.IndexByte(written, '\\') < 0 {
		return written[1 : len(written)-1], nil
	}
	r := reader{text: written}
	return r.string()
}
