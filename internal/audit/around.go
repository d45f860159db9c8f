package audit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// Hub is the actor of what no person asked for.
const Hub = "foretop"

// Around does something that is no action, with a row before it and one behind it. Without the first nothing is done. do
// answers the result in a word; "" is DONE.
func (l *Log) Around(ctx context.Context, r Row, detail map[string]any, do func() (string, error)) error {
	if detail == nil {
		detail = map[string]any{}
	}
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("encode audit row: %w", err)
	}
	token := r.Phase + "/" + rand.Text()
	r.Result, r.Detail = "INTENDED", string(raw)
	if err := l.Append(ctx, token, r); err != nil {
		return Unwritten(err)
	}
	result, failure := do()
	switch {
	case failure == nil && result == "":
		r.Result = "DONE"
	case failure == nil:
		r.Result = result
	default:
		r.Result = "FAILED"
		detail["error"] = access.Code(failure)
	}
	if raw, err = json.Marshal(detail); err == nil {
		r.Detail = string(raw)
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*insertTimeout)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		err := l.Append(late, token+"/result", r)
		if err == nil || late.Err() != nil {
			if err != nil {
				l.log.Error("outcome not in the audit, its intent is", "verb", r.Verb, "name", r.Name, "err", err)
			}
			return failure
		}
		select {
		case <-time.After(pause):
		case <-late.Done():
		}
	}
}
