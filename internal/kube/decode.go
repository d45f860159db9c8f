package kube

import (
	"encoding/json"
	"fmt"
)

// Decode reads one object's JSON. Whole numbers become int64, others float64. Hot paths decode an object once
// and hand the map to Summarize, TokensOf and ChangedPaths.
func Decode(object []byte) (map[string]any, error) { return DecodeText(string(object)) }

// DecodeText is Decode of a text whose pieces the map's strings are: they keep all of it in memory.
func DecodeText(object string) (map[string]any, error) {
	obj, err := decodeText(object)
	if err != nil {
		return nil, fmt.Errorf("decode object: %w", err)
	}
	return obj, nil
}

// The accessors below answer the zero value for what is absent or of another type: objects come from clusters
// whose CRDs owe us no schema.

func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

func boolean(m map[string]any, key string) bool {
	b, _ := m[key].(bool)
	return b
}

func object(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
		if m == nil {
			return nil
		}
	}
	return m
}

func list(m map[string]any, key string) []any {
	l, _ := m[key].([]any)
	return l
}

// each calls f for every element of a list that is an object.
func each(m map[string]any, key string, f func(map[string]any)) {
	for _, v := range list(m, key) {
		if o, ok := v.(map[string]any); ok {
			f(o)
		}
	}
}

func number(m map[string]any, key string) (int64, bool) {
	switch n := m[key].(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), true
	case int:
		return int64(n), true
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

func count(m map[string]any, key string) int64 {
	n, _ := number(m, key)
	return n
}

func stringMap(m map[string]any, key string) map[string]string {
	src := object(m, key)
	out := make(map[string]string, len(src))
	for k, v := range src {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}
