package ql

import (
	"strings"
	"unicode/utf8"
)

// nearest is the candidate a typing mistake away from word; "" when none is near enough to be offered.
func nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	best, bestAt := "", max(1, min(3, len(word)/3))+1
	for _, c := range candidates {
		d := distance(word, strings.ToLower(c))
		if d < bestAt && d < len(c) {
			best, bestAt = c, d
		}
	}
	return best
}

// distance is the number of inserted, dropped, replaced or swapped neighbouring bytes between a and b.
func distance(a, b string) int {
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		now[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			now[j+1] = min(last[j]+cost, last[j+1]+1, now[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}

// within1 reports whether at most one character must be inserted, dropped or replaced to make b of a.
func within1(a, b string) bool {
	if d := len(a) - len(b); d > utf8.UTFMax || d < -utf8.UTFMax {
		return false
	}
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y || n != m {
			return a[n:] == b[m:] || a[n:] == b || a == b[m:]
		}
		a, b = a[n:], b[m:]
	}
	return utf8.RuneCountInString(a+b) <= 1 // one of them is empty
}
