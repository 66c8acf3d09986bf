package eosv2

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
)

// Topic is a handle to write to one topic. It belongs to its Producer and
// stays valid over every Init.
type Topic struct {
	p     *Producer
	name  string
	parts []*part // guarded by p.mu
}

// part is one partition of a topic.
type part struct {
	topic  *Topic
	number int32

	// Guarded by Producer.mu.
	open   *batch   // being filled
	queue  []*batch // sealed, to be sent in this order
	listed bool     // the sender knows of it, or will through mu.sealed
	asked  uint64   // the transaction it was put on toAdd in, plus one
	added  uint64   // the transaction it is part of, plus one
	// next is the offset behind the last acknowledged record, -1 when a broker
	// did not say; of transaction ackTxn plus one.
	next   int64
	ackTxn uint64

	// The sender alone uses this.
	flight
}

// maxTimestamp is the last that the client library can encode: it keeps times
// as nanoseconds.
const maxTimestamp = math.MaxInt64 / int64(time.Millisecond)

// Topic returns the handle for a topic, which must exist: an unknown one is an
// error of class fatal. Class abort means that no broker answered. The number of
// partitions is asked for at each call, so that calling it again notices new
// partitions. It may block for the Client's metadata timeout.
func (p *Producer) Topic(ctx context.Context, name string) (*Topic, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: "topic", Class: ClassAbort, Topic: name, Partition: -1, Err: err}
	}
	numbers, err := p.client().Partitions(name)
	if err != nil {
		return nil, &Error{Op: "topic", Class: topicClass(err), Topic: name, Partition: -1, Err: kafka.Needs(err, kafka.TopicResource, name, "Describe")}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.mu.topics[name]
	if t == nil {
		t = &Topic{p: p, name: name}
		p.mu.topics[name] = t
	}
	for len(t.parts) < len(numbers) {
		t.parts = append(t.parts, &part{topic: t, number: int32(len(t.parts))})
	}
	return t, nil
}

// topicClass tells a topic that can't be written to from brokers that don't
// answer at the moment, which is worth another attempt.
func topicClass(err error) Class {
	var code sarama.KError
	switch {
	case errors.Is(err, sarama.ErrClosedClient), errors.Is(err, sarama.ErrUnknownTopicOrPartition):
		return ClassFatal
	case errors.As(err, &code) && classify(stageProduce, code) != ClassRetry:
		return ClassFatal
	}
	return ClassAbort
}

// Partitions returns the number of partitions when the handle was resolved.
func (t *Topic) Partitions() int32 {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	return int32(len(t.parts))
}

// Send buffers one record and copies its bytes; nil is Kafka's null. timestamp
// is in milliseconds since the Unix epoch and must not be negative. The first
// record begins the transaction; full batches are sent in the background. Send
// blocks while Config.BufferBytes wait for acknowledgement.
//
// When the transaction has failed its first error is returned. An error of
// class fatal about this record alone (partition, timestamp, size) leaves the
// transaction as it was.
func (t *Topic) Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error {
	p := t.p
	need := bodySize(key, value, headers)
	p.mu.Lock()
	if p.mu.state != stateOpen || p.mu.buffered >= p.cfg.BufferBytes {
		if err := p.awaitRoomLocked(); err != nil {
			p.mu.Unlock()
			return err
		}
	}
	if uint(partition) >= uint(len(t.parts)) || uint64(timestamp) > uint64(maxTimestamp) || need > p.largest() {
		err := t.refuseLocked(partition, timestamp, need)
		p.mu.Unlock()
		return err
	}
	pt := t.parts[partition]
	b := pt.open
	if b == nil || b.bytes+need+recordOverhead > p.cfg.BatchBytes {
		b = p.rollLocked(pt)
	}
	if !b.room(need) {
		b.chunks = append(b.chunks, p.takeChunkLocked(need))
	}
	n := b.append(key, value, timestamp, headers)
	p.mu.buffered += n
	p.mu.written += n
	p.mu.Unlock()
	return nil
}

