package eosv2

import (
	"errors"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestSuccessorFences: a second producer of the id ends the first one's
// transaction at whatever step the first one is.
func TestSuccessorFences(t *testing.T) {
	for _, tc := range []struct {
		name string
		want Class
		step func(*testing.T, *Producer, *Topic) error
	}{
		// The leader only sees that the transaction is over: INVALID_TXN_STATE.
		{"produce", ClassAbort, func(t *testing.T, p *Producer, a *Topic) error {
			send(t, a, 0, "zombie")
			return p.Flush(t.Context())
		}},
		{"add partitions", ClassFenced, func(t *testing.T, p *Producer, a *Topic) error {
			send(t, a, 1, "zombie")
			return p.Flush(t.Context())
		}},
		{"send offsets", ClassFenced, func(t *testing.T, p *Producer, _ *Topic) error {
			return p.SendOffsets(t.Context(), group, at("in", 0, 1))
		}},
		{"commit", ClassFenced, func(t *testing.T, p *Producer, _ *Topic) error { return p.Commit(t.Context()) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 3)
			first := c.producer(t)
			a := topic(t, first, "a")
			send(t, a, 0, "first")
			must(t, first.Flush(t.Context()))
			second := c.producer(t)
			err := tc.step(t, first, a)
			if e := wantClass(t, err, tc.want); e.Unknown {
				t.Fatal(e)
			}
			refused(t, first, a, err)
			b := topic(t, second, "a")
			send(t, b, 0, "second")
			must(t, second.Commit(t.Context()))
			c.wantValues(t, "a", 0, "second")
			c.wantValues(t, "a", 1)
			// The fake coordinator takes one epoch to abort and grant, a real one
			// two; TestRealSuccessorFences is without this.
			must(t, second.Init(t.Context()))
			if tc.want == ClassAbort {
				wantClass(t, first.Init(t.Context()), ClassFenced)
			}
			must(t, first.Init(t.Context()))
		})
	}
}

// TestRestartEndsItsOwnTransaction: the id is stable, so nothing waits for the
// transaction's timeout.
func TestRestartEndsItsOwnTransaction(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	send(t, topic(t, p, "a"), 0, "lost")
	must(t, p.SendOffsets(t.Context(), group, at("in", 0, 9)))
	must(t, p.Flush(t.Context()))
	must(t, p.Close()) // as a crash: the transaction stays open
	if info := c.PartitionInfo("a", 0); info.LastStableOffset != 0 {
		t.Fatalf("the transaction is not open: %+v", info)
	}
	c.producer(t)
	if info := c.PartitionInfo("a", 0); info.LastStableOffset != info.HighWatermark {
		t.Fatalf("the transaction is still open: %+v", info)
	}
	c.wantValues(t, "a", 0)
}

// timedOut returns a producer whose transaction its coordinator has aborted.
func (c *cluster) timedOut(t *testing.T) (*Producer, *Topic) {
	t.Helper()
	p := c.producer(t, func(cfg *Config) { cfg.TransactionTimeout = 50 * time.Millisecond })
	a := topic(t, p, "a")
	send(t, a, 0, "late")
	must(t, p.Flush(t.Context()))
	for {
		info := c.PartitionInfo("a", 0)
		if info.LastStableOffset == info.HighWatermark {
			return p, a
		}
		if t.Context().Err() != nil {
			t.Fatal("the transaction did not time out")
		}
	}
}

// TestOwnTimeoutIsNoFence: the epoch moved, but nobody else has the id.
func TestOwnTimeoutIsNoFence(t *testing.T) {
	c := newCluster(t, 1)
	p, a := c.timedOut(t)
	wantClass(t, p.Commit(t.Context()), ClassAbort)
	must(t, p.Init(t.Context()))
	send(t, a, 0, "again")
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, "again")
}

// TestRetakenAfterTimeout: the transaction timed out and another producer used
// the id. Init tells once, and may then be called again.
func TestRetakenAfterTimeout(t *testing.T) {
	c := newCluster(t, 1)
	p, a := c.timedOut(t)
	other := c.producer(t)
	b := topic(t, other, "a")
	send(t, b, 0, "other")
	must(t, other.Commit(t.Context()))
	must(t, other.Init(t.Context()))
	wantClass(t, p.Commit(t.Context()), ClassAbort)
	err := p.Init(t.Context())
	if wantClass(t, err, ClassFenced); !errors.Is(err, ErrRetaken) {
		t.Fatal(err)
	}
	refused(t, p, a, err)
	must(t, p.Init(t.Context()))
	send(t, a, 0, "mine")
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, "other", "mine")
}

// TestEpochCodesOfEveryRequest: both codes mean the same wherever they come.
func TestEpochCodesOfEveryRequest(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		for _, err := range []*kerr.Error{kerr.InvalidProducerEpoch, kerr.ProducerFenced} {
			c := newCluster(t, 1)
			p := c.producer(t)
			c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: err})
			e := wantClass(t, transaction(t.Context(), p, topic(t, p, "a"), "v", 1), ClassFenced)
			if !errors.Is(e, sarama.KError(err.Code)) {
				t.Fatal(e)
			}
		}
	}
}
