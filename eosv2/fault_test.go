package eosv2

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// small makes many batches out of few records.
func small(cfg *Config) { cfg.BatchBytes = 200 }

// numbers sends n numbers to one partition and returns them.
func numbers(t testing.TB, h *Topic, partition int32, n int) []string {
	t.Helper()
	var vs []string
	for i := range n {
		v := fmt.Sprint(i)
		vs = append(vs, v)
		send(t, h, partition, v)
	}
	return vs
}

// TestProduceRetries: what is retriable is sent again with its sequence
// numbers, in order, while later batches are in flight.
func TestProduceRetries(t *testing.T) {
	for _, err := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition, kerr.RequestTimedOut,
		kerr.NetworkException, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.KafkaStorageError,
		kerr.CorruptMessage, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.ConcurrentTransactions,
	} {
		for _, mode := range []Mode{ExactlyOnce, AtLeastOnce} {
			t.Run(fmt.Sprint(err.Message, mode), func(t *testing.T) {
				c := newCluster(t, 2)
				var ev events
				p := c.producer(t, small, func(cfg *Config) { cfg.Mode, cfg.Observer = mode, ev.observer() })
				h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "a", Partitions: []int32{1}, Err: err, Count: 3})
				a := topic(t, p, "a")
				want := numbers(t, a, 1, 300)
				must(t, p.Flush(t.Context()))
				if next, ok := a.Acked(1); !ok || next != 300 {
					t.Errorf("Acked %d %v", next, ok)
				}
				must(t, p.Commit(t.Context()))
				if h.Hits() != 3 || ev.retries() == 0 {
					t.Fatalf("%d faults, %d retries", h.Hits(), ev.retries())
				}
				c.wantValues(t, "a", 1, want...)
			})
		}
	}
}

// TestLostProduceAnswerIsNotADuplicate: the broker has the batch already.
func TestLostProduceAnswerIsNotADuplicate(t *testing.T) {
	for _, mode := range []Mode{ExactlyOnce, AtLeastOnce} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			var l lossy
			c := newCluster(t, 1, l.use)
			p := c.producer(t, small, func(cfg *Config) { cfg.Mode = mode })
			a := topic(t, p, "a")
			want := numbers(t, a, 0, 50)
			must(t, p.Flush(t.Context()))
			for i := range 5 {
				l.lose(int16(kmsg.Produce))
				for range 50 {
					v := fmt.Sprint("again", i)
					want = append(want, v)
					send(t, a, 0, v)
				}
				must(t, p.Flush(t.Context()))
			}
			if next, ok := a.Acked(0); ok && next != 300 {
				t.Errorf("Acked %d", next)
			}
			must(t, p.Commit(t.Context()))
			if l.lost.Load() != 5 {
				t.Fatalf("%d answers lost", l.lost.Load())
			}
			c.wantValues(t, "a", 0, want...)
		})
	}
}

// TestLeaderMoves while batches are in flight.
func TestLeaderMoves(t *testing.T) {
	c := newCluster(t, 3)
	p := c.producer(t, small)
	a := topic(t, p, "a")
	var want []string
	for round := range 5 {
		must(t, c.MoveTopicPartition("a", 0, (c.LeaderFor("a", 0)+1)%3))
		for i := range 100 {
			v := fmt.Sprint(round, ".", i)
			want = append(want, v)
			send(t, a, 0, v)
		}
	}
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, want...)
}

// TestOutOfOrderWithoutCause: acknowledged records are missing at the broker,
// which no retry mends.
func TestOutOfOrderWithoutCause(t *testing.T) {
	for _, err := range []*kerr.Error{kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidTxnState, kerr.TransactionAbortable} {
		c := newCluster(t, 1)
		p := c.producer(t)
		a := topic(t, p, "a")
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: err})
		send(t, a, 0, "v")
		e := wantClass(t, p.Commit(t.Context()), ClassAbort)
		if e.Topic != "a" || e.Partition != 0 || e.Op != "produce" {
			t.Fatalf("no coordinates: %v", e)
		}
		refused(t, p, a, e)
		must(t, p.Init(t.Context()))
		send(t, a, 0, "w")
		must(t, p.Commit(t.Context()))
		c.wantValues(t, "a", 0, "w")
	}
}

