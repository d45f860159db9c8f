package collector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// ErrStreamEnded says that a stream is over for reasons of the connection. The Agent opens another one and
// sends every kind again.
var ErrStreamEnded = errors.New("the stream to the hub ended")

// Config of an Agent. REST and Opener are required.
type Config struct {
	REST *rest.Config
	// Opener opens the stream to the hub: the aggregator in-process, or what Dial returns.
	Opener Opener
	// ClusterUID is the identity this cluster is known by. When the API server turns out to be another cluster,
	// Run ends with an error before anything is sent. Empty: whatever Identify finds.
	ClusterUID string
	// Cluster is the name for log lines and metrics; it is never sent.
	Cluster string
	Version string // of this program, for the hub to show
	Filters Filters
	Redact  redact.Config // Key and Registerer are filled in
	// DataDir keeps the redaction key and the kinds last seen, so that a restart neither calls every Secret
	// changed nor forgets a kind that vanished meanwhile. Empty: both last as long as the process.
	DataDir    string
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil leaves metrics unregistered

	// The rest has defaults that fit; tests shorten them.

	ProbeTimeout   time.Duration // 3 s: an API server that takes longer to say that it is ready is not
	HeartbeatEvery time.Duration // 2 s: the hub calls a cluster stale after 15 s of silence
	DiscoverEvery  time.Duration // 60 s: CRDs and APIServices are watched, this is for what they do not show
	OpenAPI2Every  time.Duration // 1 min: an API server makes all of OpenAPI v2 anew for each question
	RelistEvery    time.Duration // 1 h: heals what went unnoticed; the hub skips what it has
	StallAfter     time.Duration // 2 min: a full queue for so long ends watches, to list again later
	ConfirmAfter   time.Duration // 3 s: between a list that lost most of its objects and the one that confirms it
	StandbyDelay   time.Duration // 30 s: a fenced collector tries again after this, and later each time
}

func (c *Config) setDefaults() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.ProbeTimeout, 3*time.Second)
	def(&c.HeartbeatEvery, 2*time.Second)
	def(&c.DiscoverEvery, time.Minute)
	def(&c.OpenAPI2Every, time.Minute)
	def(&c.RelistEvery, time.Hour)
	def(&c.StallAfter, 2*time.Minute)
	def(&c.StandbyDelay, 30*time.Second)
	def(&c.ConfirmAfter, 3*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Agent collects one member cluster.
type Agent struct {
	cfg      Config
	log      *slog.Logger
	client   *kube.Client
	filters  *filters
	redactor *redact.Redactor
	metrics  *metrics
	gate     kube.Gate

	// known is what this cluster served when last seen; it outlives streams.
	known *knownKinds
	// documents are what the API server says of itself, as far as it was read; they outlive streams.
	documents map[documentKey]*document
}

// New returns an Agent that has not begun anything.
func New(cfg Config) (*Agent, error) {
	cfg.setDefaults()
	if cfg.REST == nil || cfg.Opener == nil {
		return nil, errors.New("a collector needs a cluster to read and a hub to send to")
	}
	client, err := kube.NewClient(cfg.REST)
	if err != nil {
		return nil, err
	}
	f, err := cfg.Filters.compile()
	if err != nil {
		return nil, err
	}
	if cfg.Redact.Key == nil {
		if cfg.Redact.Key, err = redactionKey(cfg.DataDir); err != nil {
			return nil, err
		}
	}
	reg := cfg.Registerer
	if reg != nil && cfg.Cluster != "" {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"cluster": cfg.Cluster}, reg)
	}
	cfg.Redact.Registerer = reg
	known, err := loadKnownKinds(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	log := cfg.Log
	if cfg.Cluster != "" {
		log = log.With("cluster", cfg.Cluster)
	}
	return &Agent{
		cfg: cfg, log: log, client: client, filters: f, redactor: redact.New(cfg.Redact),
		metrics: newMetrics(reg), gate: kube.NewGate(4), known: known, documents: map[documentKey]*document{},
	}, nil
}

// Identify asks a cluster who it is: the UID of its kube-system namespace, and its version. Errors are sentences.
func Identify(ctx context.Context, cfg *rest.Config) (uid, kubernetesVersion string, err error) {
	c, err := kube.NewClient(cfg)
	if err != nil {
		return "", "", err
	}
	return c.Identity(ctx)
}

