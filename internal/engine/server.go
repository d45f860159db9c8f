package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// helloQuery is what clickhouse-go asks when it dials.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// maxStatement bounds a statement: rows go in the body of an INSERT named in the URL, not in the statement.
const maxStatement = 64 << 20

// server speaks ClickHouse's HTTP protocol over the library's connections.
type server struct {
	log     *slog.Logger
	version string
	queries *pool // statements that may take long
	inserts *pool // inserts, so that slow readers never hold up writers
	control *pool // one connection that stops statements nobody waits for any more
	tags    atomic.Uint64
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Foretop-Engine-Pid", strconv.Itoa(os.Getpid()))
	switch {
	case r.URL.Path == "/ping":
		io.WriteString(w, "Ok.\n")
		return
	case r.URL.Path != "/":
		http.Error(w, "There is nothing at this path; statements go to /.", http.StatusNotFound)
		return
	case r.Method == http.MethodGet && r.URL.Query().Get("query") == "":
		io.WriteString(w, "Ok.\n")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		http.Error(w, "Statements come by GET or POST.", http.StatusMethodNotAllowed)
		return
	}
	q, err := readRequest(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	if r.Method == http.MethodGet {
		q.settings["readonly"] = "2" // as a server does: reads can be linked to, writes cannot
	}
	if q.statement == helloQuery {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(helloBlock("foretop", s.version, "UTC"))
		return
	}
	if q.body != nil {
		err = s.insert(r.Context(), q)
		if err == nil {
			w.Header().Set("Content-Length", "0")
			return
		}
		s.fail(w, err)
		return
	}
	s.query(w, r, q)
}

// request is a statement with what the URL says about it.
type request struct {
	statement string
	format    string
	database  string
	settings  map[string]string
	params    map[string]string
	body      io.Reader // rows of an INSERT; nil for other statements
}

// notSettings are URL parameters of the protocol that are not settings of the statement.
var notSettings = map[string]bool{
	"query": true, "query_id": true, "database": true, "default_format": true, "client_protocol_version": true,
	"user": true, "password": true, "quota_key": true, "session_id": true, "session_timeout": true,
	"session_check": true, "stacktrace": true, "role": true, "wait_end_of_query": true, "buffer_size": true,
	"compress": true, "decompress": true,
}

var settingName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func readRequest(r *http.Request) (*request, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("read the request's URL: %w", err)
	}
	q := &request{format: "TabSeparated", database: values.Get("database"), settings: map[string]string{}, params: map[string]string{}}
	if f := values.Get("default_format"); f != "" {
		q.format = f
	}
	if values.Get("compress") == "1" || values.Get("decompress") == "1" {
		return nil, errors.New("the engine does not compress; ask without compress and decompress")
	}
	for name := range values {
		value := values.Get(name)
		switch {
		case strings.HasPrefix(name, "param_"):
			q.params[strings.TrimPrefix(name, "param_")] = value
		case notSettings[name]:
		case !settingName.MatchString(name):
			return nil, fmt.Errorf("%q cannot be the name of a setting", name)
		default:
			q.settings[name] = value
		}
	}
	q.statement = values.Get("query")
	if isInsert(q.statement) && !hasInlineRows(q.statement) {
		var ok bool
		if q.statement, q.format, ok = cutFormat(q.statement); !ok {
			return nil, &Error{Text: "Code: 62. DB::Exception: An INSERT whose rows are in the body ends with FORMAT and the format's name. (SYNTAX_ERROR)"}
		}
		q.body = r.Body
		return q, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxStatement+1))
	if err != nil {
		return nil, fmt.Errorf("read the statement: %w", err)
	}
	if len(body) > maxStatement {
		return nil, &Error{Text: fmt.Sprintf("Code: 62. DB::Exception: The statement is longer than %d bytes; name the INSERT in ?query= and send its rows as the body. (SYNTAX_ERROR)", maxStatement)}
	}
	if q.statement != "" && len(body) > 0 {
		q.statement += "\n"
	}
	q.statement += string(body)
	if strings.TrimSpace(q.statement) == "" {
		return nil, &Error{Text: "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)"}
	}
	return q, nil
}

