package kafkatest_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream/test/kafka"
)

func TestMain(m *testing.M) { kafkatest.Main(m) }

// A transaction that was committed before the broker's death is there after it,
// one that was aborted isn't, and one that was open is aborted by its successor.
func TestKillAndRestart(t *testing.T) {
	k := kafkatest.Start(t)
	kafkatest.CreateTopic(t, k.Addr, "in", 2, nil)
	const id = "tx"
	transact(t, k.Addr, id, "committed", kgo.TryCommit)
	transact(t, k.Addr, id, "aborted", kgo.TryAbort)
	open := begin(t, k.Addr, id, "open")
	if got := kafkatest.OpenTransactions(t, k.Addr, id); len(got) != 1 || got[0] != id {
		t.Fatalf("open transactions: %v, want [%s]", got, id)
	}

	k.Kill()
	if err := open.Ping(t.Context()); err == nil {
		t.Fatal("the killed broker answers")
	}
	k.Restart()

	open.Close()
	transact(t, k.Addr, id, "later", kgo.TryCommit)
	want(t, kafkatest.ConsumeAll(t, k.Addr, "in"), "committed", "later")
	want(t, kafkatest.ConsumeUncommitted(t, k.Addr, "in"), "committed", "aborted", "open", "later")
	if got := kafkatest.OpenTransactions(t, k.Addr); len(got) != 0 {
		t.Errorf("open transactions: %v, want none", got)
	}
	if got := kafkatest.OpenProducers(t, k.Addr, "in"); len(got) != 0 {
		t.Errorf("open producers: %v, want none", got)
	}
}

// transact writes one record in a transaction and ends it.
func transact(t *testing.T, addr, id, value string, end kgo.TransactionEndTry) {
	t.Helper()
	cl := begin(t, addr, id, value)
	defer cl.Close()
	if err := cl.EndTransaction(t.Context(), end); err != nil {
		t.Fatalf("end transaction of %q: %v", value, err)
	}
}

// begin writes one record in a transaction and leaves it open.
func begin(t *testing.T, addr, id, value string) *kgo.Client {
	t.Helper()
	cl := kafkatest.Client(t, addr, kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatalf("begin transaction of %q: %v", value, err)
	}
	rec := &kgo.Record{Topic: "in", Partition: 1, Value: []byte(value)}
	if err := cl.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
		t.Fatalf("produce %q: %v", value, err)
	}
	return cl
}

func want(t *testing.T, got []*kgo.Record, values ...string) {
	t.Helper()
	if len(got) != len(values) {
		t.Fatalf("got %d records %q, want %q", len(got), texts(got), values)
	}
	for i, v := range texts(got) {
		if v != values[i] {
			t.Errorf("record %d is %q, want %q", i, v, values[i])
		}
	}
}

func texts(records []*kgo.Record) []string {
	var values []string
	for _, r := range records {
		values = append(values, string(r.Value))
	}
	return values
}
