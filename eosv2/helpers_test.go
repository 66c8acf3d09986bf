package eosv2

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
	"go.uber.org/goleak"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// leaks leaves out the client library's metrics, which have one goroutine per
// process that never ends.
var leaks = goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")

func TestMain(m *testing.M) {
	code := m.Run()
	if err := errors.Join(kafkatest.StopShared(), goleak.Find(leaks)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// cluster is a fake cluster with one client to produce over.
type cluster struct {
	*kfake.Cluster
	client sarama.Client
}

// newCluster starts brokers with topics "a", "b" and "in" of four partitions each.
func newCluster(t testing.TB, brokers int, tune ...func(*sarama.Config)) *cluster {
	t.Helper()
	return startCluster(t, []kfake.Opt{kfake.NumBrokers(brokers)}, tune...)
}

// newReleasedCluster starts a broker of a released version, which lacks checks
// that the fake one has ahead of them.
func newReleasedCluster(t testing.TB) *cluster {
	t.Helper()
	return startCluster(t, []kfake.Opt{kfake.NumBrokers(1), kfake.MaxVersions(kversion.V4_1_0())})
}

func startCluster(t testing.TB, opts []kfake.Opt, tune ...func(*sarama.Config)) *cluster {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.SeedTopics(4, "a", "b", "in"))...)
	must(t, err)
	t.Cleanup(c.Close)
	return &cluster{Cluster: c, client: newClient(t, c.ListenAddrs(), tune...)}
}

func newClient(t testing.TB, addrs []string, tune ...func(*sarama.Config)) sarama.Client {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V3_7_0_0
	cfg.Net.ReadTimeout = 5 * time.Second
	cfg.Metadata.Retry.Backoff = 10 * time.Millisecond
	for _, f := range tune {
		f(cfg)
	}
	client, err := sarama.NewClient(addrs, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The client closes its connections in the background; a receiver that
		// is still ending is not this package's leak.
		brokers := client.Brokers()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		for _, b := range brokers {
			_ = b.Close()
		}
	})
	return client
}

// events records what the Observer is told.
type events struct {
	mu      sync.Mutex
	failed  []*Error
	retried []error
	phases  []Phase
}

func (e *events) observer() Observer {
	return Observer{
		Phase:   func(p Phase, _ time.Duration) { e.mu.Lock(); defer e.mu.Unlock(); e.phases = append(e.phases, p) },
		Failed:  func(err *Error) { e.mu.Lock(); defer e.mu.Unlock(); e.failed = append(e.failed, err) },
		Retried: func(_ string, err error) { e.mu.Lock(); defer e.mu.Unlock(); e.retried = append(e.retried, err) },
	}
}

func (e *events) retries() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.retried)
}

// producer returns an initialised producer with transactional id "id".
func (c *cluster) producer(t testing.TB, tune ...func(*Config)) *Producer {
	t.Helper()
	p := c.uninitialised(t, tune...)
	if err := p.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *cluster) uninitialised(t testing.TB, tune ...func(*Config)) *Producer {
	t.Helper()
	cfg := Config{Client: c.client, TransactionalID: "id"}
	for _, f := range tune {
		f(&cfg)
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func topic(t testing.TB, p *Producer, name string) *Topic {
	t.Helper()
	h, err := p.Topic(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func send(t testing.TB, h *Topic, partition int32, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := h.Send(partition, []byte("k"), []byte(v), 1000, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantClass fails unless err is of the class.
func wantClass(t testing.TB, err error, want Class) *Error {
	t.Helper()
	e, ok := err.(*Error)
	if !ok || e.Class != want {
		t.Fatalf("error %v has class %v, want %v", err, ClassOf(err), want)
	}
	return e
}
