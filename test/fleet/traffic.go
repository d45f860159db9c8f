package fleet

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// exchange is one request from outside: what the applications on its way print, answer and ask of each other.
type exchange struct {
	lines  []line
	served []served
	calls  []call
}

// line is one line of one application.
type line struct {
	at   time.Time
	app  string
	err  bool // written to stderr
	last bool // the container exits after it
	text string
}

// served is a request that an application answered.
type served struct {
	app  string
	code int
	took time.Duration
}

// call is a request that an application sent on, as the proxy beside it reports it: 503 when nobody took it.
type call struct {
	app, upstream string
	code          int
}

// traffic makes up requests that pass gateway -> app1 -> app2 -> app3 -> db. The same seed gives the same traffic.
type traffic struct {
	random *rand.Rand
	count  int
}

func newTraffic(cluster string) *traffic {
	h := fnv.New64a()
	h.Write([]byte(cluster))
	return &traffic{random: rand.New(rand.NewPCG(h.Sum64(), 1))}
}

var paths = []string{"/catalogue/shoes", "/catalogue/books", "/basket", "/checkout", "/search?q=lamp"}

func (t *traffic) request(at time.Time, broken bool) exchange {
	t.count++
	trace := fmt.Sprintf("%016x%016x", t.random.Uint64(), t.random.Uint64())
	path := paths[t.random.IntN(len(paths))]
	took := 4 + t.random.IntN(40)
	status, level := 200, "info"
	// With one of three pods gone, every third request meets the version that crashes.
	failed := broken && t.random.IntN(3) == 0
	if failed {
		status, level, took = 503, "error", took+2000
	}
	entry := func(app, level, format string, args ...any) line {
		return line{at: at, app: app, err: level == "error", text: fmt.Sprintf("level=%s app=%s trace_id=%s ", level, app, trace) + fmt.Sprintf(format, args...)}
	}
	reply := func(app string, code, ms int) served {
		return served{app: app, code: code, took: time.Duration(ms) * time.Millisecond}
	}
	e := exchange{
		lines: []line{
			entry("gateway", level, `msg="request served" method=GET path=%q status=%d duration_ms=%d`, path, status, took+6),
			entry("app1", level, `msg="request served" path=%q status=%d duration_ms=%d`, path, status, took+3),
		},
		served: []served{reply("gateway", status, took+6), reply("app1", status, took+3)},
		calls:  []call{{"gateway", "app1", status}, {"app1", "app2", status}},
	}
	if failed {
		exit := entry("app2", "error", `msg="cannot start" err="config: unknown key \"poolSise\"" exit_code=1`)
		exit.last = true
		e.lines = append(e.lines, entry("app1", "error", `msg="call failed" upstream=app2 err="connection refused" attempt=3`), exit)
		return e
	}
	e.served = append(e.served, reply("app2", status, took), reply("app3", status, took/2))
	e.calls = append(e.calls, call{"app2", "app3", status})
	e.lines = append(e.lines,
		entry("app2", "info", `msg="request served" path=%q status=%d duration_ms=%d`, path, status, took),
		entry("app3", "info", `msg="query" statement=%q rows=%d duration_ms=%d`, "select item", t.random.IntN(50), took/2))
	if t.count%20 == 0 {
		e.lines = append(e.lines, entry("db", "info", `msg="checkpoint complete" buffers=%d`, t.random.IntN(200)))
	}
	return e
}
