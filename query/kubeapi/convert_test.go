package kubeapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	scalersV2 = &ingestpb.Resource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true}
	scalersV1 = &ingestpb.Resource{Group: "autoscaling", Version: "v1", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true}
	defined   = &ingestpb.Resource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"}
)

func scalerV2(resourceVersion string, percent int) string {
	return fmt.Sprintf(`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"s","namespace":"shop","uid":"u2","resourceVersion":%q,"creationTimestamp":"2026-11-01T10:00:00Z"},
		"spec":{"scaleTargetRef":{"kind":"Deployment","name":"app","apiVersion":"apps/v1"},"minReplicas":2,"maxReplicas":6,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":%d}}}]},
		"status":{"desiredReplicas":2,"currentMetrics":null}}`, resourceVersion, percent)
}

const scalerV1 = `{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"s","namespace":"shop","uid":"u1","resourceVersion":"7","creationTimestamp":"2026-11-01T10:00:00Z"},
	"spec":{"scaleTargetRef":{"kind":"Deployment","name":"app","apiVersion":"apps/v1"},"maxReplicas":3,"targetCPUUtilizationPercentage":50},"status":{"currentReplicas":1,"desiredReplicas":1}}`

type scaler struct {
	APIVersion string
	Metadata   struct {
		ResourceVersion string
		Annotations     map[string]string
	}
	Spec struct {
		TargetCPUUtilizationPercentage *int
		Metrics                        []struct {
			Resource struct {
				Target struct{ AverageUtilization int }
			}
		}
	}
}

