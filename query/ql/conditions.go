package ql

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

func (c *compiler) kind(x *Filter) string {
	columns, second := "(api_group, resource)", "resource"
	if c.page == Events {
		columns, second = "(regarding_group, regarding_kind)", "regarding_kind"
	}
	first := strings.TrimPrefix(columns[:strings.IndexByte(columns, ',')], "(")
	seen := make(map[[2]string]bool)
	var pairs [][2]string
	for i := range x.Values {
		for _, k := range x.Values[i].kinds {
			pair := [2]string{k.Group, k.Resource}
			if c.page == Events {
				pair[1] = k.Kind
			}
			if pair[1] != "" && !seen[pair] {
				seen[pair] = true
				pairs = append(pairs, pair)
			}
		}
	}
	if len(pairs) == 0 {
		return "0"
	}
	if len(pairs) == 1 {
		return "(" + first + " = " + c.p.String(pairs[0][0]) + " AND " + second + " = " + c.p.String(pairs[0][1]) + ")"
	}
	tuples := make([]string, len(pairs))
	for i, pair := range pairs {
		tuples[i] = "(" + c.p.String(pair[0]) + ", " + c.p.String(pair[1]) + ")"
	}
	return "(" + columns + " IN (" + strings.Join(tuples, ", ") + "))"
}

func (c *compiler) entry(x *Filter, column string) string {
	key := c.p.String(x.Key)
	present := "mapContains(" + column + ", " + key + ")"
	if x.Op == OpHas {
		return present
	}
	value := column + "[" + key + "]"
	if x.Op == OpEqual && x.Values[0].Text != "" { // an absent key reads as "", so the value alone decides, with its index
		return "(" + value + " = " + c.p.String(x.Values[0].Text) + ")"
	}
	parts := make([]string, len(x.Values))
	for i := range x.Values {
		parts[i] = c.compare(value, x.Op, &x.Values[i])
	}
	return "(" + present + " AND " + anyOf(parts) + ")"
}

// requirement is one part of a Kubernetes label selector, as labels.Requirement.Matches has it.
func (c *compiler) requirement(r *labels.Requirement) string {
	key := c.p.String(r.Key())
	present, value, values := "mapContains(labels, "+key+")", "labels["+key+"]", r.Values().List()
	switch r.Operator() {
	case selection.In, selection.Equals, selection.DoubleEquals:
		return "(" + present + " AND " + c.oneOf(value, values) + ")"
	case selection.NotIn, selection.NotEquals:
		return "(NOT (" + present + " AND " + c.oneOf(value, values) + "))"
	case selection.Exists:
		return present
	case selection.DoesNotExist:
		return "(NOT " + present + ")"
	case selection.GreaterThan, selection.LessThan:
		n, ok := integer(values[0])
		if !ok {
			return "0"
		}
		op := " > "
		if r.Operator() == selection.LessThan {
			op = " < "
		}
		return "(" + present + " AND toInt64OrNull(" + value + ") IS NOT NULL AND assumeNotNull(toInt64OrNull(" + value + "))" + op + c.p.Int(n) + ")"
	default:
		return c.fail(fmt.Errorf("compile query: no SQL for selector operator %s", r.Operator()))
	}
}

// refs compares KIND/NAME texts.
func (c *compiler) refs(x *Filter, column string) string {
	return c.elements(x, column, func(v *Value) string {
		if v.Kind == Regex {
			return "match(x, " + c.p.String(v.pattern()) + ")"
		}
		parts := make([]string, len(v.patterns))
		for i, pattern := range v.patterns {
			parts[i] = "(lowerUTF8(x) LIKE " + c.p.String(like(strings.ToLower(pattern))) + ")"
		}
		return anyOf(parts)
	})
}

// owner looks at direct owners, then from those that have one as asked down to what they own, and so on.
func (c *compiler) owner(x *Filter, column string) string {
	direct := c.refs(x, column)
	if x.Op == OpHas || c.env.Objects == nil {
		return direct
	}
	return "(" + direct + " OR uid IN (WITH RECURSIVE owned AS (SELECT uid AS id, 1 AS level FROM (" + c.env.Objects("uid", direct) + ") UNION ALL" +
		" SELECT DISTINCT o.uid AS id, level + 1 AS level FROM (" + c.env.Objects("uid, arrayJoin(owner_uids) AS above", "notEmpty(owner_uids)") + ") AS o" +
		" INNER JOIN owned ON o.above = owned.id WHERE level < " + strconv.Itoa(ownerLevels) + ") SELECT id FROM owned))"
}

func (c *compiler) number(x *Filter, column string) string {
	known := column + " >= 0"
	if x.Op == OpHas {
		return "(" + known + ")"
	}
	parts := make([]string, len(x.Values))
	for i := range x.Values {
		v := &x.Values[i]
		switch {
		case x.Op != OpMatch:
			parts[i] = column + " " + string(x.Op) + " " + c.p.Int(v.low)
		case v.Kind != Span:
			parts[i] = column + " = " + c.p.Int(v.low)
		default:
			low, high, _ := strings.Cut(v.Text, "..")
			var ends []string
			if low != "*" {
				ends = append(ends, column+" >= "+c.p.Int(v.low))
			}
			if high != "*" {
				ends = append(ends, column+" <= "+c.p.Int(v.high))
			}
			parts[i] = strings.Join(ends, " AND ")
			if len(x.Values) > 1 {
				parts[i] = "(" + parts[i] + ")"
			}
		}
	}
	return "(" + known + " AND " + anyOf(parts) + ")"
}

func (c *compiler) time(x *Filter, column string) string {
	known := func() string {
		if x.Field == "deleted" {
			return "deleted = 1"
		}
		return column + " > " + c.p.Time(epoch)
	}
	if x.Op == OpHas {
		return "(" + known() + ")"
	}
	parts := make([]string, len(x.Values))
	for i := range x.Values {
		v := &x.Values[i]
		if x.Field == "deleted" {
			if s := map[string]string{"true": "(deleted = 1)", "false": "(deleted = 0)", "any": "1"}[v.Text]; s != "" {
				parts[i] = s
				continue
			}
		}
		var ends []string
		if v.since.IsZero() || x.Field == "deleted" { // a since is after the epoch, so it says known by itself
			ends = append(ends, known())
		}
		if !v.since.IsZero() {
			ends = append(ends, column+" >= "+c.p.Time(v.since))
		}
		if !v.until.IsZero() {
			ends = append(ends, column+" < "+c.p.Time(v.until))
		}
		parts[i] = "(" + strings.Join(ends, " AND ") + ")"
	}
	return anyOf(parts)
}

// changeTypeSQL is changeType of the column op.
const changeTypeSQL = "if(op = 'add', 'create', toString(op))"

// imagePart cuts a part from the image x, as parseImage does.
func imagePart(field string) string {
	const (
		bare     = "splitByChar('@', x)[1]"
		tag      = "extract(" + bare + ", '" + imageTagged + "')"
		untagged = "replaceRegexpOne(" + bare + ", '" + imageTagged + "', '')"
		registry = "extract(" + untagged + ", '" + imageRegistry + "')"
	)
	switch field {
	case "image.tag":
		return "if(" + tag + " = '' AND position(x, '@') = 0, '" + defaultTag + "', " + tag + ")"
	case "image.repo":
		return "replaceRegexpOne(" + untagged + ", '" + imageRegistry + "', '')"
	case "image.registry":
		return "if(" + registry + " = '', '" + defaultReg + "', " + registry + ")"
	default:
		return "if(position(x, '@') = 0, '', substring(x, position(x, '@') + 1))"
	}
}
