package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

// engine is one running engine, spoken to as curl would.
type engine struct {
	t    *testing.T
	dir  string
	db   *clickhouse.DB
	http *http.Client
}

func start(t *testing.T) *engine {
	t.Helper()
	dir := t.TempDir()
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(dir)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e := &engine{t: t, dir: dir, db: db, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "engine.sock"))
		},
	}}}
	t.Cleanup(e.http.CloseIdleConnections)
	e.want("", "CREATE DATABASE d ENGINE = Atomic", 200, "")
	e.want("", "CREATE TABLE d.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n", 200, "")
	return e
}

func (e *engine) post(query, body string) (int, http.Header, string) {
	e.t.Helper()
	response, err := e.http.Post("http://engine/?"+query, "", strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// want posts and compares; an answer that ends with ... is compared up to there.
func (e *engine) want(query, body string, status int, answer string) {
	e.t.Helper()
	gotStatus, header, got := e.post(query, body)
	prefix, cut := strings.CutSuffix(answer, "...")
	if gotStatus != status || cut && !strings.HasPrefix(got, prefix) || !cut && got != answer {
		e.t.Errorf("%s %s: got %d %.300q, want %d %q", query, body, gotStatus, got, status, answer)
	}
	if code := header.Get("X-ClickHouse-Exception-Code"); (code == "") != (status == 200) {
		e.t.Errorf("%s %s: status %d with exception code %q", query, body, gotStatus, code)
	}
}

func TestProtocol(t *testing.T) {
	e := start(t)
	insert := func(statement string) string { return "query=" + url.QueryEscape(statement) }

	e.want("", "SELECT 1", 200, "1\n")                                        // SQL in the body
	e.want("query=SELECT+2", "", 200, "2\n")                                  // SQL in the URL
	e.want("query=SELECT", "3", 200, "3\n")                                   // in both, joined
	e.want("default_format=JSONEachRow", "SELECT 4 AS x", 200, "{\"x\":4}\n") // the URL's format
	e.want("default_format=Native", "SELECT 5 AS x FORMAT CSV", 200, "5\n")   // the statement's wins
	e.want("", "-- a comment\n/* another */ (SELECT 6)", 200, "6\n")          //
	e.want("", "WITH 7 AS x SELECT x", 200, "7\n")                            //
	e.want("param_a=it's&param_b=%5B1%2C2%5D", "SELECT {a:String}, {b:Array(UInt8)}", 200, "it\\'s\t[1,2]\n")
	e.want("", "SELECT {a:String}", 400, "Code: 456. ...") // of this statement only
	e.want("max_block_size=7", "SELECT getSetting('max_block_size')", 200, "7\n")
	e.want("", "SELECT getSetting('max_block_size') = 7", 200, "0\n")
	e.want("async_insert=1", "SELECT getSetting('async_insert')", 200, "true\n")
	e.want("", "SELECT getSetting('async_insert')", 200, "false\n") // back to the engine's own default
	e.want("database=d", "SELECT count() FROM t", 200, "0\n")
	e.want("no_such_setting=1", "SELECT 1", 400, "Code: 115. ...")
	e.want("a%27%3Bb=1", "SELECT 1", 500, "Code: 1000. DB::Exception: \"a';b\" cannot be the name of a setting\n")
	e.want("", "SELECT 8", 200, "8\n") // a bad setting does not stay

	e.want(insert("INSERT INTO d.t (n, s) FORMAT CSV"), "1,a\n2,\"b;FORMAT\"\n", 200, "")
	e.want(insert("insert into d.t format JSONEachRow"), `{"n":3,"s":"c"}`, 200, "")
	e.want("", "INSERT INTO d.t VALUES (4, 'd')", 200, "")
	e.want(insert("INSERT INTO d.t SELECT 5, 'e'"), "", 200, "")
	e.want("", "SELECT groupArray(s) FROM (SELECT s FROM d.t ORDER BY n)", 200, "['a','b;FORMAT','c','d','e']\n")
	e.want(insert("INSERT INTO d.t (n, s) FORMAT CSV"), "x,y,z\n", 400, "Code: 27. ...")
	e.want(insert("INSERT INTO d.t (n, s) FORMAT Native"), "\x02\x01\x01n", 500, "Code: ...") // ends in the middle of a block
	e.want(insert("INSERT INTO d.t (n, s) FORMAT Native"), "", 500, "Code: 108. ...")
	e.want(insert("INSERT INTO d.nothing FORMAT CSV"), "1\n", 404, "Code: 60. ...")
	e.want("", "SELECT count() FROM d.t", 200, "5\n")

	e.want("", "SELECT * FROM d.nothing", 404, "Code: 60. ...")
	e.want("", "SELEKT", 400, "Code: 62. ...")
	e.want("", "  ", 400, "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)\n")
	e.want("compress=1", "SELECT 1", 500, "Code: 1000. ...")
}

func TestReadsByGETCannotWrite(t *testing.T) {
	e := start(t)
	get := func(sql string) int {
		t.Helper()
		response, err := e.http.Get("http://engine/?query=" + url.QueryEscape(sql))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := get("SELECT 1"); got != 200 {
		t.Errorf("SELECT answers %d", got)
	}
	if got := get("DROP TABLE d.t"); got != 403 {
		t.Errorf("DROP answers %d, want 403", got)
	}
	e.want("", "INSERT INTO d.t VALUES (1, '')", 200, "") // read-only does not stay on the connection
	e.want("", "SELECT count() FROM d.t", 200, "1\n")
}

func TestErrorInTheMiddleOfAResultIsMarked(t *testing.T) {
	e := start(t)
	status, header, body := e.post("", "SELECT number, throwIf(number = 300000, 'halfway') FROM numbers(1000000) SETTINGS max_threads = 1")
	tag := header.Get("X-ClickHouse-Exception-Tag")
	if status != 200 || len(tag) != 16 || !strings.Contains(body, "\r\n__exception__\r\n"+tag+"\r\nCode: 395.") || !strings.HasSuffix(body, tag+"\r\n__exception__\r\n") {
		t.Errorf("status %d, tag %q, the end is %.300q", status, tag, body[max(0, len(body)-300):])
	}
}

func TestSocketIsForItsOwnerOnly(t *testing.T) {
	e := start(t)
	info, err := os.Stat(filepath.Join(e.dir, "engine.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}

func TestALargeResultIsNotHeldInMemory(t *testing.T) {
	e := start(t)
	before := peakMemory(t, e.db.Pid())
	response, err := e.http.Post("http://engine/?default_format=RowBinary&max_block_size=8192", "", strings.NewReader("SELECT repeat('x', 1000) FROM numbers(400000)"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || n != 400_000*1002 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if grown := peakMemory(t, e.db.Pid()) - before; grown > 200<<20 {
		t.Errorf("the engine grew by %d MiB for a result of 400 MB", grown>>20)
	}
}

// peakMemory is the most a process has had resident.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

func TestSlowReadersDoNotHoldUpInserts(t *testing.T) {
	e := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 12 { // more than statements may run at a time
		readers.Go(func() {
			request, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/?max_block_size=1024", strings.NewReader("SELECT repeat('x', 1000) FROM numbers(100000000)"))
			if response, err := e.http.Do(request); err == nil {
				<-ctx.Done()
				response.Body.Close()
			}
		})
	}
	began := time.Now()
	for n := range 10 {
		e.want("query="+url.QueryEscape("INSERT INTO d.t FORMAT CSV"), fmt.Sprintf("%d,x\n", n), 200, "")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ten inserts took %s", took)
	}
	cancel()
	readers.Wait()
	e.want("", "SELECT count() FROM d.t", 200, "10\n") // and the readers' places are free again
}

func TestAClientThatGoesAwayInTheMiddleOfAnInsertLeavesNothing(t *testing.T) {
	e := start(t)
	read, write := io.Pipe()
	go func() {
		write.Write(bytes.Repeat([]byte("1,x\n"), 1000))
		write.CloseWithError(io.ErrUnexpectedEOF)
	}()
	_, err := e.http.Post("http://engine/?query="+url.QueryEscape("INSERT INTO d.t FORMAT CSV"), "", read)
	if err == nil {
		t.Error("the insert succeeded")
	}
	e.want("", "SELECT count() FROM d.t", 200, "0\n")
}
