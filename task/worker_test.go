package task

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// TestStopWithinARecord: user code that takes part in the shutdown gives its record
// up with the context's error. What the record did before must not be committed,
// since its position isn't.
func TestStopWithinARecord(t *testing.T) {
	g := newRig(t, 1)
	g.produce(10, 0)
	w, closeState := g.worker()
	ctx, cancel := context.WithCancel(t.Context())
	g.hook = func(r *record.Record) error {
		if r.Offset == 4 {
			cancel()
			return fmt.Errorf("lookup: %w", ctx.Err())
		}
		return nil
	}
	g.must(w.Run(ctx))
	closeState()
	g.hook = func(*record.Record) error { return nil }
	halt := g.run()
	g.await(10, 0)
	g.must(halt())
	g.check(10, 0)
}

// TestOutputsOutOfReach: tasks whose start can't find their output topics for a
// while are started again, all of them.
func TestOutputsOutOfReach(t *testing.T) {
	g := newRig(t, 3)
	g.produce(5, 0, 1, 2)
	unreachable := g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "out", Err: kerr.LeaderNotAvailable, Count: 2, When: func(r kmsg.Request) bool {
		id := r.(*kmsg.MetadataRequest)
		return len(id.Topics) == 1
	}})
	w, _ := g.worker()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	g.await(5, 0, 1, 2)
	cancel()
	g.must(<-ended)
	g.check(5, 0, 1, 2)
	if unreachable.Hits() != 2 {
		t.Fatalf("the fault was met %d times, want 2", unreachable.Hits())
	}
}

// TestFencedDuringAssignment: a worker that finds itself fenced while it takes over
// an assignment has given all tasks up and claims none in its next join, so it must
// not start what the assignment gave.
func TestFencedDuringAssignment(t *testing.T) {
	g := newRig(t, 2)
	w := g.opened()
	g.produce(5, 0, 1)
	g.until(w, func() bool { return w.tasks[0].queues[0].has && w.tasks[1].queues[0].has })
	for _, task := range w.tasks {
		_, err := task.Run(3)
		g.must(err)
	}
	g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AddOffsetsToTxn}, Err: kerr.ProducerFenced})
	w.held = true
	join := w.join
	g.must(w.assigned(t.Context(), kafka.Event{Kind: kafka.Assigned, Join: join, Partitions: w.owned()}))
	if w.join == join {
		t.Fatal("the worker hasn't joined again")
	}
	if len(w.tasks) != 0 || len(w.starts) != 0 {
		t.Errorf("%d tasks run and %d start that the worker doesn't claim", len(w.tasks), len(w.starts))
	}
}

// TestNothingIsLeftOpen: a worker that ends with an error ends its transaction.
func TestNothingIsLeftOpen(t *testing.T) {
	g := newRig(t, 1)
	g.produce(3, 0)
	w, _ := g.worker()
	g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AddOffsetsToTxn}, Err: kerr.TransactionalIDAuthorizationFailed})
	if err := w.Run(t.Context()); !errors.Is(err, kerr.TransactionalIDAuthorizationFailed) && err == nil {
		t.Fatal(err)
	}
	if open := kafkatest.OpenTransactions(t, g.addr); len(open) != 0 {
		t.Errorf("transactions %v are left open", open)
	}
}

// TestJoinClaimsWhatWasBegun: where an assignment takes a task and gives another,
// the join that follows has to claim the new one, or the leader would be free to
// give it to somebody else while it runs here.
func TestJoinClaimsWhatWasBegun(t *testing.T) {
	g := newRig(t, 2)
	w := g.opened()
	claims := make(chan []kmsg.ConsumerMemberMetadataOwnedPartition, 10)
	g.ControlKey(int16(kmsg.JoinGroup), func(r kmsg.Request) (kmsg.Response, error, bool) {
		g.KeepControl()
		var meta kmsg.ConsumerMemberMetadata
		if err := meta.ReadFrom(r.(*kmsg.JoinGroupRequest).Protocols[0].Metadata); err != nil {
			t.Error(err)
		}
		claims <- meta.OwnedPartitions
		return nil, nil, false
	})
	w.closeTasks(w.tasks[1:])
	given := record.TopicPartition{Topic: "in", Partition: 1}
	g.must(w.assigned(t.Context(), kafka.Event{Kind: kafka.Assigned, Join: w.join, Partitions: []record.TopicPartition{given}}))
	owned := <-claims
	if len(owned) != 1 || owned[0].Topic != "in" || len(owned[0].Partitions) != 1 || owned[0].Partitions[0] != 1 {
		t.Errorf("the join claims %v, want %s", owned, given)
	}
}

