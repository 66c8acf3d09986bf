package changelog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestMain(m *testing.M) {
	code := m.Run()
	// The tick is started once for each process by the metrics library of sarama.
	if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const (
	application = "app"
	topic       = "app-counts-changelog"
)

var spec = statestore.Spec{Name: "counts", Kind: statestore.TimestampedKeyValue}

// rig is a broker with one changelog, a state, and a restorer.
type rig struct {
	t        *testing.T
	addr     string
	db       *statestore.DB
	restorer *Restorer
	// begun are the positions at which restores began, rebuilt the reasons for
	// which state was dropped.
	begun   []int64
	rebuilt []string
	// progress is sent the positions that restores have reached.
	progress chan int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, addr: fake.Addr(fake.Start(t)), db: statestore.OpenMemory(), progress: make(chan int64, 100)}
	t.Cleanup(func() { r.must(r.db.Close()) })
	kafkatest.CreateTopic(t, r.addr, topic, 1, map[string]string{"cleanup.policy": "compact"})
	kafkatest.CreateTopic(t, r.addr, "in", 1, nil)
	client, err := kafka.NewClient([]string{fakeAddr(r.addr)}, nil, t.Name())
	r.must(err)
	t.Cleanup(func() { r.must(client.Close()) })
	r.restorer = NewRestorer(context.Background(), Config{
		Group: application, Client: client, Fetch: kafka.FetchConfig{ReadCommitted: true}, DB: r.db,
		Observer: Observer{
			Begin:    func(_ Partition, next, _ int64) { r.begun = append(r.begun, next) },
			Progress: func(_ Partition, _ int, next, _ int64) { r.progress <- next },
			Rebuild:  func(_ Partition, reason string) { r.rebuilt = append(r.rebuilt, reason) },
		},
	})
	t.Cleanup(r.restorer.Close)
	return r
}

// fakeAddr returns the first of several addresses.
func fakeAddr(addrs string) string {
	for i, c := range addrs {
		if c == ',' {
			return addrs[:i]
		}
	}
	return addrs
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// producer is a transactional producer of another implementation.
func (r *rig) producer(id string) *kgo.Client {
	r.t.Helper()
	return kafkatest.Client(r.t, r.addr, kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

// write sends counts within the open transaction of p.
func (r *rig) write(p *kgo.Client, counts ...any) {
	r.t.Helper()
	for i := 0; i < len(counts); i += 2 {
		rec := &kgo.Record{Topic: topic, Key: []byte(counts[i].(string)), Timestamp: time.UnixMilli(1000)}
		if n, ok := counts[i+1].(int); ok {
			rec.Value = binary.BigEndian.AppendUint64(nil, uint64(n))
		}
		r.must(p.ProduceSync(r.t.Context(), rec).FirstErr())
	}
}

// transaction writes counts in a transaction of their own.
func (r *rig) transaction(p *kgo.Client, end kgo.TransactionEndTry, counts ...any) {
	r.t.Helper()
	r.must(p.BeginTransaction())
	r.write(p, counts...)
	r.must(p.EndTransaction(r.t.Context(), end))
}

// job returns a job for the store, which the test closes.
func (r *rig) job() (*Job, *statestore.Store) {
	r.t.Helper()
	s, err := r.db.Store(spec, 0)
	r.must(err)
	in := record.TopicPartition{Topic: "in"}
	return &Job{
		Name:   "0_0",
		Inputs: []record.TopicPartition{in},
		Open: func(context.Context) ([]Partition, error) {
			return []Partition{{Store: s, Topic: topic}}, nil
		},
		Missing: func(context.Context, []record.TopicPartition) (map[record.TopicPartition]int64, error) {
			return map[record.TopicPartition]int64{in: 7}, nil
		},
	}, s
}

// finished waits for the next job to end.
func (r *rig) finished() *Job {
	r.t.Helper()
	for {
		if f := r.restorer.Finished(); len(f) > 0 {
			return f[0]
		}
		select {
		case <-r.restorer.Notify():
		case <-r.t.Context().Done():
			r.t.Fatal("the job didn't end")
		}
	}
}

// restore runs a job to its end and returns the store's content.
func (r *rig) restore() (map[string]int64, *Job) {
	r.t.Helper()
	j, s := r.job()
	defer s.Close()
	r.restorer.Start(j)
	if got := r.finished(); got != j || j.Err != nil {
		r.t.Fatalf("job %p ended with %v", got, got.Err)
	}
	return r.content(s), j
}

func (r *rig) content(s *statestore.Store) map[string]int64 {
	r.t.Helper()
	kv, err := statestore.NewKeyValue(s, serde.String, serde.Int64)
	r.must(err)
	all := map[string]int64{}
	for e, err := range kv.All() {
		r.must(err)
		all[e.Key] = e.Value
	}
	return all
}

func (r *rig) want(got, want map[string]int64) {
	r.t.Helper()
	if !maps.Equal(got, want) {
		r.t.Errorf("restored %v, want %v", got, want)
	}
}

// collect is a Sender that keeps what it gets.
type collect struct {
	records []kgo.Record
	refuse  error
}

// Send implements Sender.
func (c *collect) Send(partition int32, key, value []byte, timestamp int64, _ []record.Header) error {
	if c.refuse != nil {
		return c.refuse
	}
	c.records = append(c.records, kgo.Record{Partition: partition, Key: append([]byte(nil), key...), Value: append([]byte(nil), value...), Timestamp: time.UnixMilli(timestamp)})
	return nil
}

var errRefused = errors.New("refused")

// deleteRecords moves the start of the changelog.
func (r *rig) deleteRecords(upTo int64) {
	r.t.Helper()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: upTo, LeaderEpoch: -1})
	answers, err := kafkatest.Admin(r.t, r.addr).DeleteRecords(r.t.Context(), offsets)
	r.must(errors.Join(err, answers.Error()))
}

// alter sets a config of the changelog.
func (r *rig) alter(name, value string) {
	r.t.Helper()
	answers, err := kafkatest.Admin(r.t, r.addr).AlterTopicConfigs(r.t.Context(), []kadm.AlterConfig{{Name: name, Value: &value}}, topic)
	r.must(err)
	_, err = answers.On(topic, nil)
	r.must(err)
}
