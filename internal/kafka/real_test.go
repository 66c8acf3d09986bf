package kafka

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/record"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// The tests of this file run on a real Apache Kafka: what they show depends on
// what the broker does, not on what a fake believes that it does.

func realClient(t *testing.T) *Client {
	t.Helper()
	c, err := NewClient([]string{kafkatest.Shared(t)}, nil, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func realTopic(t *testing.T, partitions int32) string {
	t.Helper()
	topic := kafkatest.Unique("in")
	kafkatest.CreateTopic(t, kafkatest.Shared(t), topic, partitions, nil)
	return topic
}

func TestRealTransactions(t *testing.T) {
	topic := realTopic(t, 1)
	p := kafkatest.Client(t, kafkatest.Shared(t), kgo.TransactionalID(kafkatest.Unique("tx")))
	var want []string
	for i := range 6 {
		end := kgo.TransactionEndTry(i%2 == 0)
		if err := p.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for j := range 3 {
			v := strconv.Itoa(i*10 + j)
			produce(t, p, &kgo.Record{Topic: topic, Value: []byte(v)})
			if end {
				want = append(want, v)
			}
		}
		if err := p.EndTransaction(testContext(t), end); err != nil {
			t.Fatal(err)
		}
	}
	c := realClient(t)
	ends, err := c.ListOffsets(t.Context(), []record.TopicPartition{tp(topic, 0)}, HighWatermark)
	if err != nil || ends[tp(topic, 0)] != 24 {
		t.Fatalf("end %v, %v", ends, err)
	}
	f := NewFetcher(realClient(t), FetchConfig{ReadCommitted: true})
	defer f.Close()
	for _, from := range []int64{0, 2, 24} {
		f.Assign(tp(topic, 0), from)
		got := readTo(t, f, tp(topic, 0), 24)
		if wanted := want[min(int(from), len(want)):]; !slices.Equal(got, wanted) {
			t.Errorf("from %d: %v, want %v", from, got, wanted)
		}
	}
}

// TestRealLargeRecord fetches records that are larger than what a fetch asks
// for, in two partitions at once.
func TestRealLargeRecord(t *testing.T) {
	topic := realTopic(t, 2)
	p := kafkatest.Client(t, kafkatest.Shared(t), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i := range int32(6) {
		produce(t, p, &kgo.Record{Topic: topic, Partition: i % 2, Value: make([]byte, 200_000)})
	}
	f := NewFetcher(realClient(t), FetchConfig{PartitionBytes: 1000})
	defer f.Close()
	f.Assign(tp(topic, 0), 0)
	f.Assign(tp(topic, 1), 0)
	for read := map[int32]int64{}; read[0] < 3 || read[1] < 3; {
		c := nextChunk(t, f)
		if c.Err != nil {
			t.Fatal(c.Err)
		}
		read[c.Partition] = c.Next
		c.Release()
	}
}

// TestRealUnstableOffsets asks for offsets that an open transaction is about to
// change: the answer comes when it's decided.
func TestRealUnstableOffsets(t *testing.T) {
	topic, group := realTopic(t, 1), kafkatest.Unique("g")
	tx := openOffsets(t, group, topic, 7)
	c := realClient(t)
	ctx, tps := testContext(t), []record.TopicPartition{tp(topic, 0)}
	err := c.coordinated(ctx, group, func(b *sarama.Broker) error {
		_, err := fetchOffsets(b, c.conf.Version, group, tps)
		return err
	})
	if !errors.Is(err, sarama.ErrUnstableOffsetCommit) {
		t.Fatalf("while the transaction is open: %v", err)
	}
	type result struct {
		offsets map[record.TopicPartition]Offset
		err     error
	}
	answered := make(chan result, 1)
	go func() {
		got, err := c.CommittedOffsets(ctx, group, tps)
		answered <- result{got, err}
	}()
	tx.end(t, true)
	if r := <-answered; r.err != nil || r.offsets[tps[0]] != (Offset{At: 7, Metadata: "m", Ok: true}) {
		t.Errorf("got %+v, %v", r.offsets, r.err)
	}
}

// openTx is a transaction that was begun by hand.
type openTx struct {
	p     *kgo.Client
	id    string
	pid   int64
	epoch int16
}

// openOffsets commits an offset in a transaction and leaves it open.
func openOffsets(t *testing.T, group, topic string, at int64) openTx {
	t.Helper()
	tx := openTx{id: kafkatest.Unique("tx")}
	tx.p = kafkatest.Client(t, kafkatest.Shared(t), kgo.TransactionalID(tx.id))
	var err error
	if tx.pid, tx.epoch, err = tx.p.ProducerID(testContext(t)); err != nil {
		t.Fatal(err)
	}
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = tx.id, tx.pid, tx.epoch, group
	added, err := add.RequestWith(testContext(t), tx.p)
	if err != nil || added.ErrorCode != 0 {
		t.Fatal(err, kerr.ErrorForCode(added.ErrorCode))
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group, req.Generation = tx.id, tx.pid, tx.epoch, group, -1
	rt := kmsg.NewTxnOffsetCommitRequestTopic()
	rt.Topic = topic
	rp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	rp.Offset, rp.Metadata = at, kmsg.StringPtr("m")
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(testContext(t), tx.p)
	if err != nil || resp.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatal(err, resp)
	}
	return tx
}

func (tx openTx) end(t *testing.T, commit bool) {
	t.Helper()
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = tx.id, tx.pid, tx.epoch, commit
	resp, err := req.RequestWith(testContext(t), tx.p)
	if err != nil || resp.ErrorCode != 0 {
		t.Fatal(err, resp)
	}
}

func realMember(t *testing.T, group, topic, instance string) *Member {
	t.Helper()
	cfg := memberConfig()
	cfg.Group, cfg.Topics, cfg.InstanceID = group, []string{topic}, instance
	m := NewMember(realClient(t), cfg)
	m.Start(context.Background())
	t.Cleanup(m.Close)
	return m
}

// TestRealStaticMember stops static members without leaving, as a kill does, and
// starts them again: each gets its partitions back in the same generation,
// whether it led the group or not, and the other notices nothing.
func TestRealStaticMember(t *testing.T) {
	topic, group := realTopic(t, 4), kafkatest.Unique("g")
	ws := map[string]*worker{"a": {m: realMember(t, group, topic, "a")}}
	ws["a"].handle(t, nextEvent(t, ws["a"].m, Assigned))
	ws["b"] = &worker{m: realMember(t, group, topic, "b")}
	balance(t, ws["a"], ws["b"], 2)
	generation := ws["a"].m.Meta().Generation
	if g := ws["b"].m.Meta().Generation; g != generation {
		t.Fatalf("generations %d and %d", generation, g)
	}
	for _, id := range []string{"a", "b", "a"} {
		old := ws[id]
		old.m.Close()
		again := &worker{m: realMember(t, group, topic, id)}
		e := nextEvent(t, again.m, Assigned)
		if e.Generation != generation || !slices.Equal(e.Partitions, old.owned) {
			t.Errorf("%s came back in generation %d with %v, had %d and %v", id, e.Generation, e.Partitions, generation, old.owned)
		}
		if err := again.m.EnsureAlive(testContext(t), 0); err != nil {
			t.Error(err)
		}
		again.owned = e.Partitions
		ws[id] = again
	}
	for id, w := range ws {
		if err := w.m.EnsureAlive(testContext(t), 0); err != nil || w.m.Rebalancing() {
			t.Errorf("%s: %v, rebalancing %t", id, err, w.m.Rebalancing())
		}
	}
	// The restarted members take part in rebalances as before.
	if err := ws["a"].m.Leave(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for len(ws["b"].owned) < 4 {
		ws["b"].handle(t, nextAny(t, ws["b"].m))
	}
}

// TestRealFenced starts a second instance under a static member's name: the
// first one stops, and says why.
func TestRealFenced(t *testing.T) {
	topic, group := realTopic(t, 1), kafkatest.Unique("g")
	first := realMember(t, group, topic, "a")
	nextEvent(t, first, Assigned)
	second := realMember(t, group, topic, "a")
	nextEvent(t, second, Assigned)
	if e := nextEvent(t, first, Failed); Classify(e.Err) != Fatal {
		t.Errorf("cause %v", e.Err)
	}
	if err := second.EnsureAlive(testContext(t), 0); err != nil {
		t.Error(err)
	}
}

// TestRealLeave takes a dynamic and a static member out of the group and starts
// another at once: it gets everything without waiting for a session to end.
func TestRealLeave(t *testing.T) {
	for _, instance := range []string{"", "a"} {
		topic, group := realTopic(t, 3), kafkatest.Unique("g")
		m := realMember(t, group, topic, instance)
		nextEvent(t, m, Assigned)
		if err := m.Leave(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if g := kafkatest.DescribeGroup(t, kafkatest.Shared(t), group); len(g.Members) != 0 {
			t.Errorf("instance %q: members left %v", instance, g.Members)
		}
		next := realMember(t, group, topic, "")
		if e := nextEvent(t, next, Assigned); len(e.Partitions) != 3 {
			t.Errorf("instance %q: the next has %v", instance, e.Partitions)
		}
	}
}

// awaitAlive sends heartbeats until one is accepted.
func awaitAlive(t *testing.T, m *Member) {
	t.Helper()
	ctx := testContext(t)
	for {
		err := m.EnsureAlive(ctx, 0)
		if err == nil {
			return
		}
		if !Classify(err).Transient() {
			t.Fatal(err)
		}
	}
}

// brokerLimit is longer than a broker takes to stop and to start, on any machine.
const brokerLimit = 10 * time.Minute

// TestRealBrokerRestart kills the only broker under a fetcher and a member. When
// it's back, both go on where they were.
func TestRealBrokerRestart(t *testing.T) {
	b := kafkatest.Start(t)
	topic := "in"
	kafkatest.CreateTopic(t, b.Addr, topic, 1, nil)
	client := func() *Client {
		c, err := NewClient([]string{b.Addr}, nil, t.Name())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		return c
	}
	f := NewFetcher(client(), FetchConfig{ReadCommitted: true})
	t.Cleanup(f.Close)
	f.Assign(tp(topic, 0), 0)
	cfg := memberConfig()
	// However long the broker takes to come back: nobody plays the worker that polls.
	cfg.SessionTimeout, cfg.RebalanceTimeout = brokerLimit, brokerLimit
	m := NewMember(client(), cfg)
	m.Start(context.Background())
	t.Cleanup(m.Close)
	generation := nextEvent(t, m, Assigned).Generation
	for i := range int64(2) {
		kafkatest.Produce(t, b.Addr, &kgo.Record{Topic: topic, Value: []byte("v")})
		if got := readTo(t, f, tp(topic, 0), i+1); len(got) != 1 {
			t.Errorf("got %v", got)
		}
		awaitAlive(t, m)
		if i == 0 {
			b.Kill()
			b.Restart()
		}
	}
	if g := m.Meta().Generation; g != generation {
		t.Errorf("generation %d became %d", generation, g)
	}
}
