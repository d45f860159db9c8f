package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// runWatchers is the process of the watchers: it is told what to watch, says when it does, and when its input ends, what
// it was told and how late.
func runWatchers(ctx context.Context, in io.Reader, out io.Writer) error {
	var c watchersConfig
	read := json.NewDecoder(in)
	if err := read.Decode(&c); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client, err := clientOf(c.Address, c.CA)
	if err != nil {
		return err
	}
	all := make([]watching, len(c.Paths))
	begin, _ := errgroup.WithContext(ctx)
	begin.SetLimit(16)
	var work sync.WaitGroup
	for i, path := range c.Paths {
		begin.Go(func() error {
			client := client
			if !c.Shared {
				var err error
				if client, err = ownClient(client); err != nil {
					return err
				}
			}
			from, err := position(ctx, client, c.Address+path)
			if err != nil {
				return err
			}
			body, err := ask(ctx, client, c.Address+path+"?watch=1&allowWatchBookmarks=1&resourceVersion="+from, c.Accept)
			if err == nil {
				work.Go(func() { all[i].follow(body, c.Since) })
			}
			return err
		})
	}
	if err := begin.Wait(); err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(true); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in) // until it ends
	var r watchersResult
	for i := range all {
		if all[i].ended.Load() {
			r.Ended++
		}
	}
	stop()
	work.Wait()
	var delays []uint32
	for i := range all {
		w := &all[i]
		r.Events, r.Bookmarks, r.Bytes = r.Events+len(w.delays), r.Bookmarks+w.bookmarks, r.Bytes+w.bytes
		delays = append(delays, w.delays...)
	}
	slices.Sort(delays)
	if n := len(delays); n > 0 {
		at := func(i int) float64 { return float64(delays[i]/10) / 100 }
		r.P50, r.P99, r.Most = at(n/2), at(n*99/100), at(n-1)
	}
	r.CPU = process{os.Getpid()}.cpu()
	return answers.Encode(r)
}

// ownClient is a client like another, with a connection of its own: client-go shares them.
func ownClient(of *http.Client) (*http.Client, error) {
	t, ok := transportBelow(of.Transport).(*http.Transport)
	if !ok {
		return nil, fmt.Errorf("client-go's transport is %T", of.Transport)
	}
	return &http.Client{Transport: t.Clone()}, nil
}

func transportBelow(t http.RoundTripper) http.RoundTripper {
	for {
		w, ok := t.(interface{ WrappedRoundTripper() http.RoundTripper })
		if !ok {
			return t
		}
		t = w.WrappedRoundTripper()
	}
}

func ask(ctx context.Context, client *http.Client, address, accept string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	for ; err == nil && resp.StatusCode == http.StatusTooManyRequests; resp, err = client.Do(req) { // as client-go does
		resp.Body.Close()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s: %s", address, resp.Status, text)
	}
	return resp.Body, nil
}

// position is where lists stand, from one without objects.
func position(ctx context.Context, client *http.Client, address string) (string, error) {
	body, err := ask(ctx, client, address+"?fieldSelector=metadata.name%3Dthere-is-none", forms[2].accept)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var list struct {
		Metadata struct{ ResourceVersion string }
	}
	if err := json.NewDecoder(body).Decode(&list); err != nil {
		return "", err
	}
	if list.Metadata.ResourceVersion == "" {
		return "", errors.New(address + " has no position")
	}
	return list.Metadata.ResourceVersion, nil
}

// watching is one watch as its client sees it.
type watching struct {
	delays    []uint32 // microseconds from change to delivery
	bookmarks int
	bytes     int64
	ended     atomic.Bool // by the hub
}

// follow reads a watch to its end. The resourceVersion of an object says when it was changed.
func (w *watching) follow(body io.ReadCloser, since time.Time) {
	defer body.Close()
	defer w.ended.Store(true)
	in := bufio.NewReaderSize(body, 64<<10)
	var long []byte
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(long) > 0 {
			long = append(long, line...)
			if line = long; errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
		}
		if err != nil {
			return
		}
		w.bytes += int64(len(line))
		if bytes.HasPrefix(line, []byte(`{"type":"BOOKMARK"`)) {
			w.bookmarks++
		} else {
			w.event(line, time.Since(since))
		}
		long = long[:0]
	}
}

func (w *watching) event(line []byte, now time.Duration) {
	_, rest, _ := bytes.Cut(line, []byte(`"resourceVersion":"`))
	if bytes.HasPrefix(rest, []byte(`"`)) { // of a table
		_, rest, _ = bytes.Cut(rest, []byte(`"resourceVersion":"`))
	}
	digits, _, _ := bytes.Cut(rest, []byte(`"`))
	if sent, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
		w.delays = append(w.delays, uint32(max(0, now.Microseconds()-sent)))
	}
}
