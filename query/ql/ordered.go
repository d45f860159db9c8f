package ql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number reads 5, or 0..3 where the operator is a colon.
func (p *parser) number(f *field, op Op, v *Value) error {
	bad := func() error {
		return p.fail(CodeBadValue, v.From, v.To, fmt.Sprintf("Write %s:3, %s>=3 or %s:0..3.", f.name, f.name, f.name), "%s is a whole number, not %s.", f.name, quote(v.Text))
	}
	text := v.Text
	if v.Kind == Glob && strings.Contains(text, "..") {
		text = p.text[v.From:v.To]
	} else if v.Kind != Literal {
		return bad()
	}
	v.low, v.high = math.MinInt64, math.MaxInt64
	if low, high, ok := strings.Cut(text, ".."); ok {
		if op != OpMatch {
			return bad()
		}
		v.Kind = Span
		if low != "*" {
			if v.low, ok = integer(low); !ok {
				return bad()
			}
		}
		if high != "*" {
			if v.high, ok = integer(high); !ok {
				return bad()
			}
		}
		if low == "*" && high == "*" || v.low > v.high {
			return p.fail(CodeBadValue, v.From, v.To, "Write the smaller number first, as in "+f.name+":0..3.", "The range %s holds nothing.", text)
		}
		v.Text = spanEnd(low, v.low) + ".." + spanEnd(high, v.high)
		return nil
	}
	n, ok := integer(text)
	if !ok {
		return bad()
	}
	v.low, v.high, v.Text = n, n, strconv.FormatInt(n, 10)
	return nil
}

func spanEnd(text string, n int64) string {
	if text == "*" {
		return text
	}
	return strconv.FormatInt(n, 10)
}

// time reads a duration, a moment, or a range of either.
func (p *parser) time(f *field, op Op, v *Value) error {
	text := v.Text
	if f.name == "deleted" && v.Kind == Literal && (op == OpMatch || op == OpEqual) {
		switch strings.ToLower(text) {
		case "true", "yes":
			v.Text = "true"
			return nil
		case "false", "no":
			v.Text = "false"
			return nil
		case "any":
			v.Text = "any"
			return nil
		}
	}
	fix := fmt.Sprintf("Write %s<15m, %s>2026-11-19 or %s:9:00..9:20.", f.name, f.name, f.name)
	if f.typ == typAge {
		fix = "Write age<1h, age>2d or age:1h..2h."
	}
	if f.name == "deleted" {
		fix = "Write deleted:true, deleted:any or deleted<1h."
	}
	if v.Kind == Glob && strings.Contains(text, "..") {
		text = p.text[v.From:v.To]
	} else if v.Kind != Literal {
		return p.fail(CodeBadValue, v.From, v.To, fix, "%s is a time, not a text.", f.name)
	}
	low, high, isSpan := strings.Cut(text, "..")
	ends := []string{text}
	if isSpan {
		ends = []string{low, high}
	}
	if f.typ == typAge {
		for _, e := range ends {
			if _, ok := duration(e); !ok && !(isSpan && e == "*") {
				if _, _, is := moment(e, p.opts.Now); is {
					fix = "Write created" + string(op) + text + "."
				}
				return p.fail(CodeBadValue, v.From, v.To, fix, "age is a duration, not %s.", quote(e))
			}
		}
	}
	if _, ok := duration(text); ok && (op == OpMatch || op == OpEqual) {
		return p.fail(CodeBadValue, v.From, v.To, fmt.Sprintf("Write %s<%s, or %s>%s.", f.name, text, f.name, text), "%s needs to know whether less or more than %s.", f.name, text)
	}
	var ok bool
	if isSpan {
		if op != OpMatch || low == "*" && high == "*" {
			return p.fail(CodeBadValue, v.From, v.To, fix, "This range has no end.")
		}
		v.Kind = Span
		v.since, v.until, ok = span(low, high, p.opts.Now)
	} else {
		v.since, v.until, ok = bounds(op, text, p.opts.Now)
	}
	if !ok {
		return p.fail(CodeBadValue, v.From, v.To, fix, "%s is no time.", quote(text))
	}
	v.since, v.until, v.Text = stored(v.since), stored(v.until), text
	if !v.since.IsZero() && !v.until.IsZero() && !v.since.Before(v.until) {
		return p.fail(CodeBadValue, v.From, v.To, "Write the smaller end first.", "The range %s holds nothing.", text)
	}
	return nil
}
