package graph

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"io"
	"strconv"
	"sync"
)

// verbatim are the objects of one answer. The library would read and copy each several times over; so it is given a mark
// in place of each, and the objects are written where their marks are.
type verbatim struct {
	mark []byte // begins each; nobody can have written it into an object

	mu    sync.Mutex
	texts [][]byte
}

// markDigits is the length of what follows the mark, the number of a text.
const markDigits = 8

func newVerbatim() *verbatim {
	var secret [16]byte
	rand.Read(secret[:]) // never fails
	return &verbatim{mark: append([]byte(`"`), hex.EncodeToString(secret[:])...)}
}

// marked is the mark of a text.
func (v *verbatim) marked(text []byte) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	number := strconv.Itoa(len(v.texts))
	v.texts = append(v.texts, text)
	b := make([]byte, 0, len(v.mark)+markDigits+1)
	b = append(b, v.mark...)
	for range markDigits - len(number) {
		b = append(b, '0')
	}
	return append(append(b, number...), '"')
}

// write writes data with the texts in place of their marks.
func (v *verbatim) write(w io.Writer, data []byte) error {
	for {
		at := bytes.Index(data, v.mark)
		if at < 0 {
			_, err := w.Write(data)
			return err
		}
		if _, err := w.Write(data[:at]); err != nil {
			return err
		}
		end := at + len(v.mark) + markDigits
		number, err := strconv.Atoi(string(data[at+len(v.mark) : end]))
		if err != nil {
			return err
		}
		if _, err := w.Write(v.texts[number]); err != nil {
			return err
		}
		data = data[end+1:] // and the closing quote
	}
}

// whole is data with the texts in it.
func (v *verbatim) whole(data []byte) []byte {
	if len(v.texts) == 0 {
		return data
	}
	n := len(data)
	for _, text := range v.texts {
		n += len(text)
	}
	b := bytes.NewBuffer(make([]byte, 0, n))
	if v.write(b, data) != nil {
		return nil // a buffer takes everything
	}
	return b.Bytes()
}