// Check returns the error with which Send refuses a record for its size or its
// timestamp, and nil where it doesn't.
func (t *Topic) Check(key, value []byte, timestamp int64, headers []record.Header) error {
	need := bodySize(key, value, headers)
	if uint64(timestamp) <= uint64(maxTimestamp) && need <= t.p.largest() {
		return nil
	}
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	return t.refuseLocked(0, timestamp, need)
}

// largest is the size from which a record can't be sent at all.
func (p *Producer) largest() int { return int(sarama.MaxRequestSize) - requestMargin }

// requestMargin is left for what surrounds a record in a request.
const requestMargin = 64 << 10

func (t *Topic) refuseLocked(partition int32, timestamp int64, size int) error {
	e := &Error{Op: "send", Class: ClassFatal, Topic: t.name, Partition: partition}
	switch {
	case uint(partition) >= uint(len(t.parts)):
		e.Err = fmt.Errorf("the topic has %d partitions", len(t.parts))
	case uint64(timestamp) > uint64(maxTimestamp):
		e.Err = fmt.Errorf("timestamp %d is not within 0 to %d ms", timestamp, maxTimestamp)
	default:
		e.Err = fmt.Errorf("a record of %d bytes is larger than a request may be, %d bytes", size, t.p.largest())
	}
	return e
}

// awaitRoomLocked waits until a record may be buffered, and begins the
// transaction.
func (p *Producer) awaitRoomLocked() error {
	for {
		if err := p.usableLocked(); err != nil {
			return err
		}
		if p.mu.buffered < p.cfg.BufferBytes {
			break
		}
		p.sealLocked(time.Now(), 0)
		p.mu.hurry = true
		p.nudge()
		p.mu.changed.Wait()
	}
	p.beginLocked(time.Now())
	return nil
}

// rollLocked seals the open batch of pt, if any, and opens the next.
func (p *Producer) rollLocked(pt *part) *batch {
	now := time.Now()
	b := &batch{part: pt, seq: -1, bytes: batchOverhead, born: now}
	p.mu.buffered += batchOverhead
	if pt.open != nil {
		p.enqueueLocked(pt, now)
		p.nudge()
	} else {
		if len(p.mu.opened) == 0 {
			p.nudge() // the sender keeps the time of lingering batches
		}
		p.mu.opened = append(p.mu.opened, pt)
	}
	pt.open = b
	p.askLocked(pt, now)
	return b
}

// askLocked puts pt on the list of partitions to add to the transaction.
func (p *Producer) askLocked(pt *part, now time.Time) {
	if p.cfg.Mode != ExactlyOnce || pt.asked == p.mu.txn+1 || p.mu.state != stateOpen {
		return
	}
	pt.asked = p.mu.txn + 1
	if len(p.mu.toAdd) == 0 {
		p.mu.gather = now
		p.nudge()
	}
	p.mu.toAdd = append(p.mu.toAdd, pt)
}

// enqueueLocked moves the open batch of pt to its queue.
func (p *Producer) enqueueLocked(pt *part, now time.Time) {
	b := pt.open
	b.sealed = now
	pt.open = nil
	pt.queue = append(pt.queue, b)
	p.mu.outstanding++
	p.mu.hurry = true
	if !pt.listed {
		pt.listed = true
		p.mu.sealed = append(p.mu.sealed, pt)
	}
}

// sealLocked moves every open batch of at least the given age to its queue.
func (p *Producer) sealLocked(now time.Time, age time.Duration) {
	kept := p.mu.opened[:0]
	for _, pt := range p.mu.opened {
		if pt.open == nil {
			continue
		}
		if now.Sub(pt.open.born) < age {
			kept = append(kept, pt)
			continue
		}
		p.enqueueLocked(pt, now)
	}
	clear(p.mu.opened[len(kept):])
	p.mu.opened = kept
}

// Acked returns the offset behind the last record of this partition that was
// acknowledged in the open transaction. Call it between Flush and Commit. It
// is not ok when no record was sent, or when a broker recognised a repeated
// batch without saying where it lies: then the position is not known.
func (t *Topic) Acked(partition int32) (next int64, ok bool) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if uint(partition) >= uint(len(t.parts)) {
		return 0, false
	}
	pt := t.parts[partition]
	if pt.ackTxn != t.p.mu.acks+1 || pt.next < 0 {
		return 0, false
	}
	return pt.next, true
}
