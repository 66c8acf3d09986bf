package kafkatest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream/test/kafka"
)

func TestSharedIsOneBroker(t *testing.T) {
	a, b := kafkatest.Shared(t), kafkatest.Shared(t)
	if a != b {
		t.Errorf("two brokers, %s and %s", a, b)
	}
}

// Produce chooses partitions as the Java client does, so one key stays in one.
func TestProduceAndConsume(t *testing.T) {
	addr, topic := kafkatest.Shared(t), kafkatest.Unique("many")
	kafkatest.CreateTopic(t, addr, topic, 4, map[string]string{"cleanup.policy": "compact"})
	const n = 10_000
	var records []*kgo.Record
	for i := range n {
		records = append(records, &kgo.Record{
			Topic: topic, Key: fmt.Append(nil, i%100), Value: fmt.Append(nil, i),
		})
	}
	kafkatest.Produce(t, addr, records...)
	partitions := make(map[string]int32)
	got := kafkatest.ConsumeAll(t, addr, topic)
	if len(got) != n {
		t.Fatalf("got %d records, want %d", len(got), n)
	}
	for _, r := range got {
		if p, ok := partitions[string(r.Key)]; ok && p != r.Partition {
			t.Fatalf("key %s is in partitions %d and %d", r.Key, p, r.Partition)
		}
		partitions[string(r.Key)] = r.Partition
	}
	ends := kafkatest.EndOffsets(t, addr, topic)[topic]
	if sum := ends[0] + ends[1] + ends[2] + ends[3]; len(ends) != 4 || sum != n {
		t.Errorf("end offsets %v don't add up to %d", ends, n)
	}
}

// Another implementation reads the same, and leaves out what isn't committed.
func TestConsoleConsumer(t *testing.T) {
	addr, topic := kafkatest.Shared(t), kafkatest.Unique("console")
	kafkatest.CreateTopic(t, addr, topic, 1, nil)
	kafkatest.Produce(t, addr, &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("1")})
	abort(t, addr, topic)
	kafkatest.Produce(t, addr, &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("2")})
	got := kafkatest.ConsoleConsumer(t, addr, topic, 2, "--formatter-property", "print.key=true")
	if want := []string{"k\t1", "k\t2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func abort(t *testing.T, addr, topic string) {
	t.Helper()
	cl := kafkatest.Client(t, addr, kgo.TransactionalID(topic))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("x")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

// An open transaction holds back the stable offset alone, and is found by its
// id and by its partition.
func TestOpenTransaction(t *testing.T) {
	addr, topic := kafkatest.Shared(t), kafkatest.Unique("open")
	kafkatest.CreateTopic(t, addr, topic, 1, nil)
	kafkatest.Produce(t, addr, &kgo.Record{Topic: topic, Value: []byte("1")})
	cl := kafkatest.Client(t, addr, kgo.TransactionalID(topic))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("2")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if got := kafkatest.StableOffsets(t, addr, topic)[topic][0]; got != 1 {
		t.Errorf("stable offset %d, want 1", got)
	}
	if got := kafkatest.EndOffsets(t, addr, topic)[topic][0]; got != 2 {
		t.Errorf("end offset %d, want 2", got)
	}
	if got := texts(kafkatest.ConsumeStable(t, addr, topic)); !slices.Equal(got, []string{"1"}) {
		t.Errorf("stable records %q, want only 1", got)
	}
	if got := kafkatest.OpenTransactions(t, addr, topic); !slices.Equal(got, []string{topic}) {
		t.Errorf("open transactions %q, want %q", got, topic)
	}
	if got := kafkatest.OpenTransactions(t, addr, "another"); len(got) != 0 {
		t.Errorf("open transactions of another id: %q", got)
	}
	if got := kafkatest.OpenProducers(t, addr, topic); len(got) != 1 || got[0].CurrentTxnStartOffset != 1 {
		t.Errorf("open producers %v, want one from offset 1", got)
	}
	if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if got := texts(kafkatest.ConsumeAll(t, addr, topic)); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("records %q, want 1 and 2", got)
	}
}

func TestGroups(t *testing.T) {
	addr, topic := kafkatest.Shared(t), kafkatest.Unique("group")
	kafkatest.CreateTopic(t, addr, topic, 2, nil)
	var offsets kadm.Offsets
	offsets.AddOffset(topic, 1, 7, -1)
	if err := kafkatest.Admin(t, addr).CommitAllOffsets(t.Context(), topic, offsets); err != nil {
		t.Fatal(err)
	}
	got := kafkatest.CommittedOffsets(t, addr, topic)[topic]
	if len(got) != 1 || got[1] != 7 {
		t.Errorf("committed offsets %v, want 7 for partition 1", got)
	}
	if g := kafkatest.DescribeGroup(t, addr, topic); g.State != "Empty" || len(g.Members) != 0 {
		t.Errorf("group is %s with %d members, want Empty", g.State, len(g.Members))
	}
}
