package clickhouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Error is an exception of ClickHouse. Codes are ClickHouse's (system.errors).
type Error struct {
	Code    int
	Name    string // TABLE_ALREADY_EXISTS; may be empty
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("clickhouse: code %d: %s", e.Code, e.Message) }

// translate makes clickhouse-go's exceptions ours and leaves other errors as they are.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var done *Error
	if errors.As(err, &done) {
		return err
	}
	var exception *ch.Exception
	if errors.As(err, &exception) {
		e := &Error{Code: int(exception.Code), Name: exception.Name, Message: exception.Message}
		if m := codeName.FindAllStringSubmatch(e.Message, -1); m != nil {
			e.Name = m[len(m)-1][1] // Name is "DB::Exception" otherwise
		}
		return e
	}
	return err
}

// exception is ClickHouse's own text as an Error.
func exception(code, text string) *Error {
	e := &Error{Message: strings.TrimSpace(text)}
	e.Code, _ = strconv.Atoi(code)
	if m := codeName.FindAllStringSubmatch(e.Message, -1); m != nil {
		e.Name = m[len(m)-1][1]
	}
	return e
}

// codeName is a code's name as ClickHouse appends it to the message.
var codeName = regexp.MustCompile(`\(([A-Z][A-Z0-9_]+)\)`)

// Codes that say "not now" rather than "no".
var notNow = map[int]bool{
	202: true, // TOO_MANY_SIMULTANEOUS_QUERIES
	209: true, // SOCKET_TIMEOUT
	210: true, // NETWORK_ERROR
	236: true, // ABORTED
	242: true, // TABLE_IS_READ_ONLY: a replica lost its keeper
	252: true, // TOO_MANY_PARTS
	279: true, // ALL_CONNECTION_TRIES_FAILED
	319: true, // UNKNOWN_STATUS_OF_INSERT
	394: true, // QUERY_WAS_CANCELLED: the engine is ending
	999: true, // KEEPER_EXCEPTION
}

// Unavailable is true when the database did not answer or is restarting: the same read, or the same insert with
// the same token, is safe to try again.
func Unavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var exception *Error
	if errors.As(err, &exception) {
		return notNow[exception.Code]
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || neverSent(err) {
		return true
	}
	var network *net.OpError
	return errors.As(err, &network) || strings.Contains(err.Error(), "server closed idle connection")
}

// neverSent is true when nothing was listening, so that no statement can have begun.
func neverSent(err error) bool {
	var network *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &network) && network.Op == "dial" ||
		errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "dial unix")
}

// DiskFull is true when the database has no room left.
func DiskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) {
		return true
	}
	var exception *Error
	return errors.As(err, &exception) && (exception.Code == 243 || // NOT_ENOUGH_SPACE
		strings.Contains(exception.Message, "No space left on device") || strings.Contains(exception.Message, "errno: 28"))
}
