package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// login is what 'foretop login' remembers.
type login struct {
	Server string `json:"server"`
	Token  string `json:"token"`
}

func loginPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for settings: %w", err)
	}
	return filepath.Join(dir, "foretop", "login.json"), nil
}

func readLogin() (login, error) {
	path, err := loginPath()
	if err != nil {
		return login{}, err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return login{}, err
	}
	var l login
	if err := json.Unmarshal(raw, &l); err != nil {
		return login{}, fmt.Errorf("read %s: %w", path, err)
	}
	return l, nil
}

func loginCommand() *cobra.Command {
	var flags hubFlags
	var forget bool
	cmd := &cobra.Command{
		Use:   "login [URL]",
		Short: "Remember a hub and its token for later commands",
		Long: `Check a hub's address and token, and remember them for later commands.
URL may be the whole address that foretop up prints, token included. Without a token one is read from standard input.`,
		Example: `  foretop login 'http://127.0.0.1:7080/login#token=...'
  foretop login --server https://foretop.example.com < token-file`,
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := loginPath()
			if err != nil {
				return err
			}
			if forget {
				if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
					return fmt.Errorf("forget login: %w", err)
				}
				return nil
			}
			if len(args) == 1 {
				address, token, _ := strings.Cut(args[0], "#token=")
				flags.server = strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/login")
				if token != "" {
					flags.token = token
				}
			}
			if flags.server != "" && flags.token == "" {
				if flags.token, err = askToken(cmd); err != nil {
					return err
				}
			}
			h, err := flags.open()
			if err != nil {
				return err
			}
			var answer struct{ Viewer struct{ User string } }
			if err := h.ask(cmd.Context(), `{viewer{user}}`, nil, &answer); err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return fmt.Errorf("remember login: %w", err)
			}
			raw, err := json.Marshal(login{h.url, h.token})
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				return fmt.Errorf("remember login: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Logged in to %s as %s.\n", h.url, answer.Viewer.User)
			return nil
		},
	}
	flags.register(cmd.Flags())
	cmd.Flags().BoolVar(&forget, "forget", false, "forget what was remembered")
	return cmd
}

func askToken(cmd *cobra.Command) (string, error) {
	if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(cmd.ErrOrStderr(), "Token: ")
		raw, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		return strings.TrimSpace(string(raw)), err
	}
	raw, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 4096))
	token := strings.TrimSpace(string(raw))
	if err == nil && token == "" {
		err = usageError{errors.New("no token: give FORETOP_TOKEN, or write it to standard input")}
	}
	return token, err
}
