package oncestream_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestMain(m *testing.M) { kafkatest.Main(m) }

// onBrokers runs a test on the fake broker, which is fast, and on a real one,
// which is true.
func onBrokers(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("fake", func(t *testing.T) { test(t, fake.Addr(fake.Start(t))) })
	t.Run("real", func(t *testing.T) { test(t, kafkatest.Shared(t)) })
}

// wordCount counts the words of the topic in, keyed by word, into out.
func wordCount(t testing.TB, in, out string) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder()
	b.Stream(in, serde.String, serde.String).
		FlatMapValues(strings.Fields).
		GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To(out, serde.String, serde.Int64)
	return build(t, b)
}

func build(t testing.TB, b *topology.Builder) *topology.Topology {
	t.Helper()
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// process is an application that runs in the background of a test.
type process struct {
	*oncestream.App
	t      testing.TB
	reg    *prometheus.Registry
	stop   context.CancelFunc
	ended  chan error
	states chan oncestream.State
	once   sync.Once
	err    error
}

// start runs an application until the end of the test, or until halt.
func start(t testing.TB, top *topology.Topology, cfg oncestream.Config) *process {
	t.Helper()
	p := &process{t: t, reg: prometheus.NewRegistry(), ended: make(chan error, 1), states: make(chan oncestream.State, 1000)}
	cfg.Registerer = p.reg
	if cfg.StateDir == "" {
		cfg.StateDir = t.TempDir()
	}
	if cfg.Logger == nil {
		cfg.Logger = logger(t)
	}
	cfg.OnState = func(_, to oncestream.State) { p.states <- to }
	app, err := oncestream.New(top, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.App = app
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() { p.ended <- app.Run(ctx) }()
	t.Cleanup(func() { p.halt() })
	return p
}

// halt stops the application and returns Run's error.
func (p *process) halt() error {
	p.stop()
	return p.wait()
}

// wait returns Run's error once it has returned.
func (p *process) wait() error {
	p.once.Do(func() { p.err = <-p.ended })
	return p.err
}

// await waits for a state, or for the application's end, which fails the test.
func (p *process) await(want oncestream.State) {
	p.t.Helper()
	for {
		select {
		case s := <-p.states:
			if s == want {
				return
			}
		case err := <-p.ended:
			p.ended <- err
			p.t.Fatalf("the application ended before it was %s: %v", want, err)
		}
	}
}

// metric returns the sum of a metric over all labels.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	families, err := p.reg.Gather()
	if err != nil {
		p.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// reader reads a topic from its beginning, committed records alone.
type reader struct {
	t  testing.TB
	cl *kgo.Client
}

func newReader(t testing.TB, addr, topic string) *reader {
	t.Helper()
	return &reader{t, kafkatest.Client(t, addr, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))}
}

// take returns the next n records.
func (r *reader) take(n int) []*kgo.Record {
	r.t.Helper()
	var got []*kgo.Record
	for len(got) < n {
		fetches := r.cl.PollRecords(r.t.Context(), n-len(got))
		if err := fetches.Err(); err != nil {
			r.t.Fatalf("after %d of %d records: %v", len(got), n, err)
		}
		got = append(got, fetches.Records()...)
	}
	return got
}

// lastCounts returns the last count of each key.
func lastCounts(t testing.TB, records []*kgo.Record) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for _, r := range records {
		if len(r.Value) != 8 {
			t.Fatalf("value of %d bytes for %q", len(r.Value), r.Key)
		}
		counts[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
	}
	return counts
}

// lines makes records with one line each.
func lines(topic string, texts ...string) []*kgo.Record {
	var rs []*kgo.Record
	for i, text := range texts {
		rs = append(rs, &kgo.Record{Topic: topic, Key: fmt.Append(nil, i), Value: []byte(text)})
	}
	return rs
}

// topics creates topics with unique names.
func topics(t testing.TB, addr string, partitions int32, names ...string) []string {
	t.Helper()
	for i, name := range names {
		names[i] = kafkatest.Unique(name)
		kafkatest.CreateTopic(t, addr, names[i], partitions, nil)
	}
	return names
}

// logger logs to the test, or, with -v, at once to standard error: a test that
// hangs then shows what it did.
func logger(t testing.TB) *zap.Logger {
	if testing.Verbose() {
		return zap.Must(zap.NewDevelopment())
	}
	return zaptest.NewLogger(t)
}
