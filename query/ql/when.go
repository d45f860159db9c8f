package ql

import (
	"strconv"
	"strings"
	"time"
)

// epoch is stored where a moment is not known; it and everything before it is absent.
var epoch = time.UnixMilli(0).UTC()

const (
	day     = 24 * time.Hour
	longest = 100 * 365 * day
)

var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'y': 365 * day}

// duration reads 15m, 1h30m, 2d, 1w.
func duration(s string) (time.Duration, bool) {
	var total time.Duration
	for s != "" {
		i := 0
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		if i == 0 || i == len(s) || i > 9 {
			return 0, false
		}
		n, err := strconv.ParseInt(s[:i], 10, 64)
		unit, known := units[s[i]|0x20]
		if err != nil || !known || time.Duration(n) > longest/unit {
			return 0, false
		}
		total += time.Duration(n) * unit
		if total > longest {
			return 0, false
		}
		s = s[i+1:]
	}
	return total, total > 0
}

var layouts = []struct {
	layout string
	grain  time.Duration
}{
	{"2006-01-02", day},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04Z07:00", time.Minute},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02T15:04:05Z07:00", time.Second},
	{"2006-01-02T15:04:05.999", time.Millisecond},
	{"2006-01-02T15:04:05.999Z07:00", time.Millisecond},
}

// moment reads a date, a date with time, a time of day (today, or yesterday when that is still to come), -30m, now,
// today, yesterday. The moment lasts from low to before high: a date a day, 9:20 a minute.
func moment(s string, now time.Time) (low, high time.Time, ok bool) {
	instant := func(t time.Time) (time.Time, time.Time, bool) { return t, t.Add(time.Millisecond), true }
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch s = strings.ToUpper(s); {
	case s == "NOW":
		return instant(now)
	case s == "TODAY":
		return midnight, midnight.AddDate(0, 0, 1), true
	case s == "YESTERDAY":
		return midnight.AddDate(0, 0, -1), midnight, true
	case strings.HasPrefix(s, "-"):
		d, ok := duration(s[1:])
		if !ok {
			return low, high, false
		}
		return instant(now.Add(-d))
	}
	for _, l := range layouts {
		t, err := time.ParseInLocation(l.layout, s, now.Location())
		if err != nil {
			continue
		}
		if t.Year() < 1970 || t.Year() > 2200 {
			return low, high, false
		}
		high = t.Add(l.grain)
		if l.grain == day {
			high = t.AddDate(0, 0, 1)
		}
		return t, high, true
	}
	for _, l := range []struct {
		layout string
		grain  time.Duration
	}{{"15:04", time.Minute}, {"15:04:05", time.Second}} {
		t, err := time.Parse(l.layout, s)
		if err != nil {
			continue
		}
		low = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location())
		if low.After(now) {
			low = low.AddDate(0, 0, -1)
		}
		return low, low.Add(l.grain), true
	}
	return low, high, false
}

// bounds are the moments that `op s` holds for: not before since, before until; zero means no bound.
func bounds(op Op, s string, now time.Time) (since, until time.Time, ok bool) {
	if d, is := duration(s); is {
		t, tick := now.Add(-d), time.Millisecond
		switch op { // younger is later
		case OpLess:
			return t.Add(tick), until, true
		case OpAtMost:
			return t, until, true
		case OpMore:
			return since, t, true
		case OpAtLeast:
			return since, t.Add(tick), true
		}
		return since, until, false
	}
	low, high, ok := moment(s, now)
	if !ok {
		return since, until, false
	}
	switch op {
	case OpLess:
		return since, low, true
	case OpAtMost:
		return since, high, true
	case OpMore:
		return high, until, true
	case OpAtLeast:
		return low, until, true
	}
	return low, high, true
}

// span is bounds of LOW..HIGH, both inclusive. Durations run backwards: 1h..2h is between one and two hours ago.
func span(low, high string, now time.Time) (since, until time.Time, ok bool) {
	ok = true
	_, lowIs := duration(low)
	_, highIs := duration(high)
	if lowIs || highIs {
		if low != "*" && !lowIs || high != "*" && !highIs {
			return since, until, false
		}
		if low != "*" {
			_, until, _ = bounds(OpAtLeast, low, now)
		}
		if high != "*" {
			since, _, _ = bounds(OpAtMost, high, now)
		}
		return since, until, true
	}
	if low != "*" {
		since, _, ok = bounds(OpAtLeast, low, now)
	}
	if high != "*" && ok {
		_, until, ok = bounds(OpAtMost, high, now)
	}
	return since, until, ok
}

// stored cuts a bound to what columns hold. A bound at or before the epoch is the first moment that is known.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	t = t.UTC().Truncate(time.Millisecond)
	if !t.After(epoch) {
		return epoch.Add(time.Millisecond)
	}
	return t
}