// TestDuplicateWithoutOffset: the record is there, its offset is not known.
func TestDuplicateWithoutOffset(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	send(t, a, 0, "1")
	must(t, p.Flush(t.Context()))
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		return duplicate(req.(*kmsg.ProduceRequest)), nil, true
	})
	send(t, a, 0, "2")
	must(t, p.Flush(t.Context()))
	if next, ok := a.Acked(0); ok {
		t.Fatalf("Acked %d is a guess", next)
	}
}

// duplicate answers that every batch is known already.
func duplicate(req *kmsg.ProduceRequest) *kmsg.ProduceResponse {
	res := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, rt := range req.Topics {
		st := kmsg.NewProduceResponseTopic()
		st.Topic = rt.Topic
		for _, rp := range rt.Partitions {
			sp := kmsg.NewProduceResponseTopicPartition()
			sp.Partition, sp.ErrorCode, sp.BaseOffset = rp.Partition, kerr.DuplicateSequenceNumber.Code, -1
			st.Partitions = append(st.Partitions, sp)
		}
		res.Topics = append(res.Topics, st)
	}
	return res
}

// TestTooLargeBatchIsSplit: the topic takes less than BatchBytes.
func TestTooLargeBatchIsSplit(t *testing.T) {
	c := newCluster(t, 1)
	must(t, c.CreateTopic("tiny", 1, map[string]string{"max.message.bytes": "400"}))
	p := c.producer(t)
	h := topic(t, p, "tiny")
	want := numbers(t, h, 0, 200)
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "tiny", 0, want...)
	if got := p.mu.buffered; got != 0 {
		t.Fatalf("%d bytes still accounted for", got)
	}
}

func TestTooLargeRecordIsFatal(t *testing.T) {
	c := newCluster(t, 1)
	must(t, c.CreateTopic("tiny", 1, map[string]string{"max.message.bytes": "400"}))
	p := c.producer(t)
	h := topic(t, p, "tiny")
	send(t, h, 0, "fine")
	must(t, h.Send(0, []byte("key"), make([]byte, 1000), 0, nil))
	e := wantClass(t, p.Commit(t.Context()), ClassFatal)
	if e.Topic != "tiny" || !errors.Is(e, sarama.ErrMessageSizeTooLarge) {
		t.Fatal(e)
	}
	for _, part := range []string{"tiny-0", "3 bytes of key", "1000 of value", "max.message.bytes"} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%q does not say %q", e, part)
		}
	}
	if r := e.Refused; r == nil || string(r.Key) != "key" || len(r.Value) != 1000 {
		t.Errorf("the refused record is %v", r)
	}
}

// TestRefusedRecordIsFound among others of its batch, whatever it's refused for.
func TestRefusedRecordIsFound(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.InvalidRecord, kerr.InvalidTimestamp} {
		c := newCluster(t, 1)
		p := c.producer(t)
		h := topic(t, p, "a")
		c.refuse(code, "bad")
		send(t, h, 0, "fine", "good", "bad", "well")
		e := wantClass(t, p.Commit(t.Context()), ClassFatal)
		if e.Topic != "a" || e.Refused == nil || string(e.Refused.Value) != "bad" {
			t.Errorf("%v: %v, refused %v", code, e, e.Refused)
		}
		must(t, p.Init(t.Context()))
		send(t, h, 0, "fine", "good", "well")
		must(t, p.Commit(t.Context()))
		c.wantValues(t, "a", 0, "fine", "good", "well")
	}
}

// refuse has the cluster answer with the code to each produce request with the
// value in it.
func (c *cluster) refuse(code *kerr.Error, value string) {
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		req := r.(*kmsg.ProduceRequest)
		c.KeepControl()
		part := &req.Topics[0].Partitions[0]
		if !bytes.Contains(part.Records, []byte(value)) {
			return nil, nil, false
		}
		res := req.ResponseKind().(*kmsg.ProduceResponse)
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = req.Topics[0].Topic, req.Topics[0].TopicID
		p := kmsg.NewProduceResponseTopicPartition()
		p.Partition, p.ErrorCode = part.Partition, code.Code
		topic.Partitions = append(topic.Partitions, p)
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
}

// TestDeliveryTimeout: a partition that never answers well ends the
// transaction, with the last cause.
func TestDeliveryTimeout(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t, func(cfg *Config) { cfg.DeliveryTimeout = 1 })
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	send(t, topic(t, p, "a"), 0, "v")
	e := wantClass(t, p.Flush(t.Context()), ClassAbort)
	if !errors.Is(e, ErrDeliveryTimeout) {
		t.Fatal(e)
	}
}

