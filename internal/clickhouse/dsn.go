package clickhouse

import (
	"fmt"
	"net/url"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/foretop/foretop/internal/access"
)

const dsnFix = "Write it as clickhouse://USER:PASSWORD@HOST:9000/DATABASE or http(s)://USER:PASSWORD@HOST:8123/DATABASE, or leave it out to use the embedded engine."

func parseDSN(dsn string) (*ch.Options, error) {
	bad := func(why string) error {
		return &access.Error{Code: "INVALID", Message: "The ClickHouse address " + redact(dsn) + " cannot be used: " + why + ".", Fix: dsnFix}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, bad("it is not a URL")
	}
	switch u.Scheme {
	case "clickhouse", "tcp", "native", "http", "https":
	case "":
		return nil, bad("it has no scheme")
	default:
		return nil, bad(fmt.Sprintf("the scheme %q is not known", u.Scheme))
	}
	if u.Host == "" {
		return nil, bad("it names no host")
	}
	options, err := ch.ParseDSN(dsn)
	if err != nil {
		return nil, bad(err.Error())
	}
	return options, nil
}

// unreachable says who did not answer, with the remedy.
func unreachable(dsn string, err error) error {
	if dsn == "" {
		return fmt.Errorf("ask the embedded engine: %w", err)
	}
	return &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("ClickHouse at %s does not answer: %v.", redact(dsn), err), Fix: "Check the address, the user and the password, or leave the address out to use the embedded engine."}
}

// redact hides the password of a DSN, also of one that is no URL.
func redact(dsn string) string {
	if u, err := url.Parse(dsn); err == nil {
		if q := u.Query(); q.Has("password") {
			q.Set("password", "xxxxx")
			u.RawQuery = q.Encode()
		}
		return u.Redacted()
	}
	if _, host, ok := strings.Cut(dsn, "@"); ok {
		return "...@" + host
	}
	return "(not shown)"
}