// Run collects until ctx ends, then returns nil. It returns an error only when going on would be wrong: the API
// server is not the cluster it was said to be.
func (a *Agent) Run(ctx context.Context) error {
	uid, version, err := a.identify(ctx)
	if err != nil {
		return endOf(ctx, err)
	}
	hello := &ingestpb.Hello{ClusterUid: uid, KubernetesVersion: version, CollectorVersion: a.cfg.Version}
	var wait retryDelay
	standby := a.cfg.StandbyDelay
	for ctx.Err() == nil {
		opened := time.Now()
		err := a.stream(ctx, hello)
		lasted := time.Since(opened)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrFenced):
			if lasted > 10*time.Minute {
				standby = a.cfg.StandbyDelay
			}
			a.log.Warn("another collector of this cluster has taken over, standing by", "retry_in", standby.String())
			sleep(ctx, standby+mathrand.N(standby/4+1))
			standby = min(2*standby, 10*a.cfg.StandbyDelay)
		case errors.Is(err, errOtherCluster):
			return err
		default:
			if lasted > time.Minute {
				wait = retryDelay{}
			}
			d := wait.next()
			a.log.Warn("stream to the hub is not open, trying again", "err", err, "retry_in", d.String())
			sleep(ctx, d)
		}
	}
	return nil
}

// ErrFenced is ingestpb.ErrFenced.
var ErrFenced = ingestpb.ErrFenced

var errOtherCluster = errors.New("another cluster answers at this address")

// identify finds out which cluster this is, as often as it takes when nobody said it before.
func (a *Agent) identify(ctx context.Context) (uid, version string, err error) {
	var wait retryDelay
	for {
		ask, cancel := context.WithTimeout(ctx, 10*time.Second)
		uid, version, err = a.client.Identity(ask)
		cancel()
		switch {
		case err == nil && a.cfg.ClusterUID != "" && uid != a.cfg.ClusterUID:
			return "", "", a.otherCluster(uid)
		case err == nil:
			return uid, version, nil
		case ctx.Err() != nil:
			return "", "", ctx.Err()
		case a.cfg.ClusterUID != "":
			return a.cfg.ClusterUID, "", nil // it is down: say so to the hub, which knows it
		}
		d := wait.next()
		a.log.Warn("cluster does not tell who it is, trying again", "err", err, "retry_in", d.String())
		sleep(ctx, d)
	}
}

func (a *Agent) otherCluster(uid string) error {
	return fmt.Errorf("%w: its kube-system namespace has UID %s, where %s was enrolled; correct the kubeconfig context, or remove the cluster from Foretop and add it again", errOtherCluster, uid, a.cfg.ClusterUID)
}

// stream opens a stream and fills it until something ends it.
func (a *Agent) stream(ctx context.Context, hello *ingestpb.Hello) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the Sink is good until then
	sink, err := a.cfg.Opener.Open(ctx, proto.Clone(hello).(*ingestpb.Hello))
	if err != nil {
		return fmt.Errorf("open stream to the hub: %w", err)
	}
	a.log.Info("stream to the hub is open", "cluster_uid", hello.ClusterUid)
	a.metrics.streams.Inc()
	g, ctx := errgroup.WithContext(ctx)
	s := newStream(sink, a.cfg.StallAfter, a.metrics, a.log)
	r := &run{Agent: a, stream: s, clusterUID: hello.ClusterUid, hello: hello, welcome: welcomeOf(sink)}
	g.Go(func() error { return s.batch(ctx) })
	g.Go(func() error { return s.send(ctx) })
	g.Go(func() error { return r.beat(ctx) })
	g.Go(func() error { return r.kinds(ctx) })
	return g.Wait()
}

// run is one stream's work: what of the Agent lasts only until the next epoch.
type run struct {
	*Agent
	*stream
	clusterUID string
	welcome    *ingestpb.Welcome
	hello      *ingestpb.Hello // KubernetesVersion follows what the heartbeat finds; only beat touches it
	pulse      pulse
	snapshots  snapshotIDs
	// unreachable is what the last heartbeat said.
	unreachable atomic.Bool
}

// redactionKey keys the digests of what redaction takes out. It never leaves the cluster's collector.
func redactionKey(dataDir string) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	if dataDir == "" {
		return key, nil
	}
	path := filepath.Join(dataDir, "redaction.key")
	switch stored, err := os.ReadFile(path); {
	case err == nil && len(stored) == len(key):
		return stored, nil
	case err == nil:
		return nil, fmt.Errorf("redaction key %s has %d bytes, want %d; remove it to make a new one", path, len(stored), len(key))
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("read redaction key: %w", err)
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("create %s: %w", dataDir, err)
	}
	if err := writeFile(path, key); err != nil {
		return nil, fmt.Errorf("write redaction key: %w", err)
	}
	return key, nil
}

// writeFile replaces path by data in one step, readable by nobody else.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// retryDelay grows from half a second to half a minute, half of it by chance.
type retryDelay struct{ n int }

func (r *retryDelay) next() time.Duration {
	d := min(500*time.Millisecond<<min(r.n, 6), 30*time.Second)
	r.n++
	return d/2 + mathrand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
