package ql

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// objectColumn is the JSON in resource_history.
const objectColumn = "object"

// within answers a filter on a path: what stands there in the object's JSON, without the negation.
func (x *Filter) within(o *subject) bool {
	if key, ok := lastOrdinary(x.def.steps); ok && !bytes.Contains(o.JSON, []byte(`"`+key+`"`)) {
		return false
	}
	for _, at := range valuesIn(o.tree(), x.def.steps) {
		if x.Op == OpHas {
			if present(at) {
				return true
			}
			continue
		}
		text, ok := scalar(at)
		if ok && x.any(func(v *Value) bool { return v.at(x.Op, text) }) {
			return true
		}
	}
	return false
}

func (v *Value) at(op Op, text string) bool {
	if v.least == nil && v.most == nil {
		return v.text(op, text)
	}
	q, ok := amount(text)
	return ok && v.amount(op, &q)
}

// ReadsObject reports whether a condition reads the object's JSON, which resource_history has and resources has not.
func (q *Query) ReadsObject() bool { return readsObject(q.root) }

func readsObject(e Expr) bool {
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e, readsObject)
	case Or:
		return slices.ContainsFunc(e, readsObject)
	case Not:
		return readsObject(e.X)
	case *Filter:
		return e.def.column == objectColumn
	}
	return false
}

// valuesAt are the values a path leads to. Lists are stepped into by keys, and a list at the end is its elements.
func valuesAt(object []byte, steps []step) []any { return valuesIn(decode(object), steps) }

// decode reads JSON, numbers as they are written; nil when it is none.
func decode(object []byte) (root any) {
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if d.Decode(&root) != nil {
		return nil
	}
	return root
}

func valuesIn(root any, steps []step) []any {
	values := []any{root}
	for i, s := range steps {
		if s.kind == stepKey && i > 0 && !(i == 1 && headed(steps)) {
			values = elements(values)
		}
		var next []any
		for _, v := range values {
			switch v := v.(type) {
			case map[string]any:
				if below, ok := v[s.key]; ok && s.kind == stepKey {
					next = append(next, below)
				}
			case []any:
				if s.kind == stepAny {
					next = append(next, v...)
				} else if s.kind == stepIndex && s.index < len(v) {
					next = append(next, v[s.index])
				}
			}
		}
		values = next
	}
	return elements(values)
}

