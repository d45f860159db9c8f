package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// talkers are the containers that print. Containers are named like their application.
var talkers = []string{"gateway", "app1", "app2", "app3", "db"}

const logFileLimit = 4 << 20 // bytes; then the file is set aside and the one before it is gone

// crashed is where `kubectl logs --previous` finds what a container printed before it exited.
func crashed(path string) string { return path + ".previous" }

// logWriter appends lines in CRI format and keeps each application to two files of bounded size.
type logWriter struct {
	dir   string
	limit int64 // bytes per file
	files map[string]*os.File
	sizes map[string]int64
}

func newLogWriter(dir string, limit int64) (*logWriter, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder for logs: %w", err)
	}
	w := &logWriter{dir: dir, limit: limit, files: map[string]*os.File{}, sizes: map[string]int64{}}
	for _, app := range talkers {
		if err := w.open(app); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

func (w *logWriter) open(app string) error {
	file, err := os.OpenFile(filepath.Join(w.dir, app+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at log: %w", err)
	}
	w.files[app], w.sizes[app] = file, info.Size()
	return nil
}

func (w *logWriter) write(l line) error {
	path := filepath.Join(w.dir, l.app+".log")
	if w.sizes[l.app] > w.limit {
		if err := w.files[l.app].Close(); err != nil {
			return fmt.Errorf("close %s: %w", path, err)
		}
		if err := os.Rename(path, path+".1"); err != nil {
			return fmt.Errorf("set %s aside: %w", path, err)
		}
		if err := w.open(l.app); err != nil {
			return err
		}
	}
	stream := "stdout"
	if l.err {
		stream = "stderr"
	}
	text := fmt.Sprintf("%s %s F %s\n", l.at.UTC().Format(time.RFC3339Nano), stream, l.text)
	n, err := w.files[l.app].WriteString(text)
	w.sizes[l.app] += int64(n)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if l.last {
		return writeFile(crashed(path), []byte(text), 0o640)
	}
	return nil
}

func (w *logWriter) close() {
	for _, file := range w.files {
		file.Close()
	}
}
