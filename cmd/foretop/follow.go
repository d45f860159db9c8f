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

// follower prints what happens as it becomes known: what the stretch holds first, oldest first, then what is new.
type follower[T any] struct {
	fetch func(vars map[string]any) (*stretch[T], error)
	id    func(T) string
	at    func(T) *time.Time
	print func([]T) error
}

const (
	followEvery = time.Second
	// followAgain is how far back each look reaches behind the newest that is known: members' clocks differ, and what
	// a slow one tells comes late.
	followAgain = time.Minute
)

func (f *follower[T]) run(cmd *cobra.Command, span *spanFlags, vars map[string]any) error {
	if span.until != "" {
		return usageError{errors.New("what is to come has no --until: leave out that or --watch")}
	}
	seen := map[string]time.Time{}
	begin, _ := vars["from"].(time.Time)
	newest := begin
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
		return f.print(fresh)
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
