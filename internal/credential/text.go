package credential

import (
	"regexp"
	"strings"
)

// Mark stands where a credential was.
const Mark = "[redacted]"

// A pattern finds one form of credential in free text. sign is cheap to look for: without it the expression is
// not run, so that ordinary strings cost a scan and no more.
type pattern struct {
	rule string
	sign func(s string) bool
	find *regexp.Regexp
	with string
}

func has(signs ...string) func(string) bool {
	return func(s string) bool {
		for _, sign := range signs {
			if strings.Contains(s, sign) {
				return true
			}
		}
		return false
	}
}

var patterns = []pattern{
	{"private_key", has("PRIVATE KEY"), regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)`), Mark},
	{"jwt", has("eyJ"), regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?`), Mark},
	{"aws_key", has("AKIA", "ASIA"), regexp.MustCompile(`(?:AKIA|ASIA)[0-9A-Z]{12,}`), Mark},
	{"github_token", has("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), regexp.MustCompile(`(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{10,}`), Mark},
	{"gitlab_token", has("glpat-"), regexp.MustCompile(`glpat-[A-Za-z0-9_-]{10,}`), Mark},
	{"slack_token", has("xox"), regexp.MustCompile(`xox[abeprs]-[A-Za-z0-9-]{10,}`), Mark},
	{"google_key", has("AIza"), regexp.MustCompile(`AIza[0-9A-Za-z_-]{30,}`), Mark},
	{"stripe_key", has("k_live_", "k_test_"), regexp.MustCompile(`[rs]k_(?:live|test)_[0-9A-Za-z]{10,}`), Mark},
	// Up to the last @ of the word: a password may hold one. Two addresses in one word lose the middle.
	{"url_password", has("://"), regexp.MustCompile(`(://[^\s/@:"'<>\x60]*):[^\s"'<>\x60]+@`), "${1}:" + Mark + "@"},
	{"authorization", hasFold("bearer ", "basic "), regexp.MustCompile(`(?i)\b(bearer|basic) +[A-Za-z0-9._~+/=-]{12,}`), "${1} " + Mark},
}

func hasFold(signs ...string) func(string) bool {
	return func(s string) bool {
		for _, sign := range signs {
			for i := 0; i+len(sign) <= len(s); i++ {
				if s[i]|0x20 == sign[0] && strings.EqualFold(s[i:i+len(sign)], sign) {
					return true
				}
			}
		}
		return false
	}
}

// assignment is name=value or name: value where the name asks for redaction. Quoted values may hold spaces.
var assignment = regexp.MustCompile(`(?i)((?:^|[^A-Za-z0-9])(["']?)[a-z0-9_.-]*(?:` + asking + `|[_.-](?:pass|pwd))s?[_-]?[0-9]{0,3}["']?[ \t]*(?:=|:)[ \t]*)("[^"\n]*"|'[^'\n]*'|[^\s"',;&]+)`)

// flagged is --name value within a line of shell, where the name asks for redaction.
var flagged = regexp.MustCompile(`(?i)((?:^|[\s"'])(--?)[a-z0-9_.-]*(?:` + asking + `|[_.-]pass)[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s"',;&-][^\s"',;&]*)`)

// asking ends the names in text that ask for redaction.
const asking = `token|passw(?:or)?d|passphrase|secret|credentials?|(?:private|api|access|encryption|signing|ssh)[_.-]?key`

// Scrub is s with Mark in place of each credential that it holds; count hears which rule found one.
func Scrub(s string, count func(rule string)) string {
	if len(s) < 8 { // shorter than any credential worth the name with its sign
		return s
	}
	for i := range patterns {
		p := &patterns[i]
		if !p.sign(s) {
			continue
		}
		if out := p.find.ReplaceAllString(s, p.with); out != s {
			count(p.rule)
			s = out
		}
	}
	if assigns, flags := strings.ContainsAny(s, "=:"), strings.ContainsAny(s, " \t") && strings.Contains(s, "-"); (assigns || flags) && (HasWord(s) || MayHoldShortWord(s)) {
		out := s
		if assigns {
			out = replaceValues(assignment, out)
		}
		if flags {
			out = replaceValues(flagged, out)
		}
		if out != s {
			count("assignment")
			s = out
		}
	}
	return s
}

// replaceValues replaces the values that find finds as its third group.
func replaceValues(find *regexp.Regexp, s string) string {
	var b strings.Builder
	last := 0
	for _, m := range find.FindAllStringSubmatchIndex(s, -1) {
		// m[3] is the end of the name and its sign, m[6]:m[7] the value.
		value := s[m[6]:m[7]]
		bare := strings.Trim(value, `"'`)
		if bare == Mark || strings.HasPrefix(bare, Mark) || harmlessAssigned(bare) {
			continue
		}
		b.WriteString(s[last:m[6]])
		quote := ""
		if value[0] == '"' || value[0] == '\'' {
			quote = value[:1]
		}
		b.WriteString(quote + Mark + quote)
		last = m[7]
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

// harmlessAssigned is like harmless, for text: a reference, a switch or the start of a structure.
func harmlessAssigned(v string) bool {
	switch strings.ToLower(v) {
	case "", "true", "false", "null", "none", "nil", "|", "|-", ">", ">-", "{", "[", "{}", "[]":
		return true
	}
	return strings.HasPrefix(v, "/") && !strings.ContainsAny(v, "+=") ||
		strings.HasPrefix(v, "$") || strings.HasPrefix(v, "{{")
}

// InText says whether s holds what looks like a credential.
func InText(s string) bool { return Scrub(s, func(string) {}) != s }
