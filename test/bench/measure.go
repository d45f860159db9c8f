package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/test/bench/report"
)

var everyone = access.All("bench")

// How often a probe is asked: until both are spent, within limits.
const (
	warmUps  = 3
	fewest   = 5
	mostRuns = 200

	readBefore = 20 // objects that are read once, and then again and again
)

// spreadOf sorts all.
func spreadOf(all []time.Duration) report.Spread {
	if len(all) == 0 {
		return report.Spread{}
	}
	slices.Sort(all)
	at := func(i int) float64 { return float64(all[i].Round(10*time.Microsecond).Microseconds()) / 1000 }
	return report.Spread{P50: at(len(all) / 2), P99: at(len(all) * 99 / 100)}
}

// asked is one way of asking: it answers how many objects match and which engine found them.
type asked func(ctx context.Context, run int) (found int, engine string, err error)

// measure asks a probe in both ways.
func (h *hub) measure(ctx context.Context, p probe, t *truth, budget time.Duration) (report.Probe, error) {
	f := report.Probe{Name: p.name, Query: p.query, Target: p.target, Neighbour: p.neighbour}
	service, overHTTP, err := h.ways(ctx, p, t)
	if err != nil {
		return f, fmt.Errorf("%s: %w", p.name, err)
	}
	engine := process{h.db.Pid()}
	warm, most := warmUps, mostRuns
	switch p.kind {
	case getting: // each object for the first time, half of them in each way
		warm, most = 0, len(t.some)/2
	case gettingAgain:
		warm = readBefore
	}
	times := func(ask asked) (all []time.Duration, err error) {
		for run := range warm {
			if f.Found, f.Engine, err = ask(ctx, run); err != nil {
				return nil, err
			}
		}
		for began := time.Now(); len(all) < most && (len(all) < fewest || time.Since(began) < budget); {
			started := time.Now()
			found, engine, err := ask(ctx, len(all))
			if err != nil {
				return nil, err
			}
			all = append(all, time.Since(started))
			if found != 0 {
				f.Found, f.Engine = found, engine
			}
		}
		return all, nil
	}
	hubBefore, engineBefore := self.cpu(), engine.cpu()
	spent := func(runs int) {
		perRun := func(d time.Duration) float64 {
			return float64((d / time.Duration(runs+warm)).Round(10*time.Microsecond).Microseconds()) / 1000
		}
		f.Runs, f.HubCPU, f.EngineCPU = runs, perRun(self.cpu()-hubBefore), perRun(engine.cpu()-engineBefore)
	}
	if service != nil {
		took, err := times(service)
		if err != nil {
			return f, fmt.Errorf("%s: %w", p.name, err)
		}
		spent(len(took))
		f.Service = spreadOf(took)
	}
	found, by := f.Found, f.Engine
	took, err := times(overHTTP)
	if err != nil {
		return f, fmt.Errorf("%s over HTTP: %w", p.name, err)
	}
	f.HTTP = spreadOf(took)
	if service != nil {
		f.Found, f.Engine = found, by
	} else {
		spent(len(took))
	}
	if p.want != unknown && p.want != f.Found {
		f.Wrong = fmt.Sprintf("%d are there", p.want)
	}
	return f, nil
}

// ways are the two ways to ask p.
func (h *hub) ways(ctx context.Context, p probe, t *truth) (service, overHTTP asked, err error) {
	switch p.kind {
	case getting, gettingAgain:
		some := t.some
		half := len(some) / 2
		if p.kind == gettingAgain {
			half = min(half, readBefore)
		}
		service = func(ctx context.Context, run int) (int, string, error) { return h.get(ctx, some[run%half]) }
		overHTTP = func(ctx context.Context, run int) (int, string, error) {
			return 0, "", h.post(ctx, `query($r: ID!) { resource(ref: $r) { ref status object } }`, map[string]any{"r": some[half+run%half].String()})
		}
	case completing:
		service = func(ctx context.Context, _ int) (int, string, error) {
			s, err := h.search.Complete(ctx, everyone, p.query, len(p.query), "resources")
			return len(s), "", err
		}
		overHTTP = func(ctx context.Context, _ int) (int, string, error) {
			return 0, "", h.post(ctx, `query($q: String!) { searchComplete(query: $q) { text label type detail count from to } }`, map[string]any{"q": p.query})
		}
	case relating:
		service = func(ctx context.Context, run int) (int, string, error) {
			g, err := h.search.Related(ctx, everyone, t.some[run%len(t.some)], 2)
			if err != nil {
				return 0, "", err
			}
			return len(g.Nodes), "", nil
		}
		overHTTP = func(ctx context.Context, run int) (int, string, error) {
			return 0, "", h.post(ctx, `query($r: ID!) { related(ref: $r, depth: 2) { nodes { ref kind status level } edges { from to type } truncated } }`, map[string]any{"r": t.some[run%len(t.some)].String()})
		}
	case exporting:
		overHTTP = func(ctx context.Context, _ int) (int, string, error) {
			n, err := h.export(ctx, p.query)
			return n, "", err
		}
	case searching:
		return h.searches(ctx, p)
	default:
		return nil, nil, fmt.Errorf("probe of an unknown kind %d", p.kind)
	}
	return service, overHTTP, nil
}

