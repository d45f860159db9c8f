package executor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	errTooMuch = errors.New("it is too much")
	errUnread  = errors.New("nobody reads it")
	errStrange = errors.New("it cannot be understood")
)

// parts hands on what is written to it.
type parts struct {
	id       string
	send     func(*ingestpb.Fetched) error
	most     int64 // 0: without end
	warnings []string

	buffer []byte
	sent   int64
	begun  bool
}

func (p *parts) write(b []byte) error {
	p.sent += int64(len(b))
	if p.most > 0 && p.sent > p.most {
		return errTooMuch
	}
	for p.buffer = append(p.buffer, b...); len(p.buffer) >= ingestpb.FetchPart; {
		if err := p.hand(p.buffer[:ingestpb.FetchPart]); err != nil {
			return err
		}
		p.buffer = append(p.buffer[:0:0], p.buffer[ingestpb.FetchPart:]...)
	}
	return nil
}

func (p *parts) flush() error {
	if p.begun && len(p.buffer) == 0 {
		return nil
	}
	b := p.buffer
	p.buffer = nil
	return p.hand(b)
}

// hand gives b away.
func (p *parts) hand(b []byte) error {
	if err := p.send(&ingestpb.Fetched{CommandId: p.id, Data: b, Warnings: p.warnings}); err != nil {
		return fmt.Errorf("%w: %w", errUnread, err)
	}
	p.begun, p.warnings = true, nil
	return nil
}

// object redacts one document.
func (f *fetch) object(body io.Reader, p *parts) error {
	raw, err := io.ReadAll(io.LimitReader(body, f.most+1))
	if err != nil {
		return err
	}
	if int64(len(raw)) > f.most {
		return errTooMuch
	}
	text, _, err := f.redacted(raw, "", "")
	if err != nil {
		return err
	}
	return p.write(append(text, '\n'))
}

// redacted is an object as it may leave the member; what a list knows of its items and they do not say is told.
func (f *fetch) redacted(raw []byte, apiVersion, kind string) (text []byte, namespace string, err error) {
	var o map[string]any
	if err := utiljson.Unmarshal(raw, &o); err != nil || o == nil {
		return nil, "", errStrange
	}
	if o["kind"] == nil || o["kind"] == "" {
		o["kind"] = kind
	}
	if o["apiVersion"] == nil || o["apiVersion"] == "" {
		o["apiVersion"] = apiVersion
	}
	if o["kind"] == "" || o["apiVersion"] == "" { // without them, redaction does not know what it has before it
		return nil, "", errStrange
	}
	if meta, ok := o["metadata"].(map[string]any); ok {
		namespace, _ = meta["namespace"].(string)
	}
	return f.redactor.Object(o).JSON, namespace, nil
}

// list redacts a list item by item, however long it is.
func (f *fetch) list(body io.Reader, p *parts) error {
	d := json.NewDecoder(body)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return strange(err)
	}
	var apiVersion, kind string
	begin := []byte{'{'}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return strange(err)
		}
		name, _ := t.(string)
		if name == "items" {
			if err := p.write(append(begin, `"items":`...)); err != nil {
				return err
			}
			if err := f.items(d, p, apiVersion, strings.TrimSuffix(kind, "List")); err != nil {
				return err
			}
			begin = []byte{','}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return strange(err)
		}
		switch name {
		case "apiVersion":
			err = json.Unmarshal(value, &apiVersion)
		case "kind":
			err = json.Unmarshal(value, &kind)
		case "metadata": // of a list: where it stands and how it goes on
		default: // lists have nothing else
			continue
		}
		if err != nil {
			return errStrange
		}
		if err := p.write(fmt.Appendf(begin, "%q:%s", name, value)); err != nil {
			return err
		}
		begin = []byte{','}
	}
	if _, err := d.Token(); err != nil {
		return strange(err)
	}
	return p.write([]byte("}\n"))
}

func (f *fetch) items(d *json.Decoder, p *parts, apiVersion, kind string) error {
	t, err := d.Token()
	switch {
	case err != nil:
		return strange(err)
	case t == nil:
		return p.write([]byte("[]"))
	case t != json.Delim('['):
		return errStrange
	}
	begin := []byte{'['}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return strange(err)
		}
		text, namespace, err := f.redacted(raw, apiVersion, kind)
		if err != nil {
			return err
		}
		if f.live.hides(namespace) {
			continue
		}
		if err := p.write(append(begin, text...)); err != nil {
			return err
		}
		begin = []byte{','}
	}
	if _, err := d.Token(); err != nil {
		return strange(err)
	}
	if begin[0] == '[' {
		return p.write([]byte("[]"))
	}
	return p.write([]byte{']'})
}

// events redacts a watch event by event.
func (f *fetch) events(body io.Reader, p *parts) error {
	d := json.NewDecoder(body)
	for {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		switch err := d.Decode(&event); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return strange(err)
		}
		text, namespace, err := f.redacted(event.Object, "", "")
		if err != nil {
			return err
		}
		if f.live.hides(namespace) {
			continue
		}
		if err := p.write(fmt.Appendf(nil, "{\"type\":%q,\"object\":%s}\n", event.Type, text)); err != nil {
			return err
		}
		// As many as have come go together.
		if rest, ok := d.Buffered().(*bytes.Reader); !ok || rest.Len() <= len("\n") {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
}

// strange tells JSON that is none from a stream that broke.
func strange(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if err == nil || errors.As(err, &syntax) || errors.As(err, &kind) {
		return errStrange
	}
	return err
}

const (
	// lineMost is how much of a line without an end is looked at together.
	lineMost = 1 << 20
	// keyLines is how many lines a private key has at most; after that many it is not believed to be one.
	keyLines = 200
)

// lines redacts a log line by line. A private key is more than a line.
func (f *fetch) lines(body io.Reader, p *parts) error {
	r := bufio.NewReaderSize(body, ingestpb.FetchPart)
	within := 0 // of a private key: how many lines may still be
	for {
		line, err := readLine(r)
		if len(line) > 0 {
			text := string(line)
			begins, ends := strings.LastIndex(text, "-----BEGIN "), strings.LastIndex(text, "-----END ")
			switch {
			case within > 0 && ends >= 0:
				within = 0
			case within > 0:
				within--
			default:
				if begins > ends && strings.Contains(text[begins:], "PRIVATE KEY") {
					within = keyLines
				}
				if err := p.write(f.line(text)); err != nil {
					return err
				}
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if r.Buffered() == 0 {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
}

// line redacts one line and keeps its end.
func (f *fetch) line(text string) []byte {
	bare := strings.TrimSuffix(text, "\n")
	return []byte(f.redactor.Text(bare) + text[len(bare):])
}

// readLine reads up to the end of a line, or so much of it as is looked at together.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for len(line) < lineMost {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
	return line, nil
}
