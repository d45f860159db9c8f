package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/audit"
)

type auditView struct {
	Seq       string          `json:"seq"`
	At        *time.Time      `json:"at"`
	Action    *string         `json:"action"`
	Actor     string          `json:"actor"`
	Source    string          `json:"source"`
	Verb      string          `json:"verb"`
	Phase     string          `json:"phase"`
	Cluster   string          `json:"cluster"`
	Namespace *string         `json:"namespace"`
	Resource  string          `json:"resource"`
	Name      string          `json:"name"`
	Result    string          `json:"result"`
	Reason    string          `json:"reason"`
	Detail    json.RawMessage `json:"detail"`
	PrevHash  string          `json:"prevHash"`
	Hash      string          `json:"hash"`
}

// about is what a row is about: zone1:shop/deployments.apps/app2, or a name alone.
func (a *auditView) about() string {
	if a.Resource == "" {
		return orDash(a.Name)
	}
	ns := "-"
	if a.Namespace != nil {
		ns = *a.Namespace
	}
	return a.Cluster + ":" + ns + "/" + a.Resource + "/" + a.Name
}

func auditCommand() *cobra.Command {
	var conn hubFlags
	var output outputFlags
	var actor, since string
	var limit int
	cmd := &cobra.Command{
		Use:   "audit [QUERY...]",
		Short: "Show who did what, or verify that nobody has changed what is kept of it",
		Long: `Show what was done through the hub, newest first.

A query is FIELD:VALUE terms and words; all must hold, a minus turns one round. Fields are actor, verb, cluster, ns, kind,
name, uid, ref, result, phase, action, reason, source, seq, since and until; values take *, ? and lists by comma.
-o ndjson writes everything that matches, oldest first, as 'foretop audit verify --file' reads it.`,
		Example: `  foretop audit --since 24h actor:anna
  foretop audit verb:SCALE,RESTART cluster:prod-* -result:DONE
  foretop audit -o ndjson > audit.ndjson
  foretop audit verify`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check("ndjson"); err != nil {
				return err
			}
			if limit < 1 || limit > 1000 {
				return usageError{errors.New("--limit must be from 1 to 1000")}
			}
			terms := args
			if actor != "" {
				terms = append(terms, "actor:"+value(actor))
			}
			if since != "" {
				terms = append(terms, "since:"+since)
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			query := strings.Join(terms, " ")
			if output.format == "ndjson" {
				body, err := h.openAudit(cmd, url.Values{"query": {query}})
				if err != nil {
					return err
				}
				defer body.Close()
				_, err = io.Copy(cmd.OutOrStdout(), body)
				return err
			}
			var answer struct {
				Audit struct {
					Total int
					Nodes []*auditView
				}
			}
			err = h.ask(cmd.Context(), `query($query:String!,$first:Int!){audit(query:$query,first:$first){total nodes{seq at action actor source verb phase cluster namespace resource name result reason detail prevHash hash}}}`,
				map[string]any{"query": query, "first": limit}, &answer)
			if err != nil {
				return err
			}
			out, list := cmd.OutOrStdout(), answer.Audit.Nodes
			switch {
			case output.format == "name":
				for _, a := range list {
					fmt.Fprintln(out, "audit/"+a.Seq)
				}
				return nil
			case !output.table():
				return output.document(out, map[string]any{"items": list})
			case len(list) == 0:
				fmt.Fprintln(cmd.ErrOrStderr(), "Nothing found.")
				return nil
			}
			var rows [][]string
			for _, a := range list {
				id := "-"
				if a.Action != nil {
					id = *a.Action
				}
				rows = append(rows, []string{a.Seq, a.At.Local().Format(time.DateTime), a.Actor, orDash(a.Verb), a.Phase, a.about(), orDash(a.Result), id, orDash(a.Reason), a.Source, orDash(a.Hash)})
			}
			if err := output.grid(out, []column{{name: "ROW"}, {name: "AT"}, {name: "BY"}, {name: "VERB"}, {name: "PHASE"}, {name: "ABOUT"}, {name: "RESULT"}, {name: "ACTION"}, {name: "REASON"}, {name: "SOURCE", wide: true}, {name: "HASH", wide: true}}, rows); err != nil {
				return err
			}
			if more := answer.Audit.Total - len(list); more > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d rows. See more with --limit, all with -o ndjson.\n", len(list), answer.Audit.Total)
			}
			return nil
		},
	}
	conn.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.Flags().Lookup("output").Usage = "table, wide, json, yaml, name, ndjson (everything, as it is verified)"
	cmd.Flags().StringVar(&actor, "actor", "", "who did it: names and globs, by comma")
	cmd.Flags().StringVar(&since, "since", "", "from when on: 2h, 7d, 2026-11-20, 2026-11-20T09:00:00Z")
	cmd.Flags().IntVar(&limit, "limit", 50, "most rows to list")
	cmd.AddCommand(auditVerifyCommand())
	return cmd
}

// auditBody is an export that ends well only when everything came.
type auditBody struct {
	io.ReadCloser
	resp *http.Response
}

func (b *auditBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		if why := b.resp.Trailer.Get("Foretop-Error"); why != "" {
			return n, fmt.Errorf("the answer broke off, it is not everything: %s", why)
		}
		if b.resp.Trailer.Get("Foretop-Rows") == "" {
			return n, errors.New("the answer broke off, it is not everything")
		}
	}
	return n, err
}

