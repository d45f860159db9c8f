package clickhouse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/foretop/foretop/internal/access"
)

// socketOf is where the engine of config answers. A unix socket's path has room for 107 bytes: a longer one is
// replaced by one in a folder of this user's own among everybody's temporary files.
func socketOf(config EngineConfig) (string, error) {
	socket := config.Socket
	if socket == "" {
		socket = filepath.Join(config.DataDir, "engine.sock")
	}
	if len(socket) <= 100 {
		return socket, nil
	}
	sum := sha256.Sum256([]byte(socket))
	dir := filepath.Join(os.TempDir(), "foretop-"+strconv.Itoa(os.Getuid())+"-"+hex.EncodeToString(sum[:6]))
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return "", fmt.Errorf("make the folder of the engine's socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("look at the folder of the engine's socket: %w", err)
	}
	// Its name can be guessed, so that others may have made it before.
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o077 != 0 {
		return "", &access.Error{Code: "FORBIDDEN", Message: fmt.Sprintf("The folder %s for the engine's socket is open to others.", dir), Fix: "Remove it, or choose a data folder with a shorter path."}
	}
	return filepath.Join(dir, "engine.sock"), nil
}
