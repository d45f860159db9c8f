package state

import (
	"errors"
	"os"
	"syscall"
)

// keepSize is FALLOC_FL_KEEP_SIZE: blocks are taken, the file does not look longer.
const keepSize = 1

// reserve takes blocks for the file and for what it will grow by.
func reserve(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), keepSize, 0, info.Size()+reserved)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		return nil // this file system cannot; etcd does without, too
	}
	return err
}