func (h *hub) openAudit(cmd *cobra.Command, args url.Values) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, h.url+"/api/v1/export/audit?"+args.Encode(), nil)
	if err != nil {
		return nil, usageError{err}
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("User-Agent", "foretop/"+version)
	req.Header.Set("TE", "trailers")
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		return nil, h.unreachable(cmd.Context(), err)
	}
	if resp.StatusCode == http.StatusOK {
		return &auditBody{resp.Body, resp}, nil
	}
	defer resp.Body.Close()
	var problem struct {
		Code, Message, Fix string
		From, To           int
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&problem); err != nil || problem.Message == "" {
		return nil, fmt.Errorf("%s is no Foretop hub with an audit: it answered %s", h.url, resp.Status)
	}
	e := &hubError{Message: problem.Message, query: args.Get("query")}
	e.Extensions.Code, e.Extensions.Fix, e.Extensions.From, e.Extensions.To = problem.Code, problem.Fix, problem.From, problem.To
	return nil, &exitError{e.code(), e}
}

func auditVerifyCommand() *cobra.Command {
	var conn hubFlags
	var file string
	var keys, checkpoints []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Tell whether the audit is as it was written",
		Long: `Read the whole audit, of a hub or of a file, and name what is not as it was written: rows that were changed, dropped,
put elsewhere, repeated or cut off at the end, and checkpoints that no known key signed.

Exits with 0 when it is whole, with 4 when it is not, and with 3 when nothing was found but nobody whose key you gave
vouches for it: a hub that writes everything anew, checkpoints too, is only seen by one who knows its key.`,
		Example: `  foretop audit verify
  foretop audit verify --key "$(cat audit.pub)"
  foretop audit verify --file audit.ndjson --key audit.pub --checkpoint last.txt`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := readKeys(keys)
			if err != nil {
				return err
			}
			texts, err := readCheckpoints(checkpoints)
			if err != nil {
				return err
			}
			var in io.ReadCloser
			var end func() (uint64, error)
			switch file {
			case "":
				h, err := conn.open()
				if err != nil {
					return err
				}
				if in, err = h.openAudit(cmd, url.Values{"checkpoints": {"all"}}); err != nil {
					return err
				}
				end = func() (uint64, error) {
					var answer struct {
						AuditState struct {
							Seq uint64 `json:"seq,string"`
						}
					}
					err := h.ask(cmd.Context(), `{auditState{seq}}`, nil, &answer)
					return answer.AuditState.Seq, err
				}
			case "-":
				in = io.NopCloser(cmd.InOrStdin())
			default:
				if in, err = os.Open(file); err != nil {
					return fmt.Errorf("read the export: %w", err)
				}
			}
			defer in.Close()
			v, trusted, err := audit.VerifyExport(in, given, texts, end)
			if err != nil {
				return err
			}
			return printVerdict(cmd.OutOrStdout(), v, trusted, len(given) > 0 || file == "")
		},
	}
	conn.register(cmd.Flags())
	cmd.Flags().StringVar(&file, "file", "", "export to verify, - for standard input; without it, the hub's audit")
	cmd.Flags().StringArrayVar(&keys, "key", nil, "public key of a hub, or a file that holds it (DATA-DIR/audit.pub); can be given several times")
	cmd.Flags().StringArrayVar(&checkpoints, "checkpoint", nil, "file with checkpoints kept elsewhere: signed texts, or the hub's log; can be given several times")
	return cmd
}

// readKeys takes keys as they are, or files that hold them, one on a line.
func readKeys(args []string) ([]string, error) {
	var keys []string
	for _, arg := range args {
		if raw, err := os.ReadFile(arg); err == nil {
			keys = append(keys, strings.Fields(string(raw))...)
			continue
		}
		keys = append(keys, arg)
	}
	if _, err := audit.ReadKeys(keys); err != nil {
		return nil, usageError{err}
	}
	return keys, nil
}

func readCheckpoints(files []string) ([]string, error) {
	var list []string
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("read checkpoints: %w", err)
		}
		found := audit.FindCheckpoints(string(raw))
		if len(found) == 0 {
			return nil, usageError{fmt.Errorf("%s holds no checkpoint", f)}
		}
		list = append(list, found...)
	}
	return list, nil
}

func printVerdict(out io.Writer, v *audit.Verdict, trusted []string, vouched bool) error {
	for _, s := range v.Sentences() {
		fmt.Fprintln(out, s)
	}
	rows := fmt.Sprintf("%d %s", v.Rows, plural(v.Rows, "row", "rows"))
	if v.Before > 0 {
		rows += fmt.Sprintf(" and %d from before the chain", v.Before)
	}
	rows += fmt.Sprintf(", %d %s", v.Checkpoints, plural(v.Checkpoints, "checkpoint", "checkpoints"))
	if !v.Whole() {
		return &exitError{exitTargets, fmt.Errorf("the audit is not as it was written: %d %s in %s", len(v.Findings)+v.More, plural(len(v.Findings)+v.More, "finding", "findings"), rows)}
	}
	signed := "No row is signed for"
	if v.Signed != nil {
		signed = fmt.Sprintf("Up to row %d it was signed at %s by %s", v.Signed.Seq, v.Signed.At.Format(time.RFC3339), v.Signed.Key)
	}
	fmt.Fprintf(out, "The audit is whole: %s. %s.\n", rows, signed)
	switch {
	case v.Signed == nil && v.Rows > 0 && len(trusted) > 0:
		return &exitError{exitPartial, errors.New("no checkpoint vouches for it: a missing end would not be seen. Give one with --checkpoint")}
	case !vouched:
		return &exitError{exitPartial, errors.New("the key is the one that the file itself names. Give the hub's with --key")}
	}
	return nil
}