func (h *hub) get(ctx context.Context, ref kube.Ref) (int, string, error) {
	o, err := h.search.Object(ctx, everyone, ref, time.Time{})
	if err == nil && o == nil {
		err = fmt.Errorf("%s is not there", ref)
	}
	return 1, "", err
}

const rows = `ref kind cluster namespace name status health ready restarts app node createdAt`

func (h *hub) searches(ctx context.Context, p probe) (service, overHTTP asked, err error) {
	request := records.Request{Query: p.query, First: max(p.first, 1), Facets: p.facets, Bare: !p.full}
	if p.first == 0 {
		request.First = 50
	}
	cursors := []string{""}
	if p.skip > 0 || p.pages > 1 { // where the pages begin is found before the clock runs
		walk := request
		walk.Bare = true
		if p.skip > 0 {
			walk.First, cursors = 1000, nil
		}
		for at := walk.First; at <= max(p.skip, (p.pages-1)*walk.First); at += walk.First {
			r, err := h.search.Search(ctx, everyone, walk)
			if err != nil {
				return nil, nil, err
			}
			if !r.More { // a small fleet: the last page will do
				break
			}
			walk.After = r.Cursor
			if p.skip == 0 {
				cursors = append(cursors, r.Cursor)
			}
		}
		if p.skip > 0 {
			cursors = []string{walk.After}
		}
	}
	service = func(ctx context.Context, _ int) (found int, engine string, err error) {
		for _, after := range cursors {
			page := request
			page.After = after
			r, err := h.search.Search(ctx, everyone, page)
			if err != nil {
				return 0, "", err
			}
			found, engine = r.Total, r.Engine
		}
		return found, engine, nil
	}
	fields := "nodes { " + rows + " } pageInfo { hasNextPage endCursor } "
	switch {
	case p.full:
		fields = "nodes { ref object } pageInfo { hasNextPage endCursor } "
	case p.first == 1:
		fields = ""
	}
	if p.name != "field" {
		fields += "total "
	}
	if p.facets != nil {
		fields += "facets { field distinct values { value count } } "
	}
	document := "query($q: String!, $n: Int, $after: String, $facets: [String!]) { search(query: $q, first: $n, after: $after, facets: $facets) { " + fields + "} }"
	overHTTP = func(ctx context.Context, _ int) (int, string, error) {
		for _, after := range cursors {
			variables := map[string]any{"q": p.query, "n": request.First}
			if after != "" {
				variables["after"] = after
			}
			if p.facets != nil {
				variables["facets"] = p.facets
			}
			if err := h.post(ctx, document, variables); err != nil {
				return 0, "", err
			}
		}
		return 0, "", nil
	}
	return service, overHTTP, nil
}

// export streams whole objects as lines and counts them.
func (h *hub) export(ctx context.Context, q string) (lines int, err error) {
	address := h.http.URL + "/api/v1/export?" + url.Values{"query": {q}, "format": {"ndjson"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("export: %s", resp.Status)
	}
	buffer := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte("\n"))
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// post asks GraphQL over the loopback and reads the answer to its end.
func (h *hub) post(ctx context.Context, document string, variables map[string]any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.http.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	start := make([]byte, 512)
	n, err := io.ReadFull(resp.Body, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if resp.StatusCode != http.StatusOK || bytes.HasPrefix(start[:n], []byte(`{"errors"`)) {
		return fmt.Errorf("GraphQL: %s: %s", resp.Status, start[:n])
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
