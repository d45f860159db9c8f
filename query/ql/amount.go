package ql

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// amountPattern is what counts as a number or quantity: Kubernetes' own grammar within bounds that decimals of both
// engines hold exactly. Its groups are a number with an exponent, or else a number and its suffix.
const amountPattern = `^(?:(` + mantissa + `[eE](?:[+]?(?:1[0-8]|[0-9])|-[0-9]))|(` + mantissa + `)(n|u|m|k|[KMGTPE]i|[MGTPE])?)$`

const mantissa = `[+-]?(?:[0-9]{1,19}(?:[.][0-9]{0,9})?|[.][0-9]{1,9})`

var amountRE = regexp.MustCompile(amountPattern)

// amount reads a number or a quantity: 3, 0.5, 500m, 2Gi.
func amount(s string) (resource.Quantity, bool) {
	if !amountRE.MatchString(s) {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(s)
	return q, err == nil
}

// amountEnds reads LOW..HIGH, either of which may be *.
func amountEnds(s string) (low, high *resource.Quantity, ok bool) {
	a, b, is := strings.Cut(s, "..")
	if !is || a == "*" && b == "*" {
		return nil, nil, false
	}
	if a != "*" {
		q, ok := amount(a)
		if !ok {
			return nil, nil, false
		}
		low = &q
	}
	if b != "*" {
		q, ok := amount(b)
		if !ok {
			return nil, nil, false
		}
		high = &q
	}
	return low, high, true
}

// anything reads a value behind a path, which compares as a text, or as a number or quantity where there is an order.
func (p *parser) anything(f *field, x *Filter, v *Value) (done bool, err error) {
	text := v.Text
	if x.Op != OpMatch && x.Op != OpEqual {
		q, ok := amount(text)
		if v.Kind != Literal || !ok {
			return true, p.fail(CodeBadValue, v.From, v.To, "Write "+f.name+string(x.Op)+"3, or a quantity such as 500m or 2Gi.", "< and > compare numbers and quantities, and %s is neither.", quote(text))
		}
		v.least = &q
		return true, nil
	}
	if v.Kind == Glob && strings.Contains(text, "..") {
		text = p.text[v.From:v.To]
	} else if v.Kind != Literal || p.text[v.From] == '"' {
		return false, nil
	}
	low, high, ok := amountEnds(text)
	if !ok || x.Op != OpMatch {
		return false, nil
	}
	if low != nil && high != nil && low.Cmp(*high) > 0 {
		return true, p.fail(CodeBadValue, v.From, v.To, "Write the smaller number first, as in "+f.name+":0..3.", "The range %s holds nothing.", text)
	}
	v.Kind, v.Text, v.least, v.most = Span, text, low, high
	return true, nil
}

// amount compares a number or quantity with the value's own.
func (v *Value) amount(op Op, q *resource.Quantity) bool {
	switch op {
	case OpLess:
		return q.Cmp(*v.least) < 0
	case OpAtMost:
		return q.Cmp(*v.least) <= 0
	case OpMore:
		return q.Cmp(*v.least) > 0
	case OpAtLeast:
		return q.Cmp(*v.least) >= 0
	default:
		return (v.least == nil || q.Cmp(*v.least) >= 0) && (v.most == nil || q.Cmp(*v.most) <= 0)
	}
}
