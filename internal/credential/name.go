// Package credential tells credentials by the names that they are given and by what they look like.
//
// Invariant: it keeps nothing of what it is shown.
package credential

import "strings"

// credentialWords are what names of credentials say. Names and long texts are searched for them all the time: a
// regular expression took half of the collector's processor time for this, a loop takes a twentieth.
var credentialWords = []string{
	"token", "passw", "passphrase", "secret", "credential", "kubeconfig", "authorization", "cookie", "dockerconfig",
	"private*key", "api*key", "access*key", "encryption*key", "signing*key", "ssh*key",
}

// wordsBy holds credentialWords by first letter.
var wordsBy = func() (by [256][]string) {
	for _, w := range credentialWords {
		by[w[0]] = append(by[w[0]], w)
	}
	return by
}()

// InName says whether name is one that credentials are given.
func InName(name string) bool { return HasWord(name) || HasShortWord(name) }

// HasWord says whether one of credentialWords is in s, in any case. A * is any one character, or none.
func HasWord(s string) bool {
	for i := 0; i < len(s); i++ {
		for _, w := range wordsBy[s[i]|0x20] {
			if startsWith(s[i:], w) {
				return true
			}
		}
	}
	return false
}

func startsWith(s, word string) bool {
	j := 0
	for i := 0; i < len(word); i++ {
		if word[i] == '*' {
			return startsWith(s[j:], word[i+1:]) || j < len(s) && startsWith(s[j+1:], word[i+1:])
		}
		if j >= len(s) || s[j]|0x20 != word[i] {
			return false
		}
		j++
	}
	return true
}

// HasShortWord says whether name ends, after a sign, in a word that would be found within others as well: DB_PASS,
// MYSQL_PWD and REDIS_PASS_2, but not COMPASS, proxy-pass-headers, nor the PWD that every shell sets.
func HasShortWord(name string) bool {
	name = strings.TrimRight(name, "_-.0123456789")
	i := strings.LastIndexAny(name, "_-./")
	last := name[i+1:]
	return strings.EqualFold(last, "pass") || i >= 0 && strings.EqualFold(last, "pwd")
}

// MayHoldShortWord is what text has to hold for HasShortWord to be true of a name in it.
func MayHoldShortWord(s string) bool {
	for i := 0; i+3 <= len(s); i++ {
		if s[i]|0x20 == 'p' && (startsWith(s[i:], "pass") || startsWith(s[i:], "pwd")) {
			return true
		}
	}
	return false
}
