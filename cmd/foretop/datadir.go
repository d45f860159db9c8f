package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/foretop/foretop/internal/access"
)

// defaultDataDir is $XDG_DATA_HOME/foretop, where a hub keeps everything unless told otherwise.
func defaultDataDir() string {
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "foretop-data"
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "foretop")
}

// openDataDir makes dir, for its owner alone, and proves that it can be written.
func openDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return dataDirError(dir, err)
	}
	probe, err := os.CreateTemp(dir, ".write-*")
	if err != nil {
		return dataDirError(dir, err)
	}
	_, err = probe.WriteString("probe")
	err = errors.Join(err, probe.Close(), os.Remove(probe.Name()))
	if err != nil {
		return dataDirError(dir, err)
	}
	return nil
}

func dataDirError(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("The disk that holds %s is full.", dir), Fix: "Free some space, or choose another folder with --data-dir."}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &access.Error{Code: "FORBIDDEN", Message: fmt.Sprintf("Data folder %s cannot be written.", dir), Fix: "Give this user the right to, or choose another folder with --data-dir."}
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%s is not a folder.", dir), Fix: "Choose another with --data-dir."}
	}
	return fmt.Errorf("open data folder %s: %w", dir, err)
}

// adminToken reads the folder's token, made at the first start.
func adminToken(dir string) (string, error) {
	path := filepath.Join(dir, "admin.token")
	raw, err := os.ReadFile(path)
	if err == nil {
		if token := strings.TrimSpace(string(raw)); token != "" {
			return token, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read admin token: %w", err)
	}
	var secret [24]byte
	rand.Read(secret[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", dataDirError(dir, err)
	}
	return token, nil
}
