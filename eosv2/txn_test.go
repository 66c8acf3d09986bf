package eosv2

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/record"
)

var group = Group{ID: "g", Generation: -1}

func at(topic string, partition int32, offset int64) map[record.TopicPartition]Offset {
	return map[record.TopicPartition]Offset{{Topic: topic, Partition: partition}: {At: offset, Metadata: "m"}}
}

// count observes requests of the given kind.
func (c *cluster) count(key kmsg.Key) *kfake.FaultHandle {
	return c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Observe: true, Count: -1})
}

func TestCommitMakesRecordsAndOffsetsVisible(t *testing.T) {
	c := newCluster(t, 3)
	p := c.producer(t)
	a, b := topic(t, p, "a"), topic(t, p, "b")
	if got := a.Partitions(); got != 4 {
		t.Fatalf("%d partitions", got)
	}
	for i := range int32(4) {
		send(t, a, i, fmt.Sprintf("a%d.0", i), fmt.Sprintf("a%d.1", i))
		send(t, b, i, fmt.Sprintf("b%d.0", i))
	}
	if !p.InTransaction() || p.OpenSince().IsZero() || p.UncommittedBytes() == 0 {
		t.Fatal("no transaction after Send")
	}
	must(t, p.Flush(t.Context()))
	for i := range int32(4) {
		if next, ok := a.Acked(i); !ok || next != 2 {
			t.Fatalf("Acked %d %v, want 2", next, ok)
		}
	}
	c.wantValues(t, "a", 0)
	must(t, p.SendOffsets(t.Context(), group, at("in", 3, 42)))
	if got, _ := c.committedOffset(t, "g", "in", 3); got != -1 {
		t.Fatalf("offset %d before the commit", got)
	}
	must(t, p.Commit(t.Context()))
	if p.InTransaction() || !p.OpenSince().IsZero() || p.UncommittedBytes() != 0 {
		t.Fatal("a transaction is left after Commit")
	}
	for i := range int32(4) {
		c.wantValues(t, "a", i, fmt.Sprintf("a%d.0", i), fmt.Sprintf("a%d.1", i))
		c.wantValues(t, "b", i, fmt.Sprintf("b%d.0", i))
	}
	if got, meta := c.committedOffset(t, "g", "in", 3); got != 42 || meta != "m" {
		t.Fatalf("committed %d %q", got, meta)
	}
}

func TestRecordsArriveAsSent(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	headers := []record.Header{{Key: "h", Value: []byte("1")}, {Key: "null"}, {Key: "empty", Value: []byte{}}}
	must(t, a.Send(0, []byte("k"), []byte("v"), 2000, headers))
	must(t, a.Send(0, nil, nil, 1000, nil))
	must(t, a.Send(0, []byte{}, []byte{}, maxTimestamp, nil))
	must(t, p.Commit(t.Context()))
	recs := readCommitted(t, c.ListenAddrs(), "a")
	if len(recs) != 3 {
		t.Fatalf("%d records", len(recs))
	}
	for i, want := range []int64{2000, 1000, maxTimestamp} {
		if got := recs[i].Timestamp.UnixMilli(); got != want {
			t.Errorf("record %d has timestamp %d, want %d", i, got, want)
		}
	}
	if recs[1].Key != nil || recs[1].Value != nil || recs[2].Key == nil || recs[2].Value == nil {
		t.Errorf("null and empty are confused: %+v", recs)
	}
	hs := recs[0].Headers
	if len(hs) != 3 || hs[0].Key != "h" || string(hs[0].Value) != "1" || hs[1].Value != nil || hs[2].Value == nil {
		t.Errorf("headers %+v", hs)
	}
}