func elements(values []any) []any {
	var out []any
	for _, v := range values {
		if list, ok := v.([]any); ok {
			out = append(out, list...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// present reports whether a value is there and not empty. False and 0 are there.
func present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

// scalar is a text, number or boolean as the text that people write.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return numberText(v.String()), true
	}
	return "", false
}

// numberText writes a number as ClickHouse does: whole ones digit by digit, others as short as can be.
func numberText(s string) string {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	if size := max(f, -f); size != 0 && (size < 1e-6 || size >= 1e21) {
		digits, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		n, _ := strconv.Atoi(exponent)
		return digits + "e" + strconv.Itoa(n)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// within is a filter on a path over the column object. Its shape is fixed, and steps are bound like values.
func (c *compiler) within(x *Filter, column string) string {
	steps := x.def.steps
	first := 1
	raw := "JSONExtractRaw(" + column + ", " + c.p.String(steps[0].key)
	if headed(steps) {
		raw += ", " + c.p.String(steps[1].key)
		first = 2
	}
	at := "[" + raw + ")]"
	for _, s := range steps[first:] {
		switch s.kind {
		case stepAny:
			at = "arrayFlatten(arrayMap(x -> JSONExtractArrayRaw(x), " + at + "))"
		case stepIndex:
			at = "arrayMap(x -> if(startsWith(x, '['), JSONExtractRaw(x, " + strconv.Itoa(s.index+1) + "), ''), " + at + ")"
		default:
			at = "arrayMap(x -> JSONExtractRaw(x, " + c.p.String(s.key) + "), " + elementsSQL(at) + ")"
		}
	}
	at = elementsSQL(at)
	found := ""
	if x.Op == OpHas {
		found = `arrayExists(x -> x NOT IN ('', 'null', '""', '{}', '[]'), ` + at + ")"
	} else {
		texts := `arrayMap(x -> if(startsWith(x, '"'), JSONExtractString(x), x), arrayFilter(x -> x != 'null' AND match(x, '^["0-9tf-]'), ` + at + "))"
		var asText, asAmount []string
		for i := range x.Values {
			if v := &x.Values[i]; v.least != nil || v.most != nil {
				asAmount = append(asAmount, c.amount(x.Op, v))
			} else {
				asText = append(asText, c.compare("x", x.Op, v))
			}
		}
		var parts []string
		if len(asText) > 0 {
			parts = append(parts, "arrayExists(x -> "+anyOf(asText)+", "+texts+")")
		}
		if len(asAmount) > 0 {
			parts = append(parts, "arrayExists(q -> "+anyOf(asAmount)+", "+amountsSQL(texts)+")")
		}
		found = anyOf(parts)
	}
	if key, ok := lastOrdinary(steps); ok {
		return "(position(" + column + ", " + c.p.String(`"`+key+`"`) + ") > 0 AND " + found + ")"
	}
	return found
}

// lastOrdinary is the last key of a path that stands in JSON as it is. Most objects do not have it: looking for its
// bytes costs far less than reading the JSON.
func lastOrdinary(steps []step) (key string, ok bool) {
	for i := len(steps) - 1; i >= 0; i-- {
		if s := steps[i]; s.kind == stepKey && ordinary(s.key) {
			return s.key, true
		}
	}
	return "", false
}

// ordinary reports whether JSON writes a key as it is.
func ordinary(key string) bool {
	for i := range len(key) {
		if c := key[i]; !fieldByte(c) {
			return false
		}
	}
	return true
}

func elementsSQL(values string) string {
	return "arrayFlatten(arrayMap(x -> if(startsWith(x, '['), JSONExtractArrayRaw(x), [x]), " + values + "))"
}

// amountsSQL are those texts that are numbers or quantities, as decimals. As Kubernetes does, what is below a nano is
// rounded away from zero, and binary ones have a largest.
func amountsSQL(texts string) string {
	const most = "toDecimal256('9223372036854775807', 27)"
	groups := "arrayFilter(g -> notEmpty(g), arrayMap(x -> extractGroups(x, '" + amountPattern + "'), " + texts + "))"
	exact := "arrayMap(g -> (toDecimal256OrZero(concat(g[1], g[2]), 18) * toDecimal256(transform(g[3], " + suffixesSQL + ", '1'), 9), endsWith(g[3], 'i')), " + groups + ")"
	rounded := "arrayMap(t -> (if(t.1 < 0, floor(t.1, 9), ceil(t.1, 9)), t.2), " + exact + ")"
	return "arrayMap(t -> if(t.2, greatest(least(t.1, " + most + "), -" + most + "), t.1), " + rounded + ")"
}

const suffixesSQL = "['n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'], ['0.000000001', '0.000001', '0.001', '1000', '1000000', '1000000000', '1000000000000', '1000000000000000', '1000000000000000000', '1024', '1048576', '1073741824', '1099511627776', '1125899906842624', '1152921504606846976']"

// amount compares the decimal q.
func (c *compiler) amount(op Op, v *Value) string {
	bound := func(op Op, q *resource.Quantity) string {
		whole := q.DeepCopy()
		return "q " + string(op) + " toDecimal256(" + c.p.String(whole.AsDec().String()) + ", 9)"
	}
	if op != OpMatch {
		return bound(op, v.least)
	}
	var ends []string
	if v.least != nil {
		ends = append(ends, bound(OpAtLeast, v.least))
	}
	if v.most != nil {
		ends = append(ends, bound(OpAtMost, v.most))
	}
	return "(" + strings.Join(ends, " AND ") + ")"
}
