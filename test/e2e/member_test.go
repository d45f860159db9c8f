package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// member is one cluster's API server, asked without any of the product's code.
type member struct {
	name   string
	client *http.Client
	server string
}

func openMember(cluster string) (*member, error) {
	client, server, err := stand.Fleet.HTTP(cluster)
	return &member{cluster, client, server}, err
}

// refusal is an answer of an API server that is not a success.
type refusal struct {
	method, path string
	code         int
	message      string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s answers %d: %s", r.method, r.path, r.code, r.message)
}

func (m *member) do(ctx context.Context, method, path, accept, contentType string, body, answer any) error {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, m.server+path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", accept)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s: read %s: %w", m.name, path, err)
	}
	if resp.StatusCode >= 300 {
		var status struct{ Message string }
		_ = json.Unmarshal(data, &status) // a proxy's answer is no JSON; the code says enough
		return &refusal{method, path, resp.StatusCode, status.Message}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}

func (m *member) get(ctx context.Context, path string, answer any) error {
	return m.do(ctx, http.MethodGet, path, "application/json", "", nil, answer)
}

func (m *member) create(ctx context.Context, path string, object any) error {
	return m.do(ctx, http.MethodPost, path, "application/json", "application/json", object, nil)
}

func (m *member) patch(ctx context.Context, path string, change any) error {
	return m.do(ctx, http.MethodPatch, path, "application/json", "application/merge-patch+json", change, nil)
}

func (m *member) delete(ctx context.Context, path string) error {
	return m.do(ctx, http.MethodDelete, path, "application/json", "", nil, nil)
}

// kind is one kind as a cluster serves it.
type kind struct{ group, version, resource string }

func (k kind) String() string {
	if k.group == "" {
		return k.resource
	}
	return k.resource + "." + k.group
}

func (k kind) path() string {
	if k.group == "" {
		return "/api/" + k.version + "/" + k.resource
	}
	return "/apis/" + k.group + "/" + k.version + "/" + k.resource
}

// kinds are all kinds that can be listed and watched, each once, in the version the cluster prefers.
func (m *member) kinds(ctx context.Context) ([]kind, error) {
	type groupVersion struct{ GroupVersion, Version string }
	var groups struct {
		Groups []struct {
			Name             string
			Versions         []groupVersion
			PreferredVersion groupVersion
		}
	}
	if err := m.get(ctx, "/apis", &groups); err != nil {
		return nil, err
	}
	type place struct{ group, version, path string }
	places := []place{{"", "v1", "/api/v1"}}
	for _, g := range groups.Groups {
		places = append(places, place{g.Name, g.PreferredVersion.Version, "/apis/" + g.PreferredVersion.GroupVersion})
		for _, v := range g.Versions {
			if v.Version != g.PreferredVersion.Version {
				places = append(places, place{g.Name, v.Version, "/apis/" + v.GroupVersion})
			}
		}
	}
	var found []kind
	seen := map[string]bool{}
	for _, p := range places {
		var list struct {
			Resources []struct {
				Name  string
				Verbs []string
			}
		}
		if err := m.get(ctx, p.path, &list); err != nil {
			return nil, err
		}
		for _, r := range list.Resources {
			k := kind{p.group, p.version, r.Name}
			if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "watch") || seen[k.String()] {
				continue
			}
			seen[k.String()] = true
			found = append(found, k)
		}
	}
	return found, nil
}

// version is what identifies one state of one object.
type version struct{ uid, resourceVersion string }

// objects are the versions of one kind's objects by namespace/name.
type objects map[string]version

// list reads one kind consistently, not from the server's cache.
func (m *member) list(ctx context.Context, k kind) (objects, error) {
	const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	all := objects{}
	for next := ""; ; {
		var page struct {
			Metadata struct{ Continue string }
			Items    []struct {
				Metadata struct{ Namespace, Name, UID, ResourceVersion string }
			}
		}
		path := k.path() + "?" + url.Values{"limit": {"500"}, "continue": {next}}.Encode()
		if err := m.do(ctx, http.MethodGet, path, metadataOnly, "", nil, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			o := item.Metadata
			all[o.Namespace+"/"+o.Name] = version{o.UID, o.ResourceVersion}
		}
		if next = page.Metadata.Continue; next == "" {
			return all, nil
		}
	}
}

