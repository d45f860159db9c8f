package state

import (
	"context"
	"errors"
	"log/slog"
	"runtime"

	"go.uber.org/zap/zapcore"
)

// logCore hands etcd's log to ours, two levels down: what etcd warns of at every start is no concern of an operator.
type logCore struct {
	log    *slog.Logger
	fields []zapcore.Field
}

func (c *logCore) Enabled(l zapcore.Level) bool {
	return l >= zapcore.WarnLevel && c.log.Enabled(context.Background(), level(l))
}

func (c *logCore) With(fields []zapcore.Field) zapcore.Core {
	return &logCore{c.log, append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

func (c *logCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if e.Level >= zapcore.WarnLevel { // also when our log is quieter: a fatal one must reach its hook
		return checked.AddCore(e, c)
	}
	return checked
}

func (c *logCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range c.fields {
		f.AddTo(enc)
	}
	for _, f := range fields {
		f.AddTo(enc)
	}
	args := []any{"said", e.Message}
	for k, v := range enc.Fields {
		args = append(args, k, v)
	}
	l := level(e.Level)
	if e.Message == "failed to update storage version" {
		l = slog.LevelDebug // at the first start of every new folder, where there is no version yet
	}
	c.log.Log(context.Background(), l, "embedded etcd reports", args...)
	return nil
}

func (c *logCore) Sync() error { return nil }

func level(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.DPanicLevel:
		return slog.LevelError
	case l == zapcore.ErrorLevel:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// fatal takes the place of os.Exit and panic, with which etcd ends when it cannot write its files: the hub must get
// to say why.
type fatal struct{ server *server }

func (f fatal) OnWrite(e *zapcore.CheckedEntry, fields []zapcore.Field) {
	err := errors.New(e.Message)
	for _, field := range fields {
		if field.Type == zapcore.ErrorType {
			if cause, ok := field.Interface.(error); ok {
				err = errors.Join(err, cause)
			}
		}
	}
	f.server.fail(err)
	runtime.Goexit()
}