func TestTransactionBeginsLazily(t *testing.T) {
	c := newCluster(t, 1)
	adds, ends := c.count(kmsg.AddPartitionsToTxn), c.count(kmsg.EndTxn)
	p := c.producer(t)
	a := topic(t, p, "a")
	must(t, p.Flush(t.Context()))
	must(t, p.Commit(t.Context()))
	must(t, p.Abort(t.Context()))
	must(t, p.SendOffsets(t.Context(), group, nil))
	if p.InTransaction() || adds.Hits() != 0 || ends.Hits() != 0 {
		t.Fatal("an idle producer has a transaction")
	}
	send(t, a, 0, "v")
	must(t, p.Commit(t.Context()))
	if adds.Hits() != 1 || ends.Hits() != 1 {
		t.Fatalf("%d AddPartitionsToTxn, %d EndTxn", adds.Hits(), ends.Hits())
	}
}

func TestOffsetsOnlyTransaction(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	adds := c.count(kmsg.AddOffsetsToTxn)
	for i := range int64(3) {
		must(t, p.SendOffsets(t.Context(), group, at("in", 0, i)))
		must(t, p.SendOffsets(t.Context(), group, at("in", 1, i)))
		must(t, p.Commit(t.Context()))
		if got, _ := c.committedOffset(t, "g", "in", 0); got != i {
			t.Fatalf("committed %d, want %d", got, i)
		}
	}
	if adds.Hits() != 3 {
		t.Fatalf("%d AddOffsetsToTxn in 3 transactions", adds.Hits())
	}
}

func TestPartitionsAreAddedTogether(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	adds := c.count(kmsg.AddPartitionsToTxn)
	a := topic(t, p, "a")
	p.mu.Lock() // what is sent within the gathering time, without its clock
	for i := range int32(4) {
		p.beginLocked(time.Now())
		b := p.rollLocked(a.parts[i])
		b.chunks = append(b.chunks, p.takeChunkLocked(100))
		p.mu.buffered += b.append(nil, nil, 0, nil)
	}
	p.mu.Unlock()
	must(t, p.Commit(t.Context()))
	if adds.Hits() != 1 {
		t.Fatalf("%d AddPartitionsToTxn for 4 partitions", adds.Hits())
	}
}

func TestAbortDropsEverything(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	send(t, a, 0, "kept")
	must(t, p.Commit(t.Context()))
	send(t, a, 0, "flushed")
	must(t, p.Flush(t.Context()))
	must(t, p.SendOffsets(t.Context(), group, at("in", 0, 7)))
	send(t, a, 0, "buffered")
	must(t, p.Abort(t.Context()))
	if p.InTransaction() {
		t.Fatal("in a transaction after Abort")
	}
	if _, ok := a.Acked(0); ok {
		t.Fatal("Acked speaks of an aborted transaction")
	}
	send(t, a, 0, "next")
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, "kept", "next")
	if got, _ := c.committedOffset(t, "g", "in", 0); got != -1 {
		t.Fatalf("aborted offset %d is committed", got)
	}
}

func TestAckedIsOfThisTransaction(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	send(t, a, 0, "1", "2")
	must(t, p.Commit(t.Context()))
	send(t, a, 1, "x")
	must(t, p.Flush(t.Context()))
	if next, ok := a.Acked(0); ok {
		t.Fatalf("Acked %d of an earlier transaction", next)
	}
	if next, ok := a.Acked(1); !ok || next != 1 {
		t.Fatalf("Acked %d %v", next, ok)
	}
	send(t, a, 0, "3")
	must(t, p.Flush(t.Context()))
	// two records and the first transaction's marker lie before it
	if next, ok := a.Acked(0); !ok || next != 4 {
		t.Fatalf("Acked %d %v, want 4", next, ok)
	}
	if _, ok := a.Acked(9); ok {
		t.Fatal("Acked knows a partition that is not there")
	}
	must(t, p.Abort(t.Context()))
}

