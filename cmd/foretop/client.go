package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes of the user's verbs, beside 0 and kubectl's 1.
const (
	exitUsage   = 2 // also a query with a mistake
	exitPartial = 3 // --require-complete and a cluster did not answer
	exitTargets = 4 // an action had failed targets
	exitRefused = 5 // by rights, protection or a missing confirmation
)

// clientCommands are the user's verbs. Each is a question to a hub over GraphQL.
func clientCommands() []*cobra.Command {
	return []*cobra.Command{
		searchCommand(), getCommand(), historyCommand(), diffCommand(), changesCommand(), eventsCommand(),
		describeCommand(), treeCommand(), usesCommand(), usedByCommand(),
		savedCommand(), clustersCommand(), restartCommand("restart"), evictCommand(), rolloutCommand(), scaleCommand(), setCommand(), labelCommand(), annotateCommand(),
		cordonCommand(), uncordonCommand(), drainCommand(), createCommand(), rerunCommand(), applyCommand(), deleteCommand(), revertCommand(), actionsCommand(),
		auditCommand(), tokensCommand(),
		loginCommand(), kubeconfigCommand(), versionCommand(),
	}
}

// hubFlags say which hub is asked.
type hubFlags struct {
	server, token, dataDir string
	timeout                time.Duration
}

func (f *hubFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.server, "server", "", "address of the hub, http://HOST:PORT; default: where you logged in, else the hub of this machine")
	flags.StringVar(&f.token, "token", "", "token to log in with; better given as FORETOP_TOKEN")
	flags.StringVar(&f.dataDir, "data-dir", "", "data folder of a hub on this machine, whose address and token are read from it")
	flags.DurationVar(&f.timeout, "request-timeout", 30*time.Second, "how long one request to the hub may take")
}

// hub is a connection to one.
type hub struct {
	url, token string
	http       *http.Client
}

// open finds the hub: by flags or environment, by --data-dir, by an earlier login, or the one of this machine.
func (f *hubFlags) open() (*hub, error) {
	h := &hub{url: strings.TrimRight(f.server, "/"), token: f.token, http: &http.Client{Timeout: f.timeout}}
	if h.url != "" && !strings.Contains(h.url, "://") {
		h.url = "http://" + h.url
	}
	if u, err := url.Parse(h.url); h.url != "" && (err != nil || u.Host == "") {
		return nil, usageError{fmt.Errorf("--server %s is not an address like http://127.0.0.1:7080", f.server)}
	}
	if h.url != "" && h.token != "" {
		return h, nil
	}
	saved, savedErr := readLogin()
	if savedErr == nil && f.dataDir == "" && (h.url == "" || h.url == saved.Server) {
		h.url = saved.Server
		if h.token == "" {
			h.token = saved.Token
		}
		return h, nil
	}
	dir := f.dataDir
	if dir == "" {
		dir = defaultDataDir()
	}
	localURL, err := os.ReadFile(filepath.Join(dir, "hub.url"))
	if err != nil {
		if h.url != "" {
			return nil, &exitError{exitRefused, fmt.Errorf("no token for %s: give FORETOP_TOKEN, or log in with: foretop login --server %s", h.url, h.url)}
		}
		return nil, fmt.Errorf("no hub is known: %s has none. Start one with 'foretop up', or name one with --server and FORETOP_TOKEN", dir)
	}
	local := strings.TrimSpace(string(localURL))
	if h.url != "" && h.url != local {
		return nil, &exitError{exitRefused, fmt.Errorf("no token for %s: give FORETOP_TOKEN, or log in with: foretop login --server %s", h.url, h.url)}
	}
	h.url = local
	if h.token == "" {
		raw, err := os.ReadFile(filepath.Join(dir, "admin.token"))
		if err != nil {
			return nil, fmt.Errorf("read the hub's token: %w", err)
		}
		h.token = strings.TrimSpace(string(raw))
	}
	return h, nil
}

// hubError is an answer of the hub that people can read.
type hubError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code string `json:"code"`
		Fix  string `json:"fix"`
		From int    `json:"from"`
		To   int    `json:"to"`
	} `json:"extensions"`
	query string // what From and To count in
}

