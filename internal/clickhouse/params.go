package clickhouse

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Params are the values of one statement. Each method takes a value and returns the placeholder to write in the
// SQL, which the database, not this program, replaces. The zero value is ready; one Params serves one statement.
type Params struct {
	values ch.Parameters
}

func (p *Params) add(kind, text string) string {
	if p.values == nil {
		p.values = ch.Parameters{}
	}
	name := "p" + strconv.Itoa(len(p.values))
	p.values[name] = text
	return "{" + name + ":" + kind + "}"
}

// escaped is the form in which ClickHouse reads a parameter's whole text.
var escaped = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`, "\b", `\b`, "\f", `\f`)

// String passes a text.
func (p *Params) String(v string) string { return p.add("String", escaped.Replace(v)) }

// inQuotes is the form of a text within a list.
var inQuotes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`, "\b", `\b`, "\f", `\f`)

// Strings passes a list of texts. Over HTTP the list travels in the URL: a server takes 1 MiB by default.
func (p *Params) Strings(v []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\'')
		inQuotes.WriteString(&b, s)
		b.WriteByte('\'')
	}
	b.WriteByte(']')
	return p.add("Array(String)", b.String())
}

// Int passes an integer.
func (p *Params) Int(v int64) string { return p.add("Int64", strconv.FormatInt(v, 10)) }

// Uint passes a natural number.
func (p *Params) Uint(v uint64) string { return p.add("UInt64", strconv.FormatUint(v, 10)) }

// Uints passes a list of natural numbers.
func (p *Params) Uints(v []uint64) string {
	b := []byte{'['}
	for i, n := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	return p.add("Array(UInt64)", string(append(b, ']')))
}

// Float passes a number; NaN and the infinities too.
func (p *Params) Float(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	switch {
	case math.IsNaN(v):
		text = "nan"
	case math.IsInf(v, 1):
		text = "inf"
	case math.IsInf(v, -1):
		text = "-inf"
	}
	return p.add("Float64", text)
}

// Bounds of DateTime64: what lies outside is moved to the bound, as the columns do.
var (
	earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2299, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// Time passes a moment in milliseconds.
func (p *Params) Time(v time.Time) string {
	if v.Before(earliest) {
		v = earliest
	}
	if v.After(latest) {
		v = latest
	}
	return p.add("DateTime64(3, 'UTC')", v.UTC().Truncate(time.Millisecond).Format("2006-01-02 15:04:05.000"))
}

// into puts the values where clickhouse-go takes them from.
func (p *Params) into(ctx context.Context) context.Context {
	if p == nil || len(p.values) == 0 {
		return ch.Context(ctx)
	}
	return ch.Context(ctx, ch.WithParameters(p.values))
}
