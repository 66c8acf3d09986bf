package task

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestMain(m *testing.M) {
	code := m.Run()
	// The tick is started once for each process by the metrics library of sarama.
	if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// rig is a fake cluster and an application on it that counts the records of each
// key of the topic in, and writes every count to the topic out. A count that's
// missing or there twice shows what was lost or done twice.
type rig struct {
	*kfake.Cluster
	t    *testing.T
	addr string
	plan *plan.Plan
	dir  string
	// hook is called for each record behind its effects: the count is in the store
	// and in the output.
	hook func(r *record.Record) error
	conf *sarama.Config
	// tune changes a worker's configuration.
	tune func(*Config)
}

func newRig(t *testing.T, partitions int32, opts ...kfake.Opt) *rig {
	t.Helper()
	g := &rig{Cluster: fake.Start(t, opts...), t: t, dir: t.TempDir(), hook: func(*record.Record) error { return nil }, tune: func(*Config) {}}
	g.addr = fake.Addr(g.Cluster)
	kafkatest.CreateTopic(t, g.addr, "in", partitions, nil)
	kafkatest.CreateTopic(t, g.addr, "out", partitions, nil)
	g.plan = &plan.Plan{SubTopologies: []*plan.SubTopology{{
		Sources: []*plan.Source{{Node: "source", Topic: "in"}},
		Sinks:   []*plan.Sink{{Node: "sink", Topic: "out"}},
		Stores:  []statestore.Spec{{Name: "counts", Kind: statestore.TimestampedKeyValue}},
		Build:   g.build,
	}}}
	return g
}

func (g *rig) build(env *plan.Env) (*plan.Chain, error) {
	s, err := env.Store("counts")
	if err != nil {
		return nil, err
	}
	counts, err := statestore.NewKeyValue(s, serde.String, serde.Int64)
	if err != nil {
		return nil, err
	}
	out, err := env.Output("out")
	if err != nil {
		return nil, err
	}
	count := func(r *record.Record) error {
		n, _, _, err := counts.Get(string(r.Key))
		if err != nil {
			return err
		}
		if err := counts.Put(string(r.Key), n+1, r.Timestamp); err != nil {
			return err
		}
		value := binary.BigEndian.AppendUint64(nil, uint64(n+1))
		if err := out.Send(env.Task.Partition, r.Key, value, r.Timestamp, nil); err != nil {
			return err
		}
		return g.hook(r)
	}
	return &plan.Chain{Inputs: map[string]plan.Input{"in": {Process: count}}}, nil
}

// worker makes a worker of a process of its own, whose state is in g.dir. What it
// needs is closed at the end of the test, or before by calling what's returned.
func (g *rig) worker() (w *Worker, closeState func()) {
	g.t.Helper()
	counts := map[string]int32{}
	for topic, parts := range kafkatest.EndOffsets(g.t, g.addr, "in", "out") {
		counts[topic] = int32(len(parts))
	}
	layout, err := NewLayout("app", g.plan, counts)
	g.must(err)
	admin, err := g.client(g.t.Context(), "admin")
	g.must(err)
	g.must(admin.EnsureTopics(g.t.Context(), layout.InternalTopics(-1)))
	g.must(admin.Close())
	db, err := statestore.Open(filepath.Join(g.dir, "app"), statestore.Options{})
	g.must(err)
	var once sync.Once
	closeState = func() { once.Do(func() { g.must(db.Close()) }) }
	g.t.Cleanup(closeState)
	metrics, err := NewMetrics(prometheus.NewRegistry(), "app")
	g.must(err)
	cfg := Config{
		ApplicationID: "app", CommitInterval: 10 * time.Millisecond, CommitBytes: 1 << 20, Static: true,
		TransactionTimeout: 10 * time.Second, SessionTimeout: 15 * time.Second, HeartbeatInterval: 50 * time.Millisecond, MaxPollInterval: time.Minute,
		Fetch: kafka.FetchConfig{ReadCommitted: true}, Layout: layout, DB: db, Owners: new(Owners), Metrics: metrics,
		Logger: zaptest.NewLogger(g.t), NewClient: g.client,
	}
	g.tune(&cfg)
	return NewWorker(cfg, 1), closeState
}

func (g *rig) client(_ context.Context, role string) (*kafka.Client, error) {
	return kafka.NewClient(strings.Split(g.addr, ","), g.conf, role)
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// produce writes n records of one key to each of the partitions of in.
func (g *rig) produce(n int, partitions ...int32) {
	g.t.Helper()
	var rs []*kgo.Record
	for i := range n {
		for _, p := range partitions {
			rs = append(rs, &kgo.Record{Topic: "in", Partition: p, Key: fmt.Append(nil, "k", p), Value: fmt.Append(nil, i)})
		}
	}
	kafkatest.ProduceTo(g.t, g.addr, rs...)
}

// run starts a worker and returns what stops it and returns Run's error.
func (g *rig) run() (halt func() error) {
	g.t.Helper()
	w, closeState := g.worker()
	ctx, cancel := context.WithCancel(g.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	halt = sync.OnceValue(func() error {
		cancel()
		err := <-ended
		closeState()
		return err
	})
	g.t.Cleanup(func() { _ = halt() })
	return halt
}

// await waits until each of the partitions of out has n visible records.
func (g *rig) await(n int, partitions ...int32) {
	g.t.Helper()
	for _, p := range partitions {
		cl := kafkatest.Client(g.t, g.addr, kgo.FetchIsolationLevel(kgo.ReadCommitted()),
			kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"out": {p: kgo.NewOffset().AtStart()}}))
		for got := 0; got < n; {
			fetches := cl.PollFetches(g.t.Context())
			if err := fetches.Err(); err != nil {
				g.t.Fatalf("partition %d of out: %d of %d records: %v", p, got, n, err)
			}
			got += fetches.NumRecords()
		}
	}
}

// check fails unless each of the partitions of out has the counts 1 to n, in
// order.
func (g *rig) check(n int, partitions ...int32) {
	g.t.Helper()
	got := map[int32][]uint64{}
	for _, r := range kafkatest.ConsumeAll(g.t, g.addr, "out") {
		got[r.Partition] = append(got[r.Partition], binary.BigEndian.Uint64(r.Value))
	}
	for _, p := range partitions {
		if len(got[p]) != n {
			g.t.Errorf("partition %d of out has %d counts, want %d", p, len(got[p]), n)
		}
		for i, v := range got[p] {
			if v != uint64(i+1) {
				g.t.Errorf("partition %d of out: count %d at place %d", p, v, i+1)
				break
			}
		}
	}
}

// opened opens a worker that the test drives by hand, with its tasks running.
func (g *rig) opened() *Worker {
	g.t.Helper()
	w, closeState := g.worker()
	g.must(w.open(g.t.Context()))
	g.t.Cleanup(func() {
		_ = w.close(context.Background(), false)
		closeState()
	})
	g.until(w, func() bool { return len(w.tasks) == len(w.Layout.Tasks) })
	return w
}

// until takes what arrives until a condition holds. Nothing is processed.
func (g *rig) until(w *Worker, cond func() bool) {
	g.t.Helper()
	for !cond() {
		g.must(w.wait(g.t.Context()))
		g.must(w.receive(g.t.Context()))
	}
}

// steps works until a condition holds.
func (g *rig) steps(w *Worker, cond func() bool) {
	g.t.Helper()
	for !cond() {
		n, err := w.step(g.t.Context())
		g.must(err)
		if n == 0 && !cond() {
			g.must(w.wait(g.t.Context()))
		}
	}
}

func classOf(c eosv2.Class) error {
	return &eosv2.Error{Op: "test", Class: c, Partition: -1, Err: sarama.ErrUnknown}
}
