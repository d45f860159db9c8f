package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// What is served is printed as the member prints it, with its verbs, categories and short names.
func TestKubectlFindsTheKindsThatTheMemberHas(t *testing.T) {
	for _, r := range readers(t) {
		t.Run(r.version, func(t *testing.T) {
			for _, args := range []string{
				"api-resources", "api-resources -o wide", "api-resources -o name", "api-resources --no-headers", "api-resources --verbs=list,get",
				"api-resources --verbs=create -o wide", "api-resources --namespaced=true", "api-resources --namespaced=false", "api-resources --api-group=apps",
				"api-resources --api-group=shop.example.com", "api-resources --sort-by=name", "api-resources --sort-by=kind -o wide", "api-resources --cached",
				"api-versions", "version", "version -o json",
			} {
				comparison{args: args, read: asPrinted}.same(t, r, "zone1", []string{""})
			}
			if r.version != "1.20" { // which does not have them yet
				for _, args := range []string{"api-resources --categories=all", "api-resources --categories=api-extensions -o wide"} {
					comparison{args: args, read: asPrinted}.same(t, r, "zone1", []string{""})
				}
			}
			comparison{args: "get all -n shop"}.same(t, r, "zone1", []string{""})
		})
	}
}

// The documents that clients work from are the member's, byte for byte.
func TestDocumentsAreThoseOfTheMember(t *testing.T) {
	r := readers(t)[0]
	paths := []string{"/version", "/apis", "/api/v1", "/openapi/v2"}
	for _, gv := range strings.Fields(kubectl(t, "zone1", "api-versions")) {
		if strings.Contains(gv, "/") {
			paths = append(paths, "/apis/"+gv)
		}
	}
	var index struct{ Paths map[string]any }
	if err := json.Unmarshal([]byte(kubectl(t, "zone1", "get", "--raw", "/openapi/v3")), &index); err != nil {
		t.Fatal(err)
	}
	for path := range index.Paths {
		paths = append(paths, "/openapi/v3/"+path)
	}
	if len(paths) < 60 {
		t.Errorf("%d documents are compared, the member has more", len(paths))
	}
	for _, path := range paths {
		comparison{args: "get --raw " + path, read: asPrinted}.same(t, r, "zone1", []string{""})
	}
	for _, path := range []string{"/apis", "/api/v1", "/openapi/v2", "/openapi/v3/api/v1"} { // over the network
		comparison{args: "get --raw " + path, read: asPrinted}.same(t, r, "zone3", []string{""})
	}
}

func TestKubectlExplainsEveryKindAsTheMemberDoes(t *testing.T) {
	for _, r := range readers(t) {
		t.Run(r.version, func(t *testing.T) {
			out, _, err := r.ask(t.Context(), memberItself("zone1"), "api-resources", "-o", "name")
			if err != nil {
				t.Fatal(err)
			}
			kinds := strings.Fields(out)
			if len(kinds) < 60 {
				t.Errorf("%d kinds are explained, the member has more", len(kinds))
			}
			forms := []string{}
			for i, kind := range kinds {
				if name, _, _ := strings.Cut(kind, "."); r.version != "1.20" {
					forms = append(forms, "explain "+kind+" --recursive")
				} else if i%8 == 0 { // it works a second for each, from a document that is compared as a whole, and knows no groups
					forms = append(forms, "explain "+name+" --recursive")
				}
			}
			forms = append(forms, "explain pods", "explain deploy.spec.template.spec.containers", "explain routes", "explain featureflags --api-version=shop.example.com/v1alpha1",
				"explain hpa --api-version=autoscaling/v1 --recursive", "explain no-such", "explain pods.spec.no-such")
			var wait sync.WaitGroup
			slots := make(chan struct{}, 2)
			for _, args := range forms {
				slots <- struct{}{}
				wait.Go(func() {
					defer func() { <-slots }()
					comparison{args: args, read: asPrinted, may: true}.same(t, r, "zone1", []string{""}) // kubectl takes events.events.k8s.io for fields of events
				})
			}
			wait.Wait()
		})
	}
}