func TestConcurrentTransactionsAreWaitedOut(t *testing.T) {
	c := newCluster(t, 1)
	var ev events
	p := c.producer(t, func(cfg *Config) { cfg.Observer = ev.observer() })
	a := topic(t, p, "a")
	var want []string
	for i := range 20 {
		for _, key := range []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.EndTxn} {
			c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.ConcurrentTransactions, Count: 2})
		}
		v := fmt.Sprint(i)
		want = append(want, v)
		send(t, a, 0, v)
		must(t, p.SendOffsets(t.Context(), group, at("in", 0, int64(i))))
		must(t, p.Commit(t.Context()))
	}
	c.wantValues(t, "a", 0, want...)
	if ev.retries() < 100 {
		t.Fatalf("%d retries seen", ev.retries())
	}
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.ConcurrentTransactions, Count: 3})
	must(t, p.Init(t.Context()))
}

func TestSendWhileCommitting(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	send(t, a, 0, "1")
	sent := make(chan struct{})
	c.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.SleepControl(func() { <-sent })
		return nil, nil, false
	})
	done := make(chan error, 1)
	go func() { done <- p.Commit(context.WithoutCancel(t.Context())) }()
	waitState(t, p, stateEnding)
	send(t, a, 0, "2")
	send(t, a, 1, "2")
	close(sent)
	must(t, <-done)
	if !p.InTransaction() {
		t.Fatal("records sent during Commit are in no transaction")
	}
	c.wantValues(t, "a", 0, "1")
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, "1", "2")
	c.wantValues(t, "a", 1, "2")
}

// waitState waits until the producer is in the state.
func waitState(t testing.TB, p *Producer, want state) {
	t.Helper()
	for {
		p.mu.Lock()
		got := p.mu.state
		p.mu.Unlock()
		if got == want {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("state %d, want %d", got, want)
		}
		runtime.Gosched()
	}
}

func TestAtLeastOnce(t *testing.T) {
	c := newCluster(t, 2)
	adds, ends := c.count(kmsg.AddPartitionsToTxn), c.count(kmsg.EndTxn)
	p := c.producer(t, func(cfg *Config) { cfg.Mode, cfg.TransactionalID = AtLeastOnce, "" })
	a := topic(t, p, "a")
	var want []string
	for i := range 10 {
		v := fmt.Sprint(i)
		want = append(want, v)
		send(t, a, 2, v)
		must(t, p.Commit(t.Context()))
	}
	c.wantValues(t, "a", 2, want...)
	if adds.Hits() != 0 || ends.Hits() != 0 {
		t.Fatal("at least once used a transaction")
	}
	if next, ok := a.Acked(2); !ok || next != 10 {
		t.Fatalf("Acked %d %v", next, ok)
	}
	e := wantClass(t, p.SendOffsets(t.Context(), group, at("in", 0, 1)), ClassFatal)
	if !errors.Is(e, ErrNotTransactional) {
		t.Fatal(e)
	}
}

func TestLingerSendsWithoutFlush(t *testing.T) {
	c := newCluster(t, 1)
	acked := make(chan int, 10)
	p := c.producer(t, func(cfg *Config) {
		cfg.Mode = AtLeastOnce
		cfg.Linger = 1
		cfg.Observer.Acked = func(_ string, records, _ int) { acked <- records }
	})
	send(t, topic(t, p, "a"), 0, "v")
	if n := <-acked; n != 1 {
		t.Fatalf("%d records acknowledged", n)
	}
}

func TestManyBatchesKeepTheirOrder(t *testing.T) {
	for _, mode := range []Mode{ExactlyOnce, AtLeastOnce} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			c := newCluster(t, 3)
			p := c.producer(t, func(cfg *Config) { cfg.Mode, cfg.BatchBytes, cfg.BufferBytes = mode, 2000, 20000 })
			a := topic(t, p, "a")
			want := make([][]string, 4)
			for i := range 5000 {
				n := i % 4
				want[n] = append(want[n], fmt.Sprint(i))
				send(t, a, int32(n), fmt.Sprint(i))
			}
			must(t, p.Commit(t.Context()))
			recs := readCommitted(t, c.ListenAddrs(), "a")
			for n := range want {
				if got := values(recs, int32(n)); !slices.Equal(got, want[n]) {
					t.Fatalf("partition %d: %d records, want %d, or out of order", n, len(got), len(want[n]))
				}
			}
		})
	}
}
