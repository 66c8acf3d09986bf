package eosv2

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/IBM/sarama"
)

// transaction writes one record and one offset and commits.
func transaction(ctx context.Context, p *Producer, h *Topic, value string, offset int64) error {
	if err := h.Send(0, nil, []byte(value), 0, nil); err != nil {
		return err
	}
	if err := p.Flush(ctx); err != nil {
		return err
	}
	if err := p.SendOffsets(ctx, group, at("in", 0, offset)); err != nil {
		return err
	}
	return p.Commit(ctx)
}

// TestLostAnswersAreNotGuessed loses the answer to every kind of request after
// the broker has processed it. The caller then does what a worker does: Init,
// read the committed offsets, and redo what they don't cover. Every value must
// be there once.
func TestLostAnswersAreNotGuessed(t *testing.T) {
	for _, tc := range []struct {
		key       kmsg.Key
		committed bool // the transaction whose answer was lost
	}{
		{kmsg.AddPartitionsToTxn, false},
		{kmsg.AddOffsetsToTxn, false},
		{kmsg.TxnOffsetCommit, false},
		{kmsg.EndTxn, true},
	} {
		t.Run(tc.key.Name(), func(t *testing.T) {
			var l lossy
			var ev events
			c := newCluster(t, 3, l.use)
			p := c.producer(t, func(cfg *Config) { cfg.Observer = ev.observer() })
			a := topic(t, p, "a")
			must(t, transaction(t.Context(), p, a, "0", 1))
			l.lose(int16(tc.key))
			err := transaction(t.Context(), p, a, "1", 2)
			e := wantClass(t, err, ClassAbort)
			if !e.Unknown || l.lost.Load() != 1 {
				t.Fatalf("lost %d answers: %v", l.lost.Load(), e)
			}
			refused(t, p, a, err)
			if len(ev.failed) != 1 || ev.failed[0] != e {
				t.Fatalf("the observer was told %v", ev.failed)
			}
			must(t, p.Init(t.Context()))
			next, _ := c.committedOffset(t, "g", "in", 0)
			if (next == 2) != tc.committed {
				t.Fatalf("committed offset %d after the lost answer", next)
			}
			for v := next; v < 4; v++ {
				must(t, transaction(t.Context(), p, a, string(rune('0'+v)), v+1))
			}
			c.wantValues(t, "a", 0, "0", "1", "2", "3")
		})
	}
}

// refused checks that nothing is possible with a failed transaction but Init.
func refused(t testing.TB, p *Producer, h *Topic, want error) {
	t.Helper()
	for name, err := range map[string]error{
		"send":    h.Send(0, nil, nil, 0, nil),
		"flush":   p.Flush(t.Context()),
		"offsets": p.SendOffsets(t.Context(), group, at("in", 0, 1)),
		"commit":  p.Commit(t.Context()),
	} {
		if err == nil || !errors.Is(err, want) {
			t.Errorf("%s after the failure: %v, want %v", name, err, want)
		}
	}
}

// TestObserverKnowsFirst: when a call returns the error, the Observer has been
// told of it, also when another goroutine met it.
func TestObserverKnowsFirst(t *testing.T) {
	c := newCluster(t, 1)
	returned := make(chan struct{})
	told := make(chan bool, 1)
	p := c.producer(t, func(cfg *Config) {
		cfg.Observer.Failed = func(*Error) {
			select {
			case <-returned:
				told <- false
			case <-time.After(100 * time.Millisecond):
				told <- true
			}
		}
	})
	a := topic(t, p, "a")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.InvalidProducerEpoch})
	send(t, a, 0, "v")
	err := p.Flush(t.Context())
	close(returned)
	if err == nil || !<-told {
		t.Fatalf("Flush returned %v before the observer knew", err)
	}
}

// TestIndefiniteAnswers has coordinators say that they don't know either.
func TestIndefiniteAnswers(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		t.Run(key.Name(), func(t *testing.T) {
			c := newCluster(t, 1)
			p := c.producer(t)
			a := topic(t, p, "a")
			c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.RequestTimedOut})
			e := wantClass(t, transaction(t.Context(), p, a, "0", 1), ClassAbort)
			if !e.Unknown || !errors.Is(e, sarama.ErrRequestTimedOut) {
				t.Fatal(e)
			}
			must(t, p.Init(t.Context()))
		})
	}
}

// TestContextEndsDuringCommit: who stops waiting for EndTxn does not know
// whether it took effect.
func TestContextEndsDuringCommit(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	send(t, a, 0, "v")
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	c.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel()
		c.SleepControl(func() { <-release })
		return nil, nil, false
	})
	err := p.Commit(ctx)
	e := wantClass(t, err, ClassAbort)
	if !e.Unknown || !errors.Is(e, context.Canceled) {
		t.Fatal(e)
	}
	refused(t, p, a, err)
	close(release)
	must(t, p.Init(t.Context()))
	if p.InTransaction() {
		t.Fatal("the late answer of an earlier life had an effect")
	}
	c.wantValues(t, "a", 0, "v")
}

// TestEndTxnGivenUp: retriable answers until the patience is over are no
// outcome.
func TestEndTxnGivenUp(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	send(t, topic(t, p, "a"), 0, "v")
	must(t, p.Flush(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ConcurrentTransactions, Count: -1, When: func(kmsg.Request) bool {
		if asked++; asked == 3 {
			cancel()
		}
		return true
	}})
	e := wantClass(t, p.Commit(ctx), ClassAbort)
	if !e.Unknown {
		t.Fatal(e)
	}
}

// TestInitIsRepeated: a lost answer to InitProducerId costs an epoch only.
func TestInitIsRepeated(t *testing.T) {
	var l lossy
	c := newCluster(t, 3, l.use)
	p := c.uninitialised(t)
	l.lose(int16(kmsg.InitProducerID))
	must(t, p.Init(t.Context()))
	if l.lost.Load() != 1 {
		t.Fatal("no answer was lost")
	}
	a := topic(t, p, "a")
	send(t, a, 0, "v")
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, "v")
}

// TestCoordinatorMoves: a refused request is asked again where the coordinator
// is now.
func TestCoordinatorMoves(t *testing.T) {
	c := newCluster(t, 3)
	p := c.producer(t)
	a := topic(t, p, "a")
	for i, err := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress} {
		for _, key := range []kmsg.Key{kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn} {
			c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Count: 2})
		}
		must(t, p.Init(t.Context()))
		must(t, transaction(t.Context(), p, a, string(rune('0'+i)), int64(i+1)))
	}
	c.wantValues(t, "a", 0, "0", "1", "2")
}

func TestRefusedBeforeInit(t *testing.T) {
	c := newCluster(t, 1)
	p := c.uninitialised(t)
	refused(t, p, topic(t, p, "a"), ErrNotInitialised)
	must(t, p.Close())
	refused(t, p, topic(t, p, "a"), ErrClosed)
	if err := p.Init(t.Context()); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

// TestIdleConnections: brokers close connections that were idle for long. The
// transaction that comes next must not be lost with them.
func TestIdleConnections(t *testing.T) {
	var l lossy
	c := newCluster(t, 3, l.use)
	p := c.uninitialised(t)
	p.sender.idleFor = 0
	must(t, p.Init(t.Context()))
	a := topic(t, p, "a")
	must(t, transaction(t.Context(), p, a, "0", 1))
	l.closeAll()
	must(t, transaction(t.Context(), p, a, "1", 2))
	c.wantValues(t, "a", 0, "0", "1")
}
