package kubeapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	openapi2 "github.com/google/gnostic-models/openapiv2"
	openapi3 "github.com/google/gnostic-models/openapiv3"
	"google.golang.org/protobuf/proto"
	"k8s.io/client-go/discovery"

	"github.com/foretop/foretop/schemas/ingestpb"
)

const openAPI3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"

// of is an OpenAPI document of version 3 with schemas.
func of(path string, schemas ...string) document {
	all := map[string]any{}
	for _, s := range schemas {
		name, text, _ := strings.Cut(s, " ")
		all[name] = map[string]any{"type": "object", "description": text}
	}
	text, _ := json.Marshal(map[string]any{"openapi": "3.0.0", "info": map[string]any{"title": "Kubernetes", "version": "v1"}, "paths": map[string]any{}, "components": map[string]any{"schemas": all}})
	return document{path, jsonForm, string(text)}
}

// schemasOf are the names and descriptions of schemas.
func schemasOf(t *testing.T, text string) map[string]string {
	t.Helper()
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Description string }
		}
		Definitions map[string]struct{ Description string }
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err, text)
	}
	all := map[string]string{}
	for name, s := range doc.Components.Schemas {
		all[name] = s.Description
	}
	for name, s := range doc.Definitions {
		all[name] = s.Description
	}
	return all
}

func TestOpenAPIOfAMemberIsItsOwn(t *testing.T) {
	s := newStand(t)
	apps, core := of("/openapi/v3/apis/apps/v1", "Deployment runs Pods"), of("/openapi/v3/api/v1", "Pod runs containers")
	v2, packed := document{"/openapi/v2", jsonForm, `{"swagger":"2.0"}`}, document{"/openapi/v2", protobufForm, "as the member wrote it"}
	s.joins("one", "v1.36.3").says(apps, core, v2, packed)
	const at = "/kube/clusters/one"
	client, err := discovery.NewDiscoveryClientForConfig(s.client("one"))
	if err != nil {
		t.Fatal(err)
	}
	paths, err := client.OpenAPIV3().Paths()
	if err != nil || len(paths) != 2 {
		t.Fatalf("client-go finds %v, %v", paths, err)
	}
	if got, err := paths["apis/apps/v1"].Schema(jsonForm); err != nil || string(got) != apps.text {
		t.Errorf("client-go reads %s, %v", got, err)
	}
	if got := s.answers(at + "/openapi/v2"); got != v2.text {
		t.Errorf("version 2 is %s", got)
	}
	for _, form := range []string{protobufForm, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"} {
		if got := s.answers(at+"/openapi/v2", "Accept", form+",application/json"); got != packed.text {
			t.Errorf("version 2 as %s is %s", form, got)
		}
	}
	var doc openapi3.Document
	if err := proto.Unmarshal([]byte(s.answers(at+"/openapi/v3/apis/apps/v1", "Accept", openAPI3)), &doc); err != nil || doc.GetComponents().GetSchemas().GetAdditionalProperties()[0].Name != "Deployment" {
		t.Errorf("version 3 as protobuf is %v, %v", &doc, err)
	}
	if resp, _ := s.asks(at+"/openapi/v2", "Accept", "text/html"); resp.StatusCode != http.StatusNotAcceptable {
		t.Errorf("as a page it is answered %s", resp.Status)
	}
	if resp, _ := s.asks(at + "/openapi/v3/apis/none/v1"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("what is not there is answered %s", resp.Status)
	}
}

// What is read by its hash may be kept for ever; another hash is sent to the one that there is.
func TestOpenAPIIsCachedByItsHash(t *testing.T) {
	s := newStand(t)
	s.joins("one", "v1.36.3").says(of("/openapi/v3/api/v1", "Pod"))
	var index struct {
		Paths map[string]struct{ ServerRelativeURL string }
	}
	if err := json.Unmarshal([]byte(s.answers("/kube/openapi/v3")), &index); err != nil {
		t.Fatal(err)
	}
	at := index.Paths["api/v1"].ServerRelativeURL
	resp, _ := s.asks("/kube" + at)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "public, immutable" || resp.Header.Get("Expires") == "" || !strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "Accept") {
		t.Errorf("by its hash it is answered %s %v", resp.Status, resp.Header)
	}
	if resp, _ := s.asks("/kube/openapi/v3/api/v1?hash=OLD"); resp.StatusCode != http.StatusMovedPermanently || resp.Header.Get("Location") != "/kube"+at {
		t.Errorf("by another one %s %v", resp.Status, resp.Header)
	}
	if resp, _ := s.asks("/kube/openapi/v3/api/v1"); resp.Header.Get("Cache-Control") != "no-cache, private" {
		t.Errorf("without one %v", resp.Header)
	}
}

func TestOpenAPIOfTheFleetHasWhatAnyMemberHas(t *testing.T) {
	s := newStand(t)
	v2 := func(text string) document {
		return document{"/openapi/v2", jsonForm, `{"swagger":"2.0","info":{"title":"Kubernetes","version":"v1"},"paths":{},"definitions":` + text + `}`}
	}
	s.joins("a-old", "v1.30.2").says(of("/openapi/v3/api/v1", "Pod as it was", "Removed still here"), of("/openapi/v3/apis/example.com/v1", "Widget"), v2(`{"Pod":{"description":"as it was"},"Widget":{"description":""}}`))
	s.joins("b-new", "v1.36.3").says(of("/openapi/v3/api/v1", "Pod as it is", "Added"), of("/openapi/v3/apis/example.com/v1", "Gadget"), v2(`{"Pod":{"description":"as it is"}}`))
	got := schemasOf(t, s.answers("/kube/openapi/v3/api/v1"))
	if len(got) != 3 || got["Pod"] != "as it is" || got["Removed"] != "still here" {
		t.Errorf("the core group is made of %v", got)
	}
	got = schemasOf(t, s.answers("/kube/openapi/v3/apis/example.com/v1"))
	if _, widget := got["Widget"]; len(got) != 2 || !widget {
		t.Errorf("custom resources of one group are %v", got)
	}
	got = schemasOf(t, s.answers("/kube/openapi/v2"))
	if _, widget := got["Widget"]; len(got) != 2 || got["Pod"] != "as it is" || !widget {
		t.Errorf("version 2 is made of %v", got)
	}
	var doc openapi2.Document
	if err := proto.Unmarshal([]byte(s.answers("/kube/openapi/v2", "Accept", protobufForm)), &doc); err != nil || len(doc.GetDefinitions().GetAdditionalProperties()) != 2 {
		t.Errorf("as protobuf it is %v, %v", &doc, err)
	}
}

func TestADocumentThatWasNotSentSaysWhy(t *testing.T) {
	s := newStand(t)
	s.joins("one", "v1.36.3").sends(&ingestpb.Record{Body: &ingestpb.Record_Documents{Documents: &ingestpb.Documents{Documents: []*ingestpb.DocumentPath{
		{Path: "/openapi/v3/api/v1", ContentType: jsonForm, Reason: "It has too many bytes."}}}}})
	if got := s.answers("/kube/clusters/one/openapi/v3"); strings.Contains(got, "api/v1") {
		t.Errorf("the index has it: %s", got)
	}
	if resp, body := s.asks("/kube/clusters/one/openapi/v3/api/v1"); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "/openapi/v3/api/v1 of one is not here: It has too many bytes.") {
		t.Errorf("it is answered %s %s", resp.Status, body)
	}
}
