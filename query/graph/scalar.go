package graph

import (
	"encoding/json"
	"errors"
)

// JSON is any JSON value, passed through byte for byte.
type JSON struct{ raw json.RawMessage }

// ImplementsGraphQLType binds the type to the SDL's scalar JSON.
func (JSON) ImplementsGraphQLType(name string) bool { return name == "JSON" }

// UnmarshalGraphQL refuses input: no argument of the schema is JSON.
func (*JSON) UnmarshalGraphQL(any) error { return errors.New("JSON is an output type only") }

// MarshalJSON writes the value as it is.
func (j JSON) MarshalJSON() ([]byte, error) {
	if len(j.raw) == 0 {
		return []byte("null"), nil
	}
	return j.raw, nil
}

// stringMap is a JSON object, {} when m is nil.
func stringMap(m map[string]string) JSON {
	if m == nil {
		m = map[string]string{}
	}
	raw, _ := json.Marshal(m) // which never fails for texts
	return JSON{raw}
}