func TestAKindIsAnsweredInEachVersionThatIsServed(t *testing.T) {
	s := newStand(t)
	m := s.joins("one", "v1.36.3")
	m.says(groups("autoscaling v2 v1"), list("autoscaling/v1", "horizontalpodautoscalers HorizontalPodAutoscaler"), list("autoscaling/v2", "horizontalpodautoscalers HorizontalPodAutoscaler"))
	m.keeps(scalersV2, scalerV2("7", 70))
	const at = "/kube/clusters/one/apis/autoscaling/"
	var o scaler
	if err := json.Unmarshal([]byte(s.answers(at+"v1/namespaces/shop/horizontalpodautoscalers/s")), &o); err != nil || o.APIVersion != "autoscaling/v1" || *o.Spec.TargetCPUUtilizationPercentage != 70 {
		t.Errorf("one in version 1 is %+v %v", o, err)
	}
	if got := s.answers(at + "v2/namespaces/shop/horizontalpodautoscalers/s"); got != scalerV2("7", 70) {
		t.Errorf("in the version that it is kept in it is %s", got)
	}
	var all struct{ Items []scaler }
	if err := json.Unmarshal([]byte(s.answers(at+"v1/horizontalpodautoscalers")), &all); err != nil || len(all.Items) != 1 || *all.Items[0].Spec.TargetCPUUtilizationPercentage != 70 {
		t.Errorf("all in version 1 are %+v %v", all, err)
	}
	if got := s.answers(at+"v1/horizontalpodautoscalers", "Accept", "application/json;as=Table;g=meta.k8s.io;v=v1"); !strings.Contains(got, `"cpu: \u003cunknown\u003e/70%"`) {
		t.Errorf("they are printed as %s", got)
	}
	if resp, body := s.asks(at + "v2beta1/horizontalpodautoscalers"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a version that is not served is answered %s %s", resp.Status, body)
	}

	// A watch tells changes in the version asked for.
	resp, err := http.Get(s.URL + at + "v1/horizontalpodautoscalers?watch=true&timeoutSeconds=20")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := make(chan string, 10)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(resp.Body); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	for _, want := range []string{`"ADDED" 7 70`, `"MODIFIED" 8 80`} {
		select {
		case line := <-lines:
			var e struct {
				Type   string
				Object scaler
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Object.APIVersion != "autoscaling/v1" || e.Object.Spec.TargetCPUUtilizationPercentage == nil ||
				fmt.Sprintf("%q %s %d", e.Type, e.Object.Metadata.ResourceVersion, *e.Object.Spec.TargetCPUUtilizationPercentage) != want {
				t.Errorf("the watch tells %s, want %s", line, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the watch does not tell %s", want)
		}
		if strings.HasPrefix(want, `"ADDED"`) {
			m.updates(scalersV2, scalerV2("8", 80))
		}
	}
}

func TestMembersThatPreferDifferentVersionsAreOneList(t *testing.T) {
	s := newStand(t)
	old, new := s.joins("a-old", "v1.20.0"), s.joins("b-new", "v1.36.3")
	old.says(groups("autoscaling v1"), list("autoscaling/v1", "horizontalpodautoscalers HorizontalPodAutoscaler"))
	old.keeps(scalersV1, scalerV1)
	new.says(groups("autoscaling v2 v1"), list("autoscaling/v1", "horizontalpodautoscalers HorizontalPodAutoscaler"), list("autoscaling/v2", "horizontalpodautoscalers HorizontalPodAutoscaler"))
	new.keeps(scalersV2, scalerV2("9", 70))
	for version, percents := range map[string]string{"v1": "50 70", "v2": "50 70"} {
		var all struct{ Items []scaler }
		if err := json.Unmarshal([]byte(s.answers("/kube/apis/autoscaling/"+version+"/horizontalpodautoscalers")), &all); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range all.Items {
			if o.APIVersion != "autoscaling/"+version {
				t.Errorf("one is in version %s", o.APIVersion)
			}
			if version == "v1" {
				got = append(got, fmt.Sprint(*o.Spec.TargetCPUUtilizationPercentage))
			} else {
				got = append(got, fmt.Sprint(o.Spec.Metrics[0].Resource.Target.AverageUtilization))
			}
		}
		if strings.Join(got, " ") != percents {
			t.Errorf("in version %s they are %v", version, got)
		}
	}
}

func TestCustomResourcesAreConvertedWhereVersionsDifferInNameAlone(t *testing.T) {
	s := newStand(t)
	m := s.joins("one", "v1.36.3")
	definition := func(plural, kind, strategy string) string {
		schema := `{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}`
		return fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"%s.example.com","uid":"crd-%s","resourceVersion":"1"},
			"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":%q,"kind":%q},"conversion":%s,"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},{"name":"v1beta1","served":true,"schema":%s}]}}`,
			plural, plural, plural, kind, strategy, schema)
	}
	m.says(groups("example.com v1 v1beta1"), list("example.com/v1", "widgets Widget", "gadgets Gadget"), list("example.com/v1beta1", "widgets Widget", "gadgets Gadget"))
	m.keeps(defined, definition("widgets", "Widget", `{"strategy":"None"}`), definition("gadgets", "Gadget", `{"strategy":"Webhook"}`))
	for plural, kind := range map[string]string{"widgets": "Widget", "gadgets": "Gadget"} {
		m.keeps(&ingestpb.Resource{Group: "example.com", Version: "v1", Resource: plural, Kind: kind, Namespaced: true},
			`{"apiVersion":"example.com/v1","kind":"`+kind+`","metadata":{"name":"x","namespace":"shop","uid":"u-`+plural+`","resourceVersion":"5"},"spec":{"size":3,"newer":true}}`)
	}
	const at = "/kube/clusters/one/apis/example.com/v1beta1/namespaces/shop/"
	if got := s.answers(at + "widgets/x"); !strings.Contains(got, `"apiVersion":"example.com/v1beta1"`) || !strings.Contains(got, `"spec":{"size":3}`) || !strings.Contains(got, `"resourceVersion":"5"`) {
		t.Errorf("it is %s", got)
	}
	for _, path := range []string{"gadgets/x", "gadgets"} {
		resp, body := s.asks(at + path)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "only its own API server converts them to v1beta1") || !strings.Contains(body, "Ask for version v1") {
			t.Errorf("%s is answered %s %s", path, resp.Status, body)
		}
	}
}
