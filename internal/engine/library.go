package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Version of the engine library that this build is written and tested against.
const Version = "26.7.3-stable.1"

// DefaultLibrary is where `make engine` puts the library: the user's cache, by version.
func DefaultLibrary() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder for the engine library: %w", err)
	}
	return filepath.Join(cache, "foretop", "engine", Version, "libchdb.so"), nil
}

// findLibrary picks the configured path, then FORETOP_ENGINE_LIBRARY, then the cache.
func findLibrary(configured string) (string, error) {
	path := configured
	if path == "" {
		path = os.Getenv("FORETOP_ENGINE_LIBRARY")
	}
	if path == "" {
		var err error
		if path, err = DefaultLibrary(); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the engine library is not at %s: run `make engine`, or name it with --library or FORETOP_ENGINE_LIBRARY", path)
	}
	return path, nil
}

// handle is an opaque pointer of the library. It is never dereferenced here.
type handle = uintptr

// library is the part of libchdb's C interface that the engine uses. All sizes are explicit: SQL may hold NUL bytes.
type library struct {
	connect   func(argc int32, argv *unsafe.Pointer) handle // chdb_connection *
	closeConn func(conn handle)
	shutdown  func()
	version   func() string

	streamQuery       func(conn handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, fn uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) handle
	streamFetch       func(conn, result handle) handle
	streamCancel      func(conn, result handle)
	query             func(conn handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, fn uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) handle
	destroyResult     func(result handle)
	resultBuffer      func(result handle) unsafe.Pointer
	resultLength      func(result handle) uintptr
	resultError       func(result handle) string
	resultRowsWritten func(result handle) uint64

	insertOpen    func(conn handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, fn uintptr) handle
	insertAppend  func(stream handle, data unsafe.Pointer, n uintptr) int32
	insertDone    func(stream handle) handle
	insertError   func(stream handle) string
	insertDestroy func(stream handle)

	setSignalHandlers func(enabled int32)
}

// connection reads the chdb_connection out of what chdb_connect returned.
func (l *library) connection(box handle) handle {
	return **(**handle)(unsafe.Pointer(&box)) // box is C memory; the detour keeps vet's unsafeptr check meaningful
}

// load opens the library and binds it. Go's signal handlers are what they were when it returns.
func load(path string) (*library, error) {
	saved := saveSignals()
	defer saved.restore()
	so, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("load the engine library %s on %s/%s (run `make engine` to fetch it again): %w", path, runtime.GOOS, runtime.GOARCH, err)
	}
	l := &library{}
	for _, b := range []struct {
		fn     any
		symbol string
	}{
		{&l.setSignalHandlers, "chdb_set_signal_handlers_enabled"},
		{&l.connect, "chdb_connect"},
		{&l.closeConn, "chdb_close_conn"},
		{&l.shutdown, "chdb_shutdown"},
		{&l.version, "chdb_version"},
		{&l.streamQuery, "chdb_stream_query_with_params_n"},
		{&l.streamFetch, "chdb_stream_fetch_result"},
		{&l.streamCancel, "chdb_stream_cancel_query"},
		{&l.query, "chdb_query_with_params_n"},
		{&l.destroyResult, "chdb_destroy_query_result"},
		{&l.resultBuffer, "chdb_result_buffer"},
		{&l.resultLength, "chdb_result_length"},
		{&l.resultError, "chdb_result_error"},
		{&l.resultRowsWritten, "chdb_result_rows_written"},
		{&l.insertOpen, "chdb_stream_insert_n"},
		{&l.insertAppend, "chdb_stream_append"},
		{&l.insertDone, "chdb_stream_done"},
		{&l.insertError, "chdb_stream_insert_error"},
		{&l.insertDestroy, "chdb_destroy_insert_stream"},
	} {
		address, err := purego.Dlsym(so, b.symbol)
		if err != nil {
			return nil, fmt.Errorf("the engine library %s has no %s: this build needs version %s, run `make engine`: %w", path, b.symbol, Version, err)
		}
		purego.RegisterFunc(b.fn, address)
	}
	l.setSignalHandlers(0)
	return l, nil
}
