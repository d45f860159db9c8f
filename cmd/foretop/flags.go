package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	quantity "k8s.io/apimachinery/pkg/api/resource"

	"github.com/foretop/foretop/internal/telemetry"
)

// noArguments is cobra.NoArgs with an exit code of 2.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}

type logFlags struct {
	level  logLevel
	format logFormat
}

func (f *logFlags) register(flags *pflag.FlagSet) {
	f.format = "text"
	flags.Var(&f.level, "log-level", "least important records that are written: debug, info, warn or error")
	flags.Var(&f.format, "log-format", "text or json")
}

func (f *logFlags) logger(w io.Writer) *slog.Logger {
	return telemetry.Logger(w, slog.Level(f.level), f.format == "json")
}

type logLevel slog.Level

func (l *logLevel) String() string { return strings.ToLower(slog.Level(*l).String()) }
func (l *logLevel) Type() string   { return "level" }

func (l *logLevel) Set(s string) error {
	if err := (*slog.Level)(l).UnmarshalText([]byte(s)); err != nil {
		return fmt.Errorf("must be debug, info, warn or error")
	}
	return nil
}

type logFormat string

func (f *logFormat) String() string { return string(*f) }
func (f *logFormat) Type() string   { return "format" }

func (f *logFormat) Set(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("must be text or json")
	}
	*f = logFormat(s)
	return nil
}

// byteSize is an amount of bytes as Kubernetes writes them.
type byteSize int64

// leastBytes is a few files of what is kept.
const leastBytes = 256 << 20

func (b *byteSize) String() string {
	return quantity.NewQuantity(int64(*b), quantity.BinarySI).String()
}
func (b *byteSize) Type() string { return "bytes" }

func (b *byteSize) Set(s string) error {
	q, err := quantity.ParseQuantity(s)
	if err != nil || q.Value() < leastBytes {
		return fmt.Errorf("must be an amount of at least 256Mi, such as 4Gi or 500Mi")
	}
	*b = byteSize(q.Value())
	return nil
}
