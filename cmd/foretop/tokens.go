package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

type tokenRow struct {
	Name      string     `json:"name"`
	CreatedAt *time.Time `json:"createdAt"`
	CreatedBy string     `json:"createdBy"`
	ExpiresAt *time.Time `json:"expiresAt"`
	Expired   bool       `json:"expired"`
}

func tokensCommand() *cobra.Command {
	var conn hubFlags
	var output outputFlags
	cmd := &cobra.Command{
		Use:     "tokens",
		Aliases: []string{"token"},
		Short:   "List, make and revoke tokens by which people and programs log in under names of their own",
		Example: `  foretop tokens create anna --ttl 720h
  foretop login --server http://hub:7080 --token ftt_anna....`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(); err != nil {
				return err
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			var answer struct{ Tokens []*tokenRow }
			if err := h.ask(cmd.Context(), `{tokens{name createdAt createdBy expiresAt expired}}`, nil, &answer); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case output.format == "name":
				for _, t := range answer.Tokens {
					fmt.Fprintln(out, "token/"+t.Name)
				}
				return nil
			case !output.table():
				return output.document(out, map[string]any{"items": answer.Tokens})
			case len(answer.Tokens) == 0:
				fmt.Fprintln(cmd.ErrOrStderr(), "No named tokens. Make one with: foretop tokens create NAME")
				return nil
			}
			var rows [][]string
			for _, t := range answer.Tokens {
				expires := "never"
				if t.ExpiresAt != nil {
					expires = t.ExpiresAt.Local().Format(time.DateTime)
				}
				if t.Expired {
					expires += " (expired)"
				}
				rows = append(rows, []string{t.Name, expires, t.CreatedBy, ago(t.CreatedAt)})
			}
			return output.grid(out, []column{{name: "NAME"}, {name: "EXPIRES"}, {name: "MADE BY"}, {name: "AGE"}}, rows)
		},
	}
	conn.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.AddCommand(tokensCreateCommand(), tokensRevokeCommand())
	return cmd
}

func tokensCreateCommand() *cobra.Command {
	var conn hubFlags
	var ttl time.Duration
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token; it is shown once",
		Args:  exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("ttl") && ttl < time.Second || ttl > 20*365*24*time.Hour {
				return usageError{errors.New("--ttl must be from 1s to 20 years")}
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			vars := map[string]any{"name": args[0]}
			if ttl > 0 {
				vars["ttl"] = int(ttl / time.Second)
			}
			var answer struct {
				CreateToken struct {
					Token     string
					ExpiresAt *time.Time
				}
			}
			if err := h.ask(cmd.Context(), `mutation($name:String!,$ttl:Int){createToken(name:$name,ttlSeconds:$ttl){token expiresAt}}`, vars, &answer); err != nil {
				return err
			}
			until := "until it is revoked"
			if at := answer.CreateToken.ExpiresAt; at != nil {
				until = "until " + at.Local().Format(time.DateTime)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s logs in with this. It is shown once and is good %s:\n", args[0], until)
			fmt.Fprintln(cmd.OutOrStdout(), answer.CreateToken.Token)
			return nil
		},
	}
	conn.register(cmd.Flags())
	cmd.Flags().DurationVar(&ttl, "ttl", 0, "for how long it is good: 24h, 720h; default until it is revoked")
	return cmd
}

func tokensRevokeCommand() *cobra.Command {
	var conn hubFlags
	cmd := &cobra.Command{
		Use:     "revoke NAME",
		Aliases: []string{"rm"},
		Short:   "Have a token, and sessions that began with it, open nothing any more",
		Args:    exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			var answer struct{ RevokeToken bool }
			if err := h.ask(cmd.Context(), `mutation($name:String!){revokeToken(name:$name)}`, map[string]any{"name": args[0]}, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "token/%s revoked\n", args[0])
			return nil
		},
	}
	conn.register(cmd.Flags())
	return cmd
}