// verb is the first word of a statement, upper case; comments before it are skipped.
func verb(statement string) string {
	for {
		statement = strings.TrimLeft(statement, " \t\r\n(;")
		switch {
		case strings.HasPrefix(statement, "--"):
			_, statement, _ = strings.Cut(statement, "\n")
		case strings.HasPrefix(statement, "/*"):
			_, statement, _ = strings.Cut(statement, "*/")
		default:
			end := strings.IndexFunc(statement, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') })
			if end < 0 {
				end = len(statement)
			}
			return strings.ToUpper(statement[:end])
		}
	}
}

func isInsert(statement string) bool { return verb(statement) == "INSERT" }

var (
	formatClause = regexp.MustCompile(`(?is)^(.*)\sFORMAT\s+([A-Za-z0-9]+)\s*;?\s*$`)
	inlineRows   = regexp.MustCompile(`(?is)\b(SELECT|VALUES|FROM\s+INFILE|WITH)\b`)
)

// hasInlineRows is true for INSERT ... SELECT, VALUES (...) and INFILE: those need no body.
func hasInlineRows(statement string) bool {
	head, _, ok := cutFormat(statement)
	if ok && !strings.EqualFold(head, statement) {
		statement = head
	}
	return inlineRows.MatchString(quoted.ReplaceAllString(statement, "x"))
}

var quoted = regexp.MustCompile("`(?:[^`\\\\]|\\\\.)*`|'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"")

func cutFormat(statement string) (rest, format string, ok bool) {
	m := formatClause.FindStringSubmatch(statement)
	if m == nil {
		return statement, "", false
	}
	return m[1], m[2], true
}

func (s *server) insert(ctx context.Context, q *request) error {
	c, err := s.inserts.get(ctx)
	if err != nil {
		return err
	}
	defer s.inserts.put(c)
	if err := c.prepare(q.settings, q.database); err != nil {
		return err
	}
	return c.insert(q.statement, q.format, q.body)
}

// streamed are the statements whose output may be large; the library streams nothing else.
var streamed = map[string]bool{"SELECT": true, "WITH": true, "SHOW": true, "DESCRIBE": true, "DESC": true, "EXPLAIN": true, "EXISTS": true, "VALUES": true, "FROM": true}

func (s *server) query(w http.ResponseWriter, r *http.Request, q *request) {
	ctx := r.Context()
	c, err := s.queries.get(ctx)
	if err != nil {
		s.fail(w, err)
		return
	}
	defer s.queries.put(c)
	// The tag finds the statement in system.processes; the library gives it an id that it does not tell. It is the
	// connection's, since a SET for each statement costs as much as a small one.
	if c.tag == "" {
		c.tag = fmt.Sprintf("foretop-%d", s.tags.Add(1))
	}
	q.settings["log_comment"] = c.tag
	if err := c.prepare(q.settings, q.database); err != nil {
		s.fail(w, err)
		return
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.stopWhenAbandoned(ctx, c.tag, done)
	}()
	defer func() { // before the connection is lent again: nobody may stop its next statement
		close(done)
		<-stopped
	}()

	out := &answer{w: w, ctx: ctx}
	if streamed[verb(q.statement)] {
		err = c.stream(q.statement, q.params, q.format, out.write)
	} else {
		err = c.query(q.statement, q.params, q.format, out.write)
	}
	switch {
	case err == nil && !out.begun:
		w.Header().Set("Content-Length", "0") // clickhouse-go takes it for "no result"
	case err != nil && !out.begun:
		s.fail(w, err)
	case err != nil:
		out.breakOff(err)
	}
}

// answer writes pieces as they come. The status is decided by the first piece, so that errors before it are typed.
type answer struct {
	w     http.ResponseWriter
	ctx   context.Context
	begun bool
}

// exceptionTag marks an exception in the middle of a result, as ClickHouse frames it.
const exceptionTag = "foretop-engine-x"

func (a *answer) write(piece []byte) error {
	if err := a.ctx.Err(); err != nil {
		return err
	}
	if !a.begun {
		a.begun = true
		a.w.Header().Set("Content-Type", "application/octet-stream")
		a.w.Header().Set("X-ClickHouse-Exception-Tag", exceptionTag)
	}
	_, err := a.w.Write(piece)
	return err
}

func (a *answer) breakOff(err error) {
	if a.ctx.Err() != nil {
		return // nobody is listening
	}
	text := err.Error()
	if len(text) > 12<<10 { // the frame is at most 16 KiB
		text = text[:12<<10]
	}
	fmt.Fprintf(a.w, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", exceptionTag, text, len(text)+1, exceptionTag)
}

// stopWhenAbandoned kills the tagged statement when ctx ends before done.
func (s *server) stopWhenAbandoned(ctx context.Context, tag string, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	for {
		c, err := s.control.get(context.Background())
		if err != nil {
			s.log.Warn("stop an abandoned statement", "err", err)
			return
		}
		err = c.exec("KILL QUERY WHERE Settings['log_comment'] = " + quote(tag) + " ASYNC")
		s.control.put(c)
		if err != nil {
			s.log.Warn("stop an abandoned statement", "err", err)
		}
		select {
		case <-done:
			return
		case <-time.After(100 * time.Millisecond): // it had not begun yet, or begins another part
		}
	}
}

var exceptionCode = regexp.MustCompile(`^(?:Error: )?Code: (\d+)\.`)

// fail answers with ClickHouse's error form.
func (s *server) fail(w http.ResponseWriter, err error) {
	text := err.Error()
	code := 1000 // POCO_EXCEPTION: not an exception of the engine
	if m := exceptionCode.FindStringSubmatch(text); m != nil {
		code, _ = strconv.Atoi(m[1])
	} else {
		text = "Code: 1000. DB::Exception: " + text
	}
	text = strings.TrimPrefix(text, "Error: ")
	status := http.StatusInternalServerError
	switch code {
	case 60, 81: // unknown table, unknown database
		status = http.StatusNotFound
	case 62, 47, 115, 456, 457, 6, 27, 26, 53: // syntax, names, parameters and values of the caller
		status = http.StatusBadRequest
	case 164, 497: // read-only, not enough rights
		status = http.StatusForbidden
	}
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(code))
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}
