//go:build unix

package aggregator

import "syscall"

// reserve is memory that the garbage collector neither reads nor counts: it would let the heap grow by as much again.
func reserve(bytes int) []byte {
	b, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	return b
}

func release(b []byte) { syscall.Munmap(b) }