// TestRefusals: what repeating does not mend is fatal at once.
func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		key kmsg.Key
		err *kerr.Error
	}{
		{kmsg.Produce, kerr.TopicAuthorizationFailed},
		{kmsg.AddPartitionsToTxn, kerr.TransactionalIDAuthorizationFailed},
		{kmsg.AddPartitionsToTxn, kerr.TopicAuthorizationFailed},
		{kmsg.AddOffsetsToTxn, kerr.GroupAuthorizationFailed},
		{kmsg.TxnOffsetCommit, kerr.OffsetMetadataTooLarge},
		{kmsg.EndTxn, kerr.TransactionalIDAuthorizationFailed},
	} {
		t.Run(fmt.Sprint(tc.key.Name(), tc.err.Message), func(t *testing.T) {
			c := newCluster(t, 1)
			p := c.producer(t)
			a := topic(t, p, "a")
			c.Fault(kfake.Fault{Keys: []kmsg.Key{tc.key}, Err: tc.err, Count: -1})
			e := wantClass(t, transaction(t.Context(), p, a, "v", 1), ClassFatal)
			if e.Unknown || !errors.Is(e, sarama.KError(tc.err.Code)) {
				t.Fatal(e)
			}
		})
	}
	c := newCluster(t, 1)
	p := c.uninitialised(t)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.InvalidTransactionTimeout})
	wantClass(t, p.Init(t.Context()), ClassFatal)
}

// TestRecordIsRefused alone, without harm to the transaction.
func TestRecordIsRefused(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	send(t, a, 0, "v")
	for _, err := range []error{
		a.Send(4, nil, nil, 0, nil), a.Send(-1, nil, nil, 0, nil),
		a.Send(0, nil, nil, -1, nil), a.Send(0, nil, nil, maxTimestamp+1, nil),
		a.Send(0, nil, make([]byte, p.largest()), 0, nil),
	} {
		wantClass(t, err, ClassFatal)
	}
	must(t, p.Commit(t.Context()))
	c.wantValues(t, "a", 0, "v")
}

// TestGeneration: the group's refusals leave the transaction open for the next
// generation; an unknown member loses it.
func TestGeneration(t *testing.T) {
	c := newCluster(t, 1)
	p := c.producer(t)
	a := topic(t, p, "a")
	for _, err := range []*kerr.Error{kerr.IllegalGeneration, kerr.RebalanceInProgress} {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: err})
		send(t, a, 0, "v")
		must(t, p.Flush(t.Context()))
		wantClass(t, p.SendOffsets(t.Context(), group, at("in", 0, 1)), ClassGeneration)
		if !p.InTransaction() {
			t.Fatal("the transaction is gone")
		}
		must(t, p.SendOffsets(t.Context(), group, at("in", 0, 1)))
		must(t, p.Commit(t.Context()))
	}
	c.wantValues(t, "a", 0, "v", "v")
	for _, err := range []*kerr.Error{kerr.UnknownMemberID, kerr.FencedInstanceID} {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: err})
		wantClass(t, transaction(t.Context(), p, a, "lost", 1), ClassRejoin)
		must(t, p.Init(t.Context()))
	}
	c.wantValues(t, "a", 0, "v", "v")
}

// TestFirstBatchIsNotOvertaken: brokers before 4.5 take any sequence number
// from a producer they know nothing of, so that the successors of a rejected
// first batch would be written before it.
func TestFirstBatchIsNotOvertaken(t *testing.T) {
	for _, mode := range []Mode{ExactlyOnce, AtLeastOnce} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			c := newReleasedCluster(t)
			p := c.producer(t, small, func(cfg *Config) { cfg.Mode, cfg.Linger = mode, time.Hour })
			a := topic(t, p, "a")
			for n := range int32(4) {
				h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "a", Partitions: []int32{n}, Err: kerr.NotLeaderForPartition})
				want := numbers(t, a, n, 200)
				must(t, p.Commit(t.Context()))
				if h.Hits() != 1 {
					t.Fatalf("%d faults", h.Hits())
				}
				c.wantValues(t, "a", n, want...)
			}
		})
	}
}