func (e *hubError) Error() string {
	s := e.Message
	if e.Extensions.Fix != "" && !strings.Contains(s, e.Extensions.Fix) {
		s += " " + e.Extensions.Fix
	}
	if x := e.Extensions; e.query != "" && x.To > x.From && x.To <= len(e.query) && !strings.Contains(e.query, "\n") {
		s += "\n  " + e.query + "\n  " + strings.Repeat(" ", len([]rune(e.query[:x.From]))) + strings.Repeat("^", len([]rune(e.query[x.From:x.To])))
	}
	return s
}

// code is the exit code that fits.
func (e *hubError) code() int {
	switch c := e.Extensions.Code; {
	case strings.HasPrefix(c, "QL_"), c == "BAD_REQUEST":
		return exitUsage
	case c == "FORBIDDEN", c == "UNAUTHENTICATED", c == "CONFIRMATION_REQUIRED", c == "APPROVAL_REQUIRED":
		return exitRefused
	}
	return 1
}

// ask sends one GraphQL request and fills into from data. "query" of vars is what positions in errors count in.
func (h *hub) ask(ctx context.Context, query string, vars map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return usageError{err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("User-Agent", "foretop/"+version)
	resp, err := h.http.Do(req)
	if err != nil {
		return h.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return h.unreachable(ctx, err)
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []*hubError     `json:"errors"`
		// Before a request reaches the graph, the hub answers one error as such.
		Code, Message, Fix string
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("%s is no Foretop hub: it answered %s with something that is no GraphQL", h.url, resp.Status)
	}
	if len(answer.Errors) > 0 {
		e := answer.Errors[0]
		e.query, _ = vars["query"].(string)
		return &exitError{e.code(), e}
	}
	if answer.Message != "" {
		e := &hubError{Message: answer.Message}
		e.Extensions.Code, e.Extensions.Fix = answer.Code, answer.Fix
		return &exitError{e.code(), e}
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the hub at %s answered %s", h.url, resp.Status)
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return fmt.Errorf("the hub at %s answers differently than this foretop expects; are their versions far apart? %w", h.url, err)
	}
	return nil
}

func (h *hub) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no hub answers at %s. Start one with 'foretop up', or name another with --server", h.url)
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("the hub at %s did not answer within %s (--request-timeout)", h.url, h.http.Timeout)
	}
	return fmt.Errorf("ask the hub at %s: %w", h.url, err)
}

// scopeFlags narrow a question to clusters, namespaces and labels, as kubectl's flags do.
type scopeFlags struct {
	clusters, namespace, selector string
	all                           bool
	requireComplete               bool
}

func (f *scopeFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.clusters, "clusters", "C", "", "clusters to ask: names and globs (prod-*), and labels (env=prod, region in (eu,us)), by comma; default all")
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace; default all")
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "all namespaces, which is the default")
	flags.StringVarP(&f.selector, "selector", "l", "", "label selector, as kubectl takes it")
	flags.BoolVar(&f.requireComplete, "require-complete", false, "exit with 3 when a cluster's part of the answer is missing or stale")
}

// terms are the flags in the query language.
func (f *scopeFlags) terms() ([]string, error) {
	if f.all && f.namespace != "" {
		return nil, usageError{errors.New("--namespace and --all-namespaces exclude each other")}
	}
	// -ns:kube-* reads as -n s:kube-*, which would silently ask something else.
	if strings.ContainsAny(f.namespace, ":=<> ") {
		return nil, usageError{fmt.Errorf("%q is no namespace; a query that begins with a minus goes behind --, as in: foretop search -- -ns:kube-*", f.namespace)}
	}
	terms, err := clusterTerms(f.clusters)
	if err != nil {
		return nil, err
	}
	if f.namespace != "" {
		terms = append(terms, "ns:"+value(f.namespace))
	}
	if f.selector != "" {
		terms = append(terms, "selector:"+quoted(f.selector))
	}
	return terms, nil
}

// oneCluster holds when exactly one cluster was asked for, so that naming it on every line says nothing.
func (f *scopeFlags) oneCluster() bool {
	return f.clusters != "" && !strings.ContainsAny(f.clusters, "*?,=!( ")
}

// value quotes a word where the query language would read more into it. Wildcards stay.
func value(s string) string {
	if s == "" || strings.ContainsAny(s, "\"(),\\:/<>=!~") || strings.ContainsFunc(s, unicode.IsSpace) {
		return quoted(s)
	}
	return s
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
