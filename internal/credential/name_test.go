package credential

import "testing"

func TestHasWord(t *testing.T) {
	f := func(s string, want bool) {
		t.Helper()
		if got := HasWord(s); got != want {
			t.Errorf("HasWord(%q) = %v, want %v", s, got, want)
		}
	}
	f("DB_PASSWORD", true)
	f("my-Token-2", true)
	f("privateKey", true)
	f("PRIVATE_KEY", true)
	f("xapi.key", true)
	f("apikey", true)
	f("api--key", false)
	f("passport", false)
	f("tok", false)
	f("", false)
	f("private", false)
}
