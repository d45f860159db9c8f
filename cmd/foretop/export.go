package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"
)

// streams are the formats that the hub writes itself, without end.
var streams = []string{"csv", "ndjson"}

// lists holds for formats that can only list objects, unlike tables, JSON and YAML.
func (f *outputFlags) lists() bool {
	return !f.table() && f.format != "json" && f.format != "yaml"
}

func (f *outputFlags) streams() bool { return slices.Contains(streams, f.format) }

// export copies what the hub streams to standard output, as it comes. It ends well only when everything came.
func (h *hub) export(cmd *cobra.Command, args url.Values, scope *scopeFlags) error {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, h.url+"/api/v1/export?"+args.Encode(), nil)
	if err != nil {
		return usageError{err}
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("User-Agent", "foretop/"+version)
	req.Header.Set("TE", "trailers") // an error in the middle comes as a sentence behind the rows
	// The timeout is for the answer to begin; how long all of it takes depends on how much there is.
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return errors.New("the default transport was replaced")
	}
	transport = transport.Clone()
	transport.ResponseHeaderTimeout = h.http.Timeout
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return h.unreachable(cmd.Context(), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var problem struct {
			Code, Message, Fix string
			From, To           int
		}
		if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&problem); err != nil || problem.Message == "" {
			return fmt.Errorf("%s is no Foretop hub that exports: it answered %s", h.url, resp.Status)
		}
		e := &hubError{Message: problem.Message, query: args.Get("query")}
		e.Extensions.Code, e.Extensions.Fix = problem.Code, problem.Fix
		e.Extensions.From, e.Extensions.To = problem.From, problem.To
		return &exitError{e.code(), e}
	}
	if _, err := io.Copy(cmd.OutOrStdout(), resp.Body); err != nil {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		return fmt.Errorf("the answer broke off, what was printed is not everything: %w", err)
	}
	rows := resp.Trailer.Get("Foretop-Rows")
	switch why := resp.Trailer.Get("Foretop-Error"); {
	case why != "":
		return fmt.Errorf("the answer broke off, what was printed is not everything: %s", why)
	case rows == "":
		return errors.New("the answer broke off, what was printed is not everything")
	}
	clusters, stale := resp.Header.Get("Foretop-Clusters"), resp.Header.Get("Foretop-Stale")
	line := fmt.Sprintf("%s rows · %s clusters", rows, clusters)
	if stale != "" {
		line += ", stale or missing: " + stale
	}
	if missing := resp.Header.Get("Foretop-Missing"); missing != "" {
		line += "\n" + missing
	}
	fmt.Fprintln(cmd.ErrOrStderr(), line)
	if scope.requireComplete && stale != "" {
		return &exitError{exitPartial, errors.New("the answer is not complete: " + line)}
	}
	return nil
}
