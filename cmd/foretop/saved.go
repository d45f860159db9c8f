package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// savedSearch is a search that somebody gave a name.
type savedSearch struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Query       string     `json:"query"`
	Page        string     `json:"page"`
	Owner       string     `json:"owner"`
	Shared      bool       `json:"shared"`
	Mine        bool       `json:"mine"`
	UpdatedAt   *time.Time `json:"updatedAt"`
}

const savedFields = `{id name description query page owner shared mine updatedAt}`

func savedCommand() *cobra.Command {
	var conn hubFlags
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "saved",
		Short: "List, run and keep searches under a name",
		Example: `  foretop saved
  foretop saved add broken is:unhealthy cluster:prod-* --share
  foretop saved run broken -o wide`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(); err != nil {
				return err
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			list, err := h.saved(cmd.Context())
			if err != nil {
				return err
			}
			return printSaved(cmd, list, &output)
		},
	}
	conn.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.AddCommand(savedRunCommand(), savedAddCommand(), savedRemoveCommand(), savedRenameCommand(),
		savedShareCommand("share NAME", "Let everybody see and run a search of yours", true),
		savedShareCommand("unshare NAME", "Keep a search of yours to yourself again", false))
	return cmd
}

func printSaved(cmd *cobra.Command, list []*savedSearch, output *outputFlags) error {
	out := cmd.OutOrStdout()
	switch {
	case output.format == "name":
		for _, s := range list {
			fmt.Fprintln(out, s.Name)
		}
		return nil
	case !output.table():
		return output.document(out, map[string]any{"items": list})
	case len(list) == 0:
		fmt.Fprintln(cmd.ErrOrStderr(), "Nothing is saved. Save a search with: foretop saved add NAME QUERY...")
		return nil
	}
	var rows [][]string
	for _, s := range list {
		owner := s.Owner
		if s.Mine {
			owner = "you"
		}
		shared := "no"
		if s.Shared {
			shared = "yes"
		}
		rows = append(rows, []string{s.Name, s.Page, owner, shared, ago(s.UpdatedAt), orDash(s.Query), orDash(s.Description)})
	}
	return output.grid(out, []column{{name: "NAME"}, {name: "PAGE"}, {name: "OWNER"}, {name: "SHARED"}, {name: "CHANGED"}, {name: "QUERY"}, {name: "DESCRIPTION", wide: true}}, rows)
}

func (h *hub) saved(ctx context.Context) ([]*savedSearch, error) {
	var answer struct{ SavedSearches []*savedSearch }
	err := h.ask(ctx, `{savedSearches`+savedFields+`}`, nil, &answer)
	return answer.SavedSearches, err
}

// savedNamed finds a search by NAME, one's own before others', or by OWNER/NAME.
func (h *hub) savedNamed(ctx context.Context, name string) (*savedSearch, error) {
	list, err := h.saved(ctx)
	if err != nil {
		return nil, err
	}
	var others []*savedSearch
	for _, s := range list {
		switch {
		case s.Mine && strings.EqualFold(s.Name, name):
			return s, nil
		case strings.EqualFold(s.Name, name), strings.EqualFold(s.Owner+"/"+s.Name, name):
			others = append(others, s)
		}
	}
	switch len(others) {
	case 0:
		return nil, fmt.Errorf("there is no saved search %q. List them with: foretop saved", name)
	case 1:
		return others[0], nil
	}
	var names []string
	for _, s := range others {
		names = append(names, s.Owner+"/"+s.Name)
	}
	return nil, usageError{fmt.Errorf("%d people share a search named %q; say whose: %s", len(others), name, strings.Join(names, ", "))}
}

// mine is savedNamed for what only the owner may do.
func (h *hub) mine(ctx context.Context, name string) (*savedSearch, error) {
	s, err := h.savedNamed(ctx, name)
	if err == nil && !s.Mine {
		err = &exitError{exitRefused, fmt.Errorf("the search %q is %s's. Save a copy of your own: foretop saved add NAME %s", s.Name, s.Owner, s.Query)}
	}
	return s, err
}

