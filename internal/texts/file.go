package texts

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

// file holds records, one behind the other:
//
//	mark 2 | check of the head 2 | digest 8 | version 8 | size 4 | dictionary 4 | check of the text 4 | packed text
//
// padded to units. Nothing that was written ever changes.
type file struct {
	*os.File
	number uint64
	slot   uint16
	end    int64        // held by Store.writing
	before int64        // the end when it was opened: what was written since is found when it is published
	living atomic.Int64 // bytes of records that are found
	closed bool         // to new texts: it is being emptied; held by Store.filesMu
	gone   atomic.Bool  // deleted
}

const (
	unit      = 8
	headBytes = 32
	// fileMark begins each file; its last byte counts formats.
	fileMark = "texts\x00\x00\x01"
	mark     = 0x7e5a
)

type head struct {
	digest, ver uint64
	size        uint32 // of the packed text
	dictionary  uint32 // 0: none
	check       uint32 // of key and text
}

// recordBytes is what the record takes in its file.
func (h head) recordBytes() int64 {
	return (headBytes + int64(h.size) + unit - 1) / unit * unit
}

func (h head) write(b []byte) {
	binary.LittleEndian.PutUint16(b, mark)
	binary.LittleEndian.PutUint64(b[4:], h.digest)
	binary.LittleEndian.PutUint64(b[12:], h.ver)
	binary.LittleEndian.PutUint32(b[20:], h.size)
	binary.LittleEndian.PutUint32(b[24:], h.dictionary)
	binary.LittleEndian.PutUint32(b[28:], h.check)
	binary.LittleEndian.PutUint16(b[2:], headCheck(b))
}

func headCheck(b []byte) uint16 { return uint16(crc32.Checksum(b[4:headBytes], castagnoli)) }

// isHead reports whether a record begins with b, and not what a crash left.
func isHead(b []byte) bool {
	return binary.LittleEndian.Uint16(b) == mark && binary.LittleEndian.Uint16(b[2:]) == headCheck(b)
}

func readHead(b []byte) head {
	return head{
		digest: binary.LittleEndian.Uint64(b[4:]), ver: binary.LittleEndian.Uint64(b[12:]),
		size: binary.LittleEndian.Uint32(b[20:]), dictionary: binary.LittleEndian.Uint32(b[24:]), check: binary.LittleEndian.Uint32(b[28:]),
	}
}

func nameOf(number uint64) string { return fmt.Sprintf("%012d.texts", number) }

func numberOf(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, ".texts")
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && err == nil
}

var errForeign = errors.New("not a file of texts")

func createFile(dir string, number uint64) (*file, error) {
	f, err := os.OpenFile(filepath.Join(dir, nameOf(number)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt([]byte(fileMark), 0); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return &file{File: f, number: number, end: int64(len(fileMark))}, nil
}

func openFile(dir string, number uint64) (*file, error) {
	f, err := os.OpenFile(filepath.Join(dir, nameOf(number)), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	var begins [len(fileMark)]byte
	if _, err := f.ReadAt(begins[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, f.Close())
	}
	if string(begins[:]) != fileMark {
		return nil, errors.Join(errForeign, f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{File: f, number: number, end: info.Size(), before: info.Size()}, nil
}

// each goes over the records before end, and answers where the last whole one ends.
func (f *file) each(end int64, do func(h head, at int64)) (last int64, err error) {
	at := int64(len(fileMark))
	r := bufio.NewReaderSize(io.NewSectionReader(f, at, end-at), 1<<20)
	for {
		b, err := r.Peek(headBytes)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return at, err
		}
		h := readHead(b)
		if !isHead(b) || at+h.recordBytes() > end {
			return at, nil
		}
		if _, err := r.Discard(int(h.recordBytes())); err != nil {
			return at, err
		}
		do(h, at)
		at += h.recordBytes()
	}
}
