package ql

import (
	"regexp"
	"strings"
)

// The parts of an image reference, [REGISTRY/]REPO[:TAG][@DIGEST]. ClickHouse cuts with the same expressions, see
// imagePart in clickhouse.go.
const (
	imageTagged   = `:([^:/]+)$`
	imageRegistry = `^([^/]*[.:][^/]*|localhost)/`
	defaultReg    = "docker.io"
	defaultTag    = "latest"
)

var (
	tagged     = regexp.MustCompile(imageTagged)
	registried = regexp.MustCompile(imageRegistry)
)

type imageRef struct{ registry, repo, tag, digest string }

func parseImage(image string) imageRef {
	var r imageRef
	rest, digest, hasDigest := strings.Cut(image, "@")
	r.digest = digest
	if m := tagged.FindStringSubmatch(rest); m != nil {
		r.tag, rest = m[1], rest[:len(rest)-len(m[0])]
	} else if !hasDigest {
		r.tag = defaultTag
	}
	r.registry, r.repo = defaultReg, rest
	if m := registried.FindStringSubmatch(rest); m != nil {
		r.registry, r.repo = m[1], rest[len(m[0]):]
	}
	return r
}

func (r imageRef) part(field string) string {
	switch field {
	case "image.tag":
		return r.tag
	case "image.repo":
		return r.repo
	case "image.registry":
		return r.registry
	default:
		return r.digest
	}
}

// imagePattern is the expression that image:VALUE asks of lower-cased references: VALUE may begin at any slash and
// stop before the tag or the digest, so that nginx finds docker.io/library/nginx:1.27.
func imagePattern(value string) string {
	return `(?s)^(?:.*/)?(?:` + value + `)(?::[^/@]*)?(?:@.*)?$`
}