// TestTurns: a commit that comes due in every turn keeps no task from its own.
func TestTurns(t *testing.T) {
	g := newRig(t, 3)
	g.tune = func(c *Config) { c.CommitInterval = 1 }
	w := g.opened()
	g.produce(1000, 0, 1, 2)
	g.until(w, func() bool { return w.tasks[0].queues[0].has && w.tasks[1].queues[0].has && w.tasks[2].queues[0].has })
	for range 3 {
		_, err := w.step(t.Context())
		g.must(err)
	}
	for _, task := range w.tasks {
		if task.queues[0].committed == 0 {
			t.Errorf("task %s had no turn in three", task.id)
		}
	}
}

// TestLatestSurvivesARedo: where a source begins at the end of a topic, that end is
// found once. A transaction that fails before anything else was committed must not
// have it found again behind what has come since.
func TestLatestSurvivesARedo(t *testing.T) {
	g := newRig(t, 1)
	g.plan.SubTopologies[0].Sources[0].Reset = plan.Latest
	g.tune = func(c *Config) { c.CommitInterval = time.Hour }
	g.produce(3, 0)
	w := g.opened()
	_, err := w.step(t.Context())
	g.must(err)
	g.produce(5, 0)
	g.steps(w, func() bool { return len(w.tasks) == 1 && w.tasks[0].queues[0].position >= 8 })
	g.must(w.recover(t.Context(), classOf(eosv2.ClassAbort)))
	g.steps(w, func() bool { return len(w.tasks) == 1 && w.tasks[0].queues[0].position >= 8 })
	g.must(w.commit(t.Context()))
	g.check(5, 0)
}

// TestDeletedInput: of input that was deleted from its topic, what was read before
// is processed.
func TestDeletedInput(t *testing.T) {
	g := newRig(t, 1)
	g.produce(10, 0)
	w := g.opened()
	q := w.tasks[0].queues[0]
	g.until(w, func() bool { return q.has })
	g.must(w.inputFailed(q, fmt.Errorf("fetch: %w", &kafka.OffsetOutOfRangeError{TopicPartition: q.tp, Offset: 10, LogStart: 15, HighWatermark: 20})))
	for q.has {
		_, err := w.tasks[0].Run(100)
		g.must(err)
	}
	if q.position != 15 {
		t.Errorf("position %d, want 15", q.position)
	}
	g.must(w.commit(t.Context()))
	g.check(10, 0)
}

// TestInputTopicIsDeleted: an application whose input is gone says so.
func TestInputTopicIsDeleted(t *testing.T) {
	g := newRig(t, 1)
	g.tune = func(c *Config) { c.Fetch.UnknownTopicTimeout = time.Millisecond }
	g.produce(1, 0)
	w, _ := g.worker()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(t.Context()) }()
	g.await(1, 0)
	_, err := kafkatest.Admin(t, g.addr).DeleteTopics(t.Context(), "in")
	g.must(err)
	if e, ok := errors.AsType[*Error](<-ended); !ok || e.Topic != "in" {
		t.Errorf("Run returned %v", e)
	}
}

// TestStoreWithoutChangelog: there's nothing to restore, and no topic to ask for.
func TestStoreWithoutChangelog(t *testing.T) {
	g := newRig(t, 1)
	g.plan.SubTopologies[0].Stores[0].LoggingDisabled = true
	g.produce(3, 0)
	halt := g.run()
	g.await(3, 0)
	g.must(halt())
	g.check(3, 0)
}

// TestOutputWithoutInput: a transaction that no record of the input led to has to be
// refused as well when the worker is out of the group.
func TestOutputWithoutInput(t *testing.T) {
	g := newRig(t, 1)
	w := g.opened()
	refused := g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID})
	g.must(w.outputs["out"].Send(0, []byte("k"), []byte("12345678"), 0, nil))
	if err := w.commit(t.Context()); classify(err) != eosv2.ClassRejoin {
		t.Errorf("the commit of a worker that's out of the group: %v", err)
	}
	if refused.Hits() != 1 {
		t.Error("the group wasn't asked")
	}
}
