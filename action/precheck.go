package action

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// prechecks look for what a dry run does not tell: a disruption budget does not keep anybody from scaling down. They
// only ever warn: what is stored may be behind.
type prechecks struct {
	finder Finder
	scope  access.Scope
	mu     sync.Mutex
	bounds map[string]*bounds // by cluster and namespace
}

// bounds are the disruption budgets of a namespace.
type bounds struct {
	once    sync.Once
	err     error
	budgets []policyv1.PodDisruptionBudget
}

func (p *prechecks) of(ctx context.Context, ref kube.Ref) (*bounds, error) {
	p.mu.Lock()
	if p.bounds == nil {
		p.bounds = map[string]*bounds{}
	}
	key := ref.Cluster + "/" + ref.Namespace
	b := p.bounds[key]
	if b == nil {
		b = &bounds{}
		p.bounds[key] = b
	}
	p.mu.Unlock()
	b.once.Do(func() { b.err = b.read(ctx, p, ref) })
	return b, b.err
}

func (b *bounds) read(ctx context.Context, p *prechecks, ref kube.Ref) error {
	query := fmt.Sprintf("cluster=%q ns=%q kind:poddisruptionbudget", ref.Cluster, ref.Namespace)
	r, err := p.finder.Search(ctx, p.scope, records.Request{Query: query, First: 100})
	if err != nil {
		return fmt.Errorf("read disruption budgets of %s: %w", ref.Namespace, err)
	}
	for _, o := range r.Objects {
		var d policyv1.PodDisruptionBudget
		if err := json.Unmarshal(o.JSON, &d); err != nil {
			return fmt.Errorf("read budget %s: %w", o.Ref, err)
		}
		b.budgets = append(b.budgets, d)
	}
	return nil
}

// warn says what the Pods of a workload will meet when it changes from before to after.
func (p *prechecks) warn(ctx context.Context, ref kube.Ref, before, after live) ([]string, error) {
	if ref.Namespace == "" || after.object == nil {
		return nil, nil
	}
	var w struct {
		Spec struct {
			Replicas *int32                 `json:"replicas"`
			Template corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	raw, err := json.Marshal(after.object)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	if json.Unmarshal(raw, &w) != nil || len(w.Spec.Template.Spec.Containers) == 0 || w.Spec.Replicas == nil {
		return nil, nil // not a workload with a number of Pods
	}
	if before.object == nil || *w.Spec.Replicas >= before.Replicas {
		return nil, nil
	}
	b, err := p.of(ctx, ref)
	if err != nil {
		return nil, err
	}
	return b.budgetWarnings(w.Spec.Template, *w.Spec.Replicas), nil
}

// budgetWarnings say which disruption budget asks for more Pods than there will be.
func (b *bounds) budgetWarnings(template corev1.PodTemplateSpec, replicas int32) (list []string) {
	for _, d := range b.budgets {
		selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		if err != nil || selector.Empty() || !selector.Matches(labels.Set(template.Labels)) || d.Spec.MinAvailable == nil || d.Spec.MinAvailable.Type != intstr.Int {
			continue
		}
		if least := d.Spec.MinAvailable.IntVal; replicas < least {
			list = append(list, fmt.Sprintf("PodDisruptionBudget %s asks for at least %s; there will be %d. A budget does not hold this up.", d.Name, count(int(least), "Pod"), replicas))
		}
	}
	return list
}