// The fleet, whose members say the same, is what each of them is.
func TestKubectlFindsTheKindsOfTheFleet(t *testing.T) {
	for _, r := range readers(t) {
		for _, args := range []string{"api-resources -o wide", "api-versions", "explain deployments --recursive", "explain featureflags.spec"} {
			err := until(t, func(ctx context.Context) error {
				want, _, err := r.ask(ctx, memberThrough("zone1"), strings.Fields(args)...)
				if err != nil {
					return err
				}
				got, _, err := r.ask(ctx, fleetThrough(), strings.Fields(args)...)
				if err != nil {
					return err
				}
				if got != want {
					return fmt.Errorf("the fleet and zone1: %s", lineDiff(got, want))
				}
				return nil
			})
			if err != nil {
				t.Errorf("kubectl %s %s: %v", r.version, args, err)
			}
		}
	}
}

// A kind that comes is found, explained and read in all its versions; when it goes, it is found no more.
func TestAKindComesAndGoes(t *testing.T) {
	m, err := openMember("zone1")
	if err != nil {
		t.Fatal(err)
	}
	const group, namespace = "comes.example.com", "comes"
	schema := func(fields map[string]any) map[string]any {
		return map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "description": "Visitor comes and goes.", "properties": map[string]any{"spec": map[string]any{"type": "object", "properties": fields}}}}
	}
	size, name := map[string]any{"type": "integer", "description": "Size counts."}, map[string]any{"type": "string"}
	definition := object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "visitors."+group, map[string]any{"spec": map[string]any{
		"group": group, "scope": "Namespaced",
		"names": map[string]any{"plural": "visitors", "singular": "visitor", "kind": "Visitor", "listKind": "VisitorList", "shortNames": []string{"vis"}, "categories": []string{"all"}},
		"versions": []any{
			map[string]any{"name": "v1", "served": true, "storage": true, "schema": schema(map[string]any{"size": size, "name": name}), "additionalPrinterColumns": []any{map[string]any{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}}},
			map[string]any{"name": "v1beta1", "served": true, "storage": false, "schema": schema(map[string]any{"size": size})},
		},
	}})
	const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	removeNamespace(t, namespace)
	t.Cleanup(func() { _ = m.delete(context.WithoutCancel(t.Context()), definitions+"/visitors."+group) })
	for path, o := range map[string]any{definitions: definition, "/api/v1/namespaces": object("v1", "Namespace", namespace, nil)} {
		if err := m.create(t.Context(), path, o); err != nil {
			t.Fatal(err)
		}
	}
	visitors := "/apis/" + group + "/v1/namespaces/" + namespace + "/visitors"
	eventually(t, patience, "the member serves the kind", func(ctx context.Context) error {
		return m.create(ctx, visitors, object(group+"/v1", "Visitor", "first", map[string]any{"spec": map[string]any{"size": 3, "name": "x"}}))
	})
	all := readers(t)
	for _, r := range all {
		for _, args := range []string{"api-resources --api-group=" + group + " -o wide", "api-versions", "get vis -n " + namespace, "get visitors.v1beta1." + group + " -n " + namespace} {
			comparison{args: args}.same(t, r, "zone1", []string{""})
		}
		comparison{args: "get visitors.v1beta1." + group + " first -n " + namespace + " -o yaml", read: objectsOf}.same(t, r, "zone1", []string{""})
	}
	for _, args := range []string{"explain visitors --recursive", "explain visitors.spec.size", "explain visitors --recursive --api-version=" + group + "/v1beta1"} {
		comparison{args: args, read: asPrinted}.same(t, all[0], "zone1", []string{""})
	}
	if err := m.delete(t.Context(), definitions+"/visitors."+group); err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		comparison{args: "api-resources -o wide", read: asPrinted}.same(t, r, "zone1", []string{""})
	}
}
