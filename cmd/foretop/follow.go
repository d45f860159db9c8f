package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// stretch is an answer to a question about a stretch of time, newest first.
type stretch[T any] struct {
	list     []T
	more     bool
	coverage coverage
}

// happenings are things of a stretch of time and how they are printed.
type happenings[T any] struct {
	fetch   func(vars map[string]any) (*stretch[T], error)
	id      func(T) string
	at      func(T) *time.Time
	columns []column
	row     func(T) []string
	name    func(T) string // of -o name and ref
}

// list prints what the stretch holds, newest first.
func (f *happenings[T]) list(cmd *cobra.Command, output *outputFlags, span *spanFlags, scope *scopeFlags, vars map[string]any) error {
	s, err := f.fetch(vars)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch {
	case output.format == "name", output.format == "ref":
		for _, x := range s.list {
			fmt.Fprintln(out, f.name(x))
		}
	case !output.table():
		err = output.document(out, map[string]any{"items": s.list})
	case len(s.list) > 0:
		var rows [][]string
		for _, x := range s.list {
			rows = append(rows, f.row(x))
		}
		err = output.grid(out, f.columns, rows)
	}
	if err != nil {
		return err
	}
	span.shown(cmd, len(s.list), s.more, &s.coverage)
	return scope.check(&s.coverage)
}

const (
	followEvery = time.Second
	// followAgain is how far back each look reaches behind the newest that is known: members' clocks differ, and what
	// a slow one tells comes late.
	followAgain = time.Minute
)

// follow prints things as they become known: what the stretch holds first, oldest first, then what is new.
func (f *happenings[T]) follow(cmd *cobra.Command, output *outputFlags, span *spanFlags, vars map[string]any) error {
	if span.until != "" {
		return usageError{errors.New("what is to come has no --until: leave out that or --watch")}
	}
	seen := map[string]time.Time{}
	begin, _ := vars["from"].(time.Time)
	newest := begin
	printed := inTurn(cmd, output, f.columns, f.row, f.name)
	take := func(s *stretch[T]) error {
		var fresh []T
		for _, x := range slices.Backward(s.list) {
			id := f.id(x)
			if _, had := seen[id]; had {
				continue
			}
			at := time.Now()
			if t := f.at(x); t != nil {
				at = *t
			}
			seen[id] = at
			if at.After(newest) {
				newest = at
			}
			fresh = append(fresh, x)
		}
		maps.DeleteFunc(seen, func(_ string, at time.Time) bool { return at.Before(newest.Add(-2 * followAgain)) })
		return printed(fresh)
	}
	first, err := f.fetch(vars)
	if err != nil {
		return err
	}
	if err := take(first); err != nil {
		return err
	}
	if n := len(first.list); first.more && n > 0 { // what lies before was cut by --limit
		if t := f.at(first.list[n-1]); t != nil {
			begin = *t
		}
	}
	told := false
	for {
		select {
		case <-cmd.Context().Done():
			return &exitError{code: 130}
		case <-time.After(followEvery):
		}
		from := newest.Add(-followAgain)
		if from.Before(begin) {
			from = begin
		}
		vars["from"], vars["first"] = from, 1000
		s, err := f.fetch(vars)
		var coded *exitError
		switch {
		case cmd.Context().Err() != nil:
			return &exitError{code: 130}
		case errors.As(err, &coded) && coded.code > 1:
			return err // it will not get better
		case err != nil:
			if !told {
				fmt.Fprintf(cmd.ErrOrStderr(), "Waiting: %v\n", err)
			}
			told = true
			continue
		}
		told = false
		if s.more {
			fmt.Fprintln(cmd.ErrOrStderr(), "More came at once than is printed; narrow the query to see all.")
		}
		if err := take(s); err != nil {
			return err
		}
	}
}

// inTurn prints things as they come: table rows in columns that stay where they are, names, or a document each.
func inTurn[T any](cmd *cobra.Command, output *outputFlags, columns []column, row func(T) []string, name func(T) string) func([]T) error {
	var table *tableWriter
	return func(list []T) error {
		for _, x := range list {
			switch {
			case output.format == "name", output.format == "ref":
				fmt.Fprintln(cmd.OutOrStdout(), name(x))
			case output.format == "yaml":
				fmt.Fprintln(cmd.OutOrStdout(), "---")
				if err := output.document(cmd.OutOrStdout(), x); err != nil {
					return err
				}
			case !output.table():
				if err := output.document(cmd.OutOrStdout(), x); err != nil {
					return err
				}
			default:
				if table == nil {
					table = newTableWriter(cmd.OutOrStdout(), columns, output)
				}
				if err := table.row(row(x)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
