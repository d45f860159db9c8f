package texts

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
)

// drops is a list of deleted objects, so that none of their records is found after a restart. It is shortened to those of
// which there are records.
type drops struct {
	path string

	mu   sync.Mutex
	file *os.File
	end  int64
}

// dropBytes is one: its digest, and the version up to which its records count no more.
const dropBytes = 16

func openDrops(path string) (*drops, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &drops{path: path, file: f, end: info.Size() / dropBytes * dropBytes}, nil
}

// read is the list as it is, and where it ends.
func (d *drops) read() (list map[uint64]uint64, end int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := make([]byte, d.end)
	if _, err := d.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	list = make(map[uint64]uint64, d.end/dropBytes)
	for ; len(b) >= dropBytes; b = b[dropBytes:] {
		digest, ver := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		list[digest] = max(list[digest], ver)
	}
	return list, d.end, nil
}

// add notes one more. One that is lost is a text that nobody asks for.
func (d *drops) add(digest, ver uint64) {
	var b [dropBytes]byte
	binary.LittleEndian.PutUint64(b[:], digest)
	binary.LittleEndian.PutUint64(b[8:], ver)
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.file.WriteAt(b[:], d.end); err == nil {
		d.end += dropBytes
	}
}

// keep makes the list that was read up to end that of keep.
func (d *drops) keep(keep map[uint64]uint64, end int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	since := make([]byte, d.end-end)
	if _, err := d.file.ReadAt(since, end); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	b := make([]byte, 0, len(keep)*dropBytes+len(since))
	for digest, ver := range keep {
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, digest), ver)
	}
	b = append(b, since...)
	if err := os.WriteFile(d.path+".new", b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(d.path+".new", d.path); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_ = d.file.Close() // of the list that was
	d.file, d.end = f, int64(len(b))
	return nil
}

func (d *drops) size() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end
}