func (h *hub) save(ctx context.Context, s *savedSearch) (*savedSearch, error) {
	input := map[string]any{"name": s.Name, "description": s.Description, "query": s.Query, "page": s.Page, "shared": s.Shared}
	if s.ID != "" {
		input["id"] = s.ID
	}
	var answer struct{ SaveSearch *savedSearch }
	err := h.ask(ctx, `mutation($input:SavedSearchInput!){saveSearch(input:$input)`+savedFields+`}`, map[string]any{"input": input, "query": s.Query}, &answer)
	return answer.SaveSearch, err
}

// savedRunCommand is search, changes or events, as the saved search has it, with their flags.
func savedRunCommand() *cobra.Command {
	byPage := map[string]*cobra.Command{"resources": searchCommand(), "changes": changesCommand(), "events": eventsCommand()}
	var conn hubFlags
	cmd := &cobra.Command{
		Use:   "run NAME [QUERY...]",
		Short: "Run a saved search, narrowed by further words",
		Long: `Run a saved search as search, changes or events would, with their flags. Further words narrow it.
A search that somebody else shares is found by its name too, or as OWNER/NAME.`,
		Example: `  foretop saved run broken
  foretop saved run broken cluster:zone1 -o ref
  foretop saved run ada/broken --count`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("which one? List them with: foretop saved")}
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			s, err := h.savedNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			run := byPage[s.Page]
			if run == nil {
				return fmt.Errorf("%q is a search of %s, which this foretop does not know", s.Name, s.Page)
			}
			var problem error
			cmd.Flags().Visit(func(f *pflag.Flag) {
				if problem != nil {
					return
				}
				if run.Flags().Lookup(f.Name) == nil {
					problem = usageError{fmt.Errorf("--%s is nothing for %q, a search of %s", f.Name, s.Name, s.Page)}
				} else if err := setFlag(run.Flags(), f); err != nil {
					problem = usageError{fmt.Errorf("--%s: %w", f.Name, err)}
				}
			})
			if problem != nil {
				return problem
			}
			run.SetContext(cmd.Context())
			run.SetIn(cmd.InOrStdin())
			run.SetOut(cmd.OutOrStdout())
			run.SetErr(cmd.ErrOrStderr())
			words := []string{s.Query}
			if len(args) > 1 && strings.Contains(s.Query, " OR ") {
				words[0] = "(" + s.Query + ")"
			}
			return run.RunE(run, append(words, args[1:]...))
		},
		ValidArgsFunction: completeSaved(&conn),
	}
	conn.register(cmd.Flags())
	for _, page := range []string{"resources", "changes", "events"} {
		byPage[page].Flags().VisitAll(func(f *pflag.Flag) {
			if cmd.Flags().Lookup(f.Name) == nil {
				own := *f
				own.Value = &typed{f.Value, f.Value.String()}
				cmd.Flags().AddFlag(&own)
			}
		})
	}
	completeFlags(cmd, &conn)
	return cmd
}

// typed is a flag that takes any text: whose flag it is says what the search is of, which is known later.
type typed struct {
	kind pflag.Value
	text string
}

func (t *typed) String() string     { return t.text }
func (t *typed) Set(s string) error { t.text = s; return nil }
func (t *typed) Type() string       { return t.kind.Type() }

func setFlag(flags *pflag.FlagSet, from *pflag.Flag) error {
	if from.Name == "help" {
		return nil
	}
	return flags.Set(from.Name, from.Value.String())
}

func savedAddCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	s := savedSearch{}
	var replace bool
	cmd := &cobra.Command{
		Use:   "add NAME QUERY...",
		Short: "Save a search under a name",
		Example: `  foretop saved add broken is:unhealthy -C prod-*
  foretop saved add "what helm did" --page changes changed.by:helm --share`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("want a name and a query: foretop saved add NAME QUERY")}
			}
			terms, err := scope.terms()
			if err != nil {
				return err
			}
			s.Name, s.Query = args[0], joinQuery(args[1:], terms)
			h, err := conn.open()
			if err != nil {
				return err
			}
			if replace {
				list, err := h.saved(cmd.Context())
				if err != nil {
					return err
				}
				if i := slices.IndexFunc(list, func(had *savedSearch) bool { return had.Mine && strings.EqualFold(had.Name, s.Name) }); i >= 0 {
					had := list[i]
					s.ID = had.ID
					if !cmd.Flags().Changed("share") {
						s.Shared = had.Shared
					}
					if !cmd.Flags().Changed("description") {
						s.Description = had.Description
					}
				}
			}
			done, err := h.save(cmd.Context(), &s)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "saved/%s\n", done.Name)
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, noFiles
			}
			return completeQuery(&conn, &scope)(cmd, args[1:], word)
		},
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	cmd.Flags().StringVar(&s.Page, "page", "resources", "what it searches: resources, changes or events")
	cmd.Flags().StringVar(&s.Description, "description", "", "what it is for")
	cmd.Flags().BoolVar(&s.Shared, "share", false, "let everybody see and run it")
	cmd.Flags().BoolVar(&replace, "replace", false, "replace your search of this name, if there is one")
	_ = cmd.RegisterFlagCompletionFunc("page", cobra.FixedCompletions([]string{"resources", "changes", "events"}, noFiles))
	completeFlags(cmd, &conn)
	return cmd
}

// savedChange is a sub-command that does something to one search of one's own.
func savedChange(use, short string, args int, do func(cmd *cobra.Command, h *hub, s *savedSearch, rest []string) error) *cobra.Command {
	var conn hubFlags
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args: func(_ *cobra.Command, got []string) error {
			if len(got) != args {
				return usageError{fmt.Errorf("want: foretop saved %s", use)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			s, err := h.mine(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return do(cmd, h, s, args[1:])
		},
		ValidArgsFunction: completeSaved(&conn),
	}
	conn.register(cmd.Flags())
	return cmd
}

func savedRemoveCommand() *cobra.Command {
	cmd := savedChange("rm NAME", "Delete a search of yours", 1, func(cmd *cobra.Command, h *hub, s *savedSearch, _ []string) error {
		var answer struct{ DeleteSavedSearch bool }
		if err := h.ask(cmd.Context(), `mutation($id:ID!){deleteSavedSearch(id:$id)}`, map[string]any{"id": s.ID}, &answer); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "saved/%s deleted\n", s.Name)
		return nil
	})
	cmd.Aliases = []string{"delete", "remove"}
	return cmd
}

func savedRenameCommand() *cobra.Command {
	cmd := savedChange("rename NAME NEW-NAME", "Give a search of yours another name", 2, func(cmd *cobra.Command, h *hub, s *savedSearch, rest []string) error {
		s.Name = rest[0]
		done, err := h.save(cmd.Context(), s)
		if err == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "saved/%s\n", done.Name)
		}
		return err
	})
	cmd.Aliases = []string{"mv"}
	return cmd
}

func savedShareCommand(use, short string, shared bool) *cobra.Command {
	return savedChange(use, short, 1, func(cmd *cobra.Command, h *hub, s *savedSearch, _ []string) error {
		s.Shared = shared
		if _, err := h.save(cmd.Context(), s); err != nil {
			return err
		}
		word := "shared"
		if !shared {
			word = "not shared"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "saved/%s is %s\n", s.Name, word)
		return nil
	})
}

func completeSaved(conn *hubFlags) completion {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil || len(args) > 0 {
			return nil, noFiles
		}
		list, err := h.saved(cmd.Context())
		if err != nil {
			return nil, noFiles
		}
		var names []string
		for _, s := range list {
			if strings.HasPrefix(strings.ToLower(s.Name), strings.ToLower(word)) {
				names = append(names, s.Name+"\t"+s.Query)
			}
		}
		return names, noFiles
	}
}
