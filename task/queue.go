package task

import (
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// batch is some consumed records of one partition, in their order.
type batch interface {
	// Read takes the next record; false at the end.
	Read(r *record.Record) bool
	// Release returns the batch's memory to the fetcher.
	Release()
}

// pending is a batch in a queue and the position behind it, which may lie past
// control and aborted records.
type pending struct {
	batch
	next int64
}

// queue holds the records of one input partition that wait to be processed.
type queue struct {
	tp    record.TopicPartition
	input plan.Input

	head record.Record // valid if has
	has  bool
	// idleSince is when the task began to wait for this empty queue; zero before, and
	// when it has records again.
	idleSince time.Time
	since     int64     // the turn at which the queue began to wait with its head
	turn      *int64    // the task's
	batches   []pending // the first one is being read

	position int64 // the offset to consume next; what a commit records
	// committed is the position of the last commit. Where it differs from position
	// there's something to commit.
	committed int64
	// end is the last stable offset that the broker reported, -1 before it did.
	end int64
	// partitionTime is the highest timestamp processed, -1 before the first. It's
	// committed with the offset, so that stream time survives a restart.
	partitionTime int64
	// idle is the queue's source if that has an idle timeout, which has moved the time
	// of the partition to moved, -1 where it hasn't. What was committed of it is
	// committedMoved.
	idle                  *idleSource
	moved, committedMoved int64
	// metadata carries what a commit by another program has put beside the
	// partition time.
	metadata string
}

// push appends a batch. Its records become visible by advance.
func (q *queue) push(b batch, next, end int64) {
	q.end = end
	q.batches = append(q.batches, pending{batch: b, next: next})
	if q.has {
		return
	}
	if q.advance(); q.has {
		q.wait()
	}
}

// advance makes the next record the head. When a batch is used up its position
// is taken over, which covers the control records behind its last record.
func (q *queue) advance() {
	for len(q.batches) > 0 {
		b := q.batches[0]
		if b.Read(&q.head) {
			if q.input.Timestamp != nil {
				q.input.Timestamp(&q.head, q.partitionTime)
			}
			q.has = true
			q.idleSince = time.Time{}
			if q.idle != nil {
				q.idle.since = time.Time{}
			}
			return
		}
		q.position = max(q.position, b.next)
		b.Release()
		q.batches[0] = pending{}
		q.batches = q.batches[1:]
	}
	q.has = false
	q.batches = nil
}

// wait begins the queue's turn to wait: it stands behind all that wait already.
func (q *queue) wait() {
	*q.turn++
	q.since = *q.turn
}

// before returns whether the head is to be processed before the other queue's.
func (q *queue) before(o *queue) bool {
	if q.head.Timestamp != o.head.Timestamp {
		return q.head.Timestamp < o.head.Timestamp
	}
	return q.since < o.since
}

// done marks the head as processed and makes the next record the head.
func (q *queue) done() {
	q.position = q.head.Offset + 1
	q.partitionTime = max(q.partitionTime, q.head.Timestamp)
	q.wait()
	q.advance()
}

// offset returns what a commit records.
func (q *queue) offset() kafka.Offset {
	metadata := kafka.WithPartitionTime(q.metadata, q.partitionTime)
	if q.moved >= 0 {
		metadata = kafka.WithIdleTime(metadata, q.tp.Topic, q.moved)
	}
	return kafka.Offset{At: q.position, Metadata: metadata, Ok: true}
}

// changed returns whether there's something to commit.
func (q *queue) changed() bool { return q.position != q.committed || q.moved != q.committedMoved }

// wasCommitted says that there isn't any more.
func (q *queue) wasCommitted() { q.committed, q.committedMoved = q.position, q.moved }

// lagging reports whether the partition has, or may have, records that haven't
// arrived yet.
func (q *queue) lagging() bool { return q.end < 0 || q.position < q.end }

// clear drops what waits.
func (q *queue) clear() {
	for _, b := range q.batches {
		b.Release()
	}
	q.batches = nil
	q.has = false
}
