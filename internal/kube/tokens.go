package kube

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Free text finds objects by tokens. Both engines hold the same ones, since both get them from here:
//
//   - A text is cut into words at every character that is no letter and no digit, and lower-cased. A dot between
//     two digits does not cut (1.25.3 and 10.0.0.7 are one word), nor does anything inside a UUID. A version with a
//     leading v is found without it too.
//   - Tokens are the words of every searched text of an object, and names, namespaces, label keys and values, images
//     and addresses whole as well, so that a prefix of the whole finds them while somebody types. Only Words are
//     stored; the tables compute the others from their columns as Tokens does.
//   - QueryTokens cuts a query in the same way. An object matches when it has every token of the query.

// maxToken is the longest token kept; the longest name Kubernetes allows is shorter.
const maxToken = 256

// redactedKeys is the annotation in which collectors keep names and lengths of what they took out.
const redactedKeys = "foretop.io/redacted-keys"

// maxKeys bounds how many ConfigMap and Secret keys of one object can be found.
const maxKeys = 256

// QueryTokens cuts a word or phrase of a query into the tokens that Tokens has for it: sorted, distinct.
func QueryTokens(text string) []string {
	var set tokenSet
	set.query = true
	set.words(text)
	return set.sorted()
}

// Tokens is what free text finds of an object: name, namespace, kind and its plural, labels, images, containers,
// node, addresses, UID, status, health, reasons, app, and the key names of ConfigMaps and Secrets.
// Annotations are not searched. Sorted, distinct, lower case.
func (s *Summary) Tokens() []string {
	set := tokenSet{tokens: make([]string, 0, 64)}
	s.cut(&set)
	return set.sorted()
}

// HasToken reports whether one of Tokens passes the test.
func (s *Summary) HasToken(test func(token string) bool) bool {
	set := tokenSet{test: test}
	s.cut(&set)
	return set.passed
}

func (s *Summary) cut(set *tokenSet) {
	for _, w := range s.Words {
		set.add(w)
	}
	set.both(s.Name)
	set.both(s.Namespace)
	set.words(s.Kind)
	set.words(Plural(s.Kind))
	set.words(s.Group)
	set.words(s.UID)
	set.words(s.Status)
	if s.Health != Unknown {
		set.words(string(s.Health))
	}
	set.both(s.App)
	set.both(s.Node)
	for k, v := range s.Labels {
		set.both(k)
		set.both(v)
	}
	for _, image := range s.Images {
		set.both(image)
		set.whole(image[strings.LastIndexByte(image, '/')+1:])
	}
	for _, r := range s.Reasons {
		set.words(r)
	}
	for _, ref := range s.OwnerRefs {
		_, name, _ := strings.Cut(ref, "/")
		set.both(name)
	}
	for _, name := range s.Containers {
		set.both(name)
	}
	for _, ip := range s.IPs {
		set.both(ip)
	}
}

// otherWords are the tokens of what no other field of the summary tells: host names, and keys.
func otherWords(s *Summary, obj map[string]any) []string {
	var set tokenSet
	addresses(obj, func(address string) {
		if !slices.Contains(s.IPs, address) {
			set.both(address)
		}
	})
	if s.Group == "" && (s.Kind == "ConfigMap" || s.Kind == "Secret") {
		set.keys(object(obj, "data"))
		set.keys(object(obj, "stringData"))
		set.keys(object(obj, "binaryData"))
		var taken map[string]any // collectors leave the names of the keys of what they take out
		if text := s.Annotations[redactedKeys]; text != "" && json.Unmarshal([]byte(text), &taken) == nil {
			set.keys(taken)
		}
	}
	return set.sorted()
}

// TokensOfText is what free text finds of a record that is no object, such as an event: names are stored whole
// and in words, texts in words.
func TokensOfText(names []string, texts ...string) []string {
	var set tokenSet
	for _, n := range names {
		set.both(n)
	}
	for _, t := range texts {
		set.words(t)
	}
	return set.sorted()
}

type tokenSet struct {
	tokens []string
	query  bool // a query's v1.2 is v1.2 and nothing else

	test   func(token string) bool // when given, tokens are not kept
	passed bool
}

func (t *tokenSet) sorted() []string {
	slices.Sort(t.tokens)
	return slices.Compact(t.tokens)
}

func (t *tokenSet) add(token string) {
	switch {
	case token == "" || len(token) > maxToken:
	case t.test != nil:
		t.passed = t.passed || t.test(token)
	default:
		t.tokens = append(t.tokens, token)
	}
}

func (t *tokenSet) whole(text string) { t.add(strings.ToLower(text)) }

func (t *tokenSet) both(text string) {
	if text == "" {
		return
	}
	t.whole(text)
	t.words(text)
}

// addresses calls f for those of pods, their hosts, nodes, services and load balancers, and for host names.
func addresses(obj map[string]any, f func(string)) {
	spec, status := object(obj, "spec"), object(obj, "status")
	address := func(ip string) {
		if ip != "" && ip != "None" {
			f(ip)
		}
	}
	for _, key := range [...]string{"podIP", "hostIP"} {
		address(str(status, key))
	}
	each(status, "podIPs", func(ip map[string]any) { address(str(ip, "ip")) })
	each(status, "hostIPs", func(ip map[string]any) { address(str(ip, "ip")) })
	each(status, "addresses", func(a map[string]any) { address(str(a, "address")) })
	for _, key := range [...]string{"clusterIP", "loadBalancerIP", "externalName"} {
		address(str(spec, key))
	}
	for _, key := range [...]string{"clusterIPs", "externalIPs"} {
		for _, ip := range list(spec, key) {
			if s, ok := ip.(string); ok {
				address(s)
			}
		}
	}
	each(object(status, "loadBalancer"), "ingress", func(i map[string]any) {
		address(str(i, "ip"))
		address(str(i, "hostname"))
	})
	each(spec, "rules", func(r map[string]any) { address(str(r, "host")) }) // Ingress
	for _, h := range list(spec, "hostnames") {                             // Gateway API routes
		if s, ok := h.(string); ok {
			address(s)
		}
	}
}

func (t *tokenSet) keys(data map[string]any) {
	keys := make([]string, 0, len(data))
	for k := range data {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys[:min(len(keys), maxKeys)] {
		t.both(k)
	}
}

// words cuts text and adds what it finds.
func (t *tokenSet) words(text string) {
	if text == "" {
		return
	}
	if isUUID(text) {
		t.whole(text)
		return
	}
	start := -1
	for i := 0; i < len(text); {
		c := text[i]
		size, in := 1, false
		switch {
		case c < utf8.RuneSelf:
			in = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
				c == '.' && start >= 0 && i+1 < len(text) && digit(text[i-1]) && digit(text[i+1])
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(text[i:])
			in = unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
		}
		switch {
		case in && start < 0:
			start = i
			if len(text)-i >= uuidLen && isUUID(text[i:i+uuidLen]) && (len(text) == i+uuidLen || !alnum(text[i+uuidLen])) {
				t.whole(text[i : i+uuidLen])
				start, size = -1, uuidLen
			}
		case !in && start >= 0:
			t.word(text[start:i])
			start = -1
		}
		i += size
	}
	if start >= 0 {
		t.word(text[start:])
	}
}

func (t *tokenSet) word(w string) {
	t.whole(w)
	if !t.query && len(w) > 1 && (w[0] == 'v' || w[0] == 'V') && digit(w[1]) {
		t.whole(w[1:])
	}
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func alnum(c byte) bool { return digit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

const uuidLen = 36

func isUUID(s string) bool {
	if len(s) != uuidLen {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !digit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
