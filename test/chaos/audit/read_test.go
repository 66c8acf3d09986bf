package audit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/oncestream/oncestream/test/chaos/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// txn produces values in one transaction to partition 0 and ends it, unless
// end is nil.
func txn(t *testing.T, addrs []string, id string, end *kgo.TransactionEndTry, values ...string) {
	t.Helper()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(addrs...),
		kgo.TransactionalID(id),
		kgo.DefaultProduceTopic("t"),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord(v)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if end == nil {
		return
	}
	if err := cl.EndTransaction(t.Context(), *end); err != nil {
		t.Fatal(err)
	}
}

// read returns "partition:value" of what Read sees.
func read(ctx context.Context, addrs []string) ([]string, error) {
	var got []string
	err := audit.Read(ctx, addrs, "t", func(r audit.Record) error {
		got = append(got, fmt.Sprintf("%d:%s", r.Partition, r.Value))
		return nil
	})
	return got, err
}

func startFake(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

// TestRead shows that aborted records are left out, that the end is found
// where a topic ends in an abort's marker, and that empty partitions don't
// hold it up.
func TestRead(t *testing.T) {
	addrs := startFake(t)
	commit, abort := kgo.TryCommit, kgo.TryAbort
	txn(t, addrs, "a", &commit, "1", "2")
	txn(t, addrs, "b", &abort, "x")
	txn(t, addrs, "c", &commit, "3")
	txn(t, addrs, "d", &abort, "y", "z")
	got, err := read(t.Context(), addrs)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"0:1", "0:2", "0:3"}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

// TestReadOpenTransaction shows that an open transaction is an error: it's a
// finding of its own, and nothing behind it could be read.
func TestReadOpenTransaction(t *testing.T) {
	addrs := startFake(t)
	txn(t, addrs, "open", nil, "1")
	got, err := read(t.Context(), addrs)
	if err == nil {
		t.Errorf("read %q, though a transaction is open", got)
	}
}

func TestReadUnknownTopic(t *testing.T) {
	addrs := startFake(t)
	err := audit.Read(t.Context(), addrs, "missing", func(audit.Record) error { return nil })
	if err == nil {
		t.Error("a topic that doesn't exist was read")
	}
}