// asTheHubKnows pages through everything the hub holds of a cluster, by kind.
func asTheHubKnows(ctx context.Context, cluster string) (map[string]objects, error) {
	all := map[string]objects{}
	var total, got int
	for after := (*string)(nil); ; {
		var a struct {
			Search struct {
				Total int
				Nodes []struct {
					Group, Resource, Name, UID, ResourceVersion string
					Namespace                                   *string
				}
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		err := stand.Ask(ctx, `query($q: String!, $after: String) { search(query: $q, first: 500, after: $after) {
			total pageInfo { hasNextPage endCursor } nodes { group resource namespace name uid resourceVersion } } }`,
			map[string]any{"q": "cluster:" + cluster, "after": after}, &a)
		if err != nil {
			return nil, err
		}
		for _, n := range a.Search.Nodes {
			k := kind{group: n.Group, resource: n.Resource}.String()
			if all[k] == nil {
				all[k] = objects{}
			}
			name := "/" + n.Name
			if n.Namespace != nil {
				name = *n.Namespace + name
			}
			if _, twice := all[k][name]; twice {
				return nil, fmt.Errorf("the hub answers %s %s twice", k, name)
			}
			all[k][name] = version{n.UID, n.ResourceVersion}
		}
		total, got = a.Search.Total, got+len(a.Search.Nodes)
		if !a.Search.PageInfo.HasNextPage {
			if got != total {
				return nil, fmt.Errorf("the hub says it has %d objects of %s and pages through %d", total, cluster, got)
			}
			return all, nil
		}
		after = a.Search.PageInfo.EndCursor
	}
}

// difference names what two readings of one kind disagree on, in a few lines.
func difference(k string, member, hub objects) []string {
	var lines []string
	for name, want := range member {
		switch got, ok := hub[name]; {
		case !ok:
			lines = append(lines, fmt.Sprintf("%s %s is missing in the hub", k, name))
		case got.uid != want.uid:
			lines = append(lines, fmt.Sprintf("%s %s is another object in the hub: uid %s, the cluster says %s", k, name, got.uid, want.uid))
		case got.resourceVersion != want.resourceVersion:
			lines = append(lines, fmt.Sprintf("%s %s is at %s in the hub, the cluster says %s%s", k, name, got.resourceVersion, want.resourceVersion, behind(got, want)))
		}
	}
	for name := range hub {
		if _, ok := member[name]; !ok {
			lines = append(lines, fmt.Sprintf("%s %s is in the hub and gone from the cluster", k, name))
		}
	}
	slices.Sort(lines)
	if len(lines) > 5 {
		lines = append(lines[:5], fmt.Sprintf("%s: and %d more", k, len(lines)-5))
	}
	return lines
}

// behind tells an old state from one the cluster has moved past since it was read.
func behind(hub, member version) string {
	h, err1 := strconv.ParseUint(hub.resourceVersion, 10, 64)
	m, err2 := strconv.ParseUint(member.resourceVersion, 10, 64)
	if err1 != nil || err2 != nil {
		return ""
	}
	if h > m {
		return " (the hub is ahead: it changed in between)"
	}
	return " (the hub is behind)"
}

// eventsKnown are the uids of the events that the hub holds of a cluster's last hour.
func eventsKnown(ctx context.Context, cluster string) (map[string]bool, error) {
	all := map[string]bool{}
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for after := (*string)(nil); ; {
		var a struct {
			Events struct {
				Nodes    []struct{ UID string }
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		err := stand.Ask(ctx, `query($q: String!, $from: Time!, $after: String) { events(query: $q, from: $from, first: 1000, after: $after) {
			pageInfo { hasNextPage endCursor } nodes { uid } } }`, map[string]any{"q": "cluster:" + cluster, "from": from, "after": after}, &a)
		if err != nil {
			return nil, err
		}
		for _, n := range a.Events.Nodes {
			all[n.UID] = true
		}
		if !a.Events.PageInfo.HasNextPage {
			return all, nil
		}
		after = a.Events.PageInfo.EndCursor
	}
}
