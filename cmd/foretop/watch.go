package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"
)

// frame is one message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscribe runs one subscription and hands each result to each, until ctx or the subscription ends. ready is called
// once the hub has taken it: what happens later is not missed.
func (h *hub) subscribe(ctx context.Context, query string, vars map[string]any, ready func() error, each func(json.RawMessage) error) error {
	conn, resp, err := websocket.Dial(ctx, h.url+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + h.token}, "User-Agent": {"foretop/" + version}},
	})
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if resp != nil && resp.StatusCode == http.StatusUnauthorized {
		return &exitError{exitRefused, fmt.Errorf("the hub at %s does not take this token", h.url)}
	}
	if err != nil {
		return h.unreachable(ctx, err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(16 << 20) // objects are larger than the library expects of a message
	payload, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return err
	}
	broken := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the hub at %s ended the connection: %w", h.url, err)
	}
	for _, f := range []frame{{Type: "connection_init", Payload: json.RawMessage(`{"begun":true}`)}, {ID: "1", Type: "subscribe", Payload: payload}} {
		if err := wsjson.Write(ctx, conn, f); err != nil {
			return broken(err)
		}
		if f.Type == "connection_init" {
			var ack frame
			if err := wsjson.Read(ctx, conn, &ack); err != nil || ack.Type != "connection_ack" {
				return broken(errors.Join(err, fmt.Errorf("it answers %q", ack.Type)))
			}
		}
	}
	for {
		var f frame
		if err := wsjson.Read(ctx, conn, &f); err != nil {
			return broken(err)
		}
		switch f.Type {
		case "ping":
			if err := wsjson.Write(ctx, conn, frame{Type: "pong"}); err != nil {
				return broken(err)
			}
			var says struct{ Begun string }
			if len(f.Payload) > 0 && json.Unmarshal(f.Payload, &says) == nil && says.Begun != "" {
				if err := ready(); err != nil {
					return err
				}
			}
		case "next":
			if err := each(f.Payload); err != nil {
				return err
			}
		case "error":
			var list []*hubError
			if err := json.Unmarshal(f.Payload, &list); err != nil || len(list) == 0 {
				return fmt.Errorf("the hub refuses the subscription: %s", f.Payload)
			}
			list[0].query, _ = vars["query"].(string)
			return &exitError{list[0].code(), list[0]}
		case "complete":
			return nil
		}
	}
}

type resourceChange struct {
	Type, Ref string
	Resource  *resource
}

// follow lists, then prints changes as they come, until interrupted.
func (f *getFlags) follow(cmd *cobra.Command, h *hub, a *asked) error {
	if len(a.queries) > 1 {
		return usageError{errors.New("--watch follows one kind or one object at a time")}
	}
	fields := resourceFields + " resourceVersion labels"
	if f.output.needsObjects() {
		fields += " object"
	}
	w := &watchPrinter{flags: f, out: cmd.OutOrStdout(), known: map[string]*resource{}}
	ready := func() error {
		want := listing{limit: f.limit, chunk: f.chunk, fields: strings.TrimPrefix(fields, resourceFields)}
		r, err := h.list(cmd.Context(), a.queries[0], want)
		if err != nil {
			return err
		}
		if a.names[0] != "" && len(r.Nodes) == 0 && !f.ignoreNotFound {
			return fmt.Errorf("there is no %s", a.names[0])
		}
		w.layout = f.layout(r.Nodes)
		w.layout.namespace = f.scope.namespace == ""
		w.layout.restarts = len(r.Nodes) > 0 && r.Nodes[0].Kind == "Pod"
		for _, n := range r.Nodes {
			w.known[n.Ref] = n
			if f.watchOnly {
				continue
			}
			if err := w.print(n, "ADDED"); err != nil {
				return err
			}
		}
		return nil
	}
	err := h.subscribe(cmd.Context(), `subscription($query:String!){resourceChanges(query:$query){type ref resource{`+fields+`}}}`, map[string]any{"query": a.queries[0]}, ready, func(raw json.RawMessage) error {
		var answer struct {
			Data   struct{ ResourceChanges resourceChange }
			Errors []*hubError
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			return fmt.Errorf("read a change: %w", err)
		}
		if len(answer.Errors) > 0 {
			return &exitError{answer.Errors[0].code(), answer.Errors[0]}
		}
		return w.change(answer.Data.ResourceChanges)
	})
	if cmd.Context().Err() != nil {
		return &exitError{code: 130}
	}
	if err == nil {
		err = errors.New("the hub ended the watch; changes may have been missed: start it again")
	}
	return err
}

// watchPrinter prints objects one by one, in columns that stay where they are.
type watchPrinter struct {
	flags  *getFlags
	layout layout
	out    io.Writer
	known  map[string]*resource // as printed last
	table  *tableWriter
}

func (w *watchPrinter) change(c resourceChange) error {
	r := c.Resource
	switch {
	case c.Type == "REMOVED" || r == nil:
		had := w.known[c.Ref]
		if had == nil {
			return nil
		}
		delete(w.known, c.Ref)
		gone := *had
		gone.Status = "Removed"
		return w.print(&gone, "REMOVED")
	case w.known[c.Ref] != nil && w.known[c.Ref].ResourceVersion == r.ResourceVersion:
		return nil // the list had it already
	}
	w.known[c.Ref] = r
	return w.print(r, c.Type)
}

func (w *watchPrinter) print(r *resource, event string) error {
	output := &w.flags.output
	if !output.table() {
		return output.print(w.out, answered{list: []*resource{r}, alone: true}, nil)
	}
	if w.table == nil {
		w.table = newTableWriter(w.out, w.layout.columns(), output)
	}
	return w.table.row(w.layout.row(r, event))
}

// tableWriter prints a table line by line: headers once, widths remembered.
type tableWriter struct {
	columns []metav1.TableColumnDefinition
	options printers.PrintOptions
	printer printers.ResourcePrinter
	out     interface {
		io.Writer
		Flush() error
	}
}

func newTableWriter(out io.Writer, columns []column, f *outputFlags) *tableWriter {
	w := &tableWriter{out: printers.GetNewTabWriter(out), options: printers.PrintOptions{Wide: f.wide(), NoHeaders: f.noHeaders}}
	w.columns = definitions(columns)
	w.printer = printers.NewTablePrinter(w.options)
	return w
}

func (w *tableWriter) row(cells []string) error {
	t := &metav1.Table{ColumnDefinitions: w.columns, Rows: []metav1.TableRow{tableRow(cells)}}
	if err := w.printer.PrintObj(t, w.out); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	if !w.options.NoHeaders {
		w.options.NoHeaders = true
		w.printer = printers.NewTablePrinter(w.options)
	}
	return w.out.Flush()
}
