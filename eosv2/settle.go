package eosv2

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/kafka"
)

// settleAll handles the answers that came in.
func (p *Producer) settleAll() {
	p.mu.Lock()
	p.taken, p.mu.answers = p.mu.answers, p.taken[:0]
	usable := p.mu.state == stateOpen
	p.mu.Unlock()
	for i := range p.taken {
		a := &p.taken[i]
		a.req.sink.inflight--
		if a.err != nil && transport(a.err) && a.req.conn == a.req.sink.conn {
			p.disconnect(a.req.sink)
		}
		if usable && a.req.life == p.life {
			p.settle(a)
		}
		*a = answer{}
	}
}

// transport reports whether err comes from the connection rather than from
// the client library's refusal to send.
func transport(err error) bool {
	var encoding sarama.PacketEncodingError
	var config sarama.ConfigurationError
	return !errors.As(err, &encoding) && !errors.As(err, &config) && !errors.Is(err, sarama.ErrUnsupportedVersion)
}

// disconnect closes a connection that failed, as the client library keeps it
// otherwise. Close waits until every request of it was answered with an error.
func (p *Producer) disconnect(s *sink) {
	s.conn++
	_ = s.broker.Close() // its only error is that it was closed already
}

// settle handles one answer, batch by batch.
func (p *Producer) settle(a *answer) {
	for _, b := range a.req.batches {
		pt := b.part
		pt.pending--
		if a.err != nil {
			p.settleFailure(b, a.err)
		} else if block := a.res.GetBlock(pt.topic.name, pt.number); block == nil {
			p.settleFailure(b, sarama.ErrIncompleteResponse)
		} else {
			p.settleBlock(b, block)
		}
		if pt.failing && pt.pending == 0 {
			p.requeue(pt)
		}
	}
}

// settleFailure handles a batch without an answer from the leader: sending it
// again is safe, as the leader knows its sequence number.
func (p *Producer) settleFailure(b *batch, err error) {
	if !transport(err) {
		p.fail(p.produceError(b.part, ClassFatal, err))
		return
	}
	b.part.failing = true
	b.part.cause = err
}

func (p *Producer) settleBlock(b *batch, block *sarama.ProduceResponseBlock) {
	pt := b.part
	switch code := block.Err; {
	case code == sarama.ErrNoError:
		p.acknowledge(b, block.Offset)
	case code == sarama.ErrDuplicateSequenceNumber:
		p.acknowledge(b, -1)
	case aboutRecords(code) && b.count > 1:
		p.split(b)
		pt.failing = true
		pt.cause = code
	case classify(stageProduce, code) == ClassRetry,
		code == sarama.ErrOutOfOrderSequenceNumber && pt.failing:
		// Behind a failed batch nothing can be in sequence.
		pt.failing = true
		pt.cause = code
	default:
		e := p.produceError(pt, classify(stageProduce, code), p.explain(b, block))
		if aboutRecords(code) {
			cur := cursor{chunks: b.chunks}
			_, key, value, _ := cur.next()
			e.Refused = &RefusedRecord{Key: bytes.Clone(key), Value: bytes.Clone(value)}
		}
		p.fail(e)
	}
}

// aboutRecords reports whether a leader refuses a batch for what some of its
// records are. It takes the others if they come without them.
func aboutRecords(code sarama.KError) bool {
	return code == sarama.ErrMessageSizeTooLarge || code == sarama.ErrInvalidRecord || code == sarama.ErrInvalidTimestamp
}

// acknowledge takes b out of flight. offset is where its first record lies, -1
// when the leader did not say.
func (p *Producer) acknowledge(b *batch, offset int64) {
	pt := b.part
	i := slices.Index(pt.inflight, b)
	last := i == len(pt.inflight)-1
	pt.inflight = slices.Delete(pt.inflight, i, i+1)
	if !pt.failing {
		pt.attempt, pt.cause, pt.proven = 0, nil, time.Now()
	}
	records, bytes := int(b.count), b.bytes
	p.mu.Lock()
	pt.ackLocked(p.mu.txn, offset, int64(records), last)
	p.mu.outstanding--
	p.releaseLocked(b)
	p.mu.changed.Broadcast()
	p.mu.Unlock()
	p.cfg.Observer.acked(pt.topic.name, records, bytes)
}

// ackLocked keeps the position behind the last record. A batch that was sent
// again may be acknowledged after its successors, whose position is further.
func (pt *part) ackLocked(txn uint64, offset, records int64, last bool) {
	if pt.ackTxn != txn+1 {
		pt.ackTxn, pt.next = txn+1, -1
	}
	switch {
	case offset >= 0:
		pt.next = max(pt.next, offset+records)
	case last:
		pt.next = -1
	}
}

// requeue puts the batches of a partition back in front, in order.
func (p *Producer) requeue(pt *part) {
	again := pt.inflight
	pt.inflight = nil
	pt.failing = false
	p.postpone(pt, pt.cause)
	p.mu.Lock()
	pt.queue = append(again, pt.queue...)
	p.mu.Unlock()
}

// split replaces a batch in flight by its halves. Sequence numbers count
// records, so the halves keep theirs.
func (p *Producer) split(b *batch) {
	pt := b.part
	cur := cursor{chunks: b.chunks}
	p.mu.Lock()
	defer p.mu.Unlock()
	half := p.cutLocked(b, &cur, b.count/2, b.seq)
	rest := p.cutLocked(b, &cur, b.count-b.count/2, nextSequence(b.seq, b.count/2))
	i := slices.Index(pt.inflight, b)
	pt.inflight = slices.Replace(pt.inflight, i, i+1, half, rest)
	p.mu.outstanding++
	p.releaseLocked(b)
}

// cutLocked copies the next n records of b into a batch of their own.
func (p *Producer) cutLocked(b *batch, cur *cursor, n, seq int32) *batch {
	part := &batch{part: b.part, seq: seq, bytes: batchOverhead, born: b.born, sealed: b.sealed}
	p.mu.buffered += batchOverhead
	for range n {
		delta, key, value, headers := cur.next()
		hs := cur.headers(headers)
		if need := bodySize(key, value, hs); !part.room(need) {
			part.chunks = append(part.chunks, p.takeChunkLocked(need))
		}
		p.mu.buffered += part.append(key, value, b.base+delta, hs)
	}
	return part
}

// produceError names the partition.
func (p *Producer) produceError(pt *part, c Class, err error) *Error {
	return &Error{
		Op: "produce", Class: c, Topic: pt.topic.name, Partition: pt.number,
		// Without a transaction to abort, records without an answer may stay.
		Unknown: p.cfg.Mode == AtLeastOnce && c != ClassFatal,
		Err:     err,
	}
}

// explain adds to a refusal what a person needs to act on it.
func (p *Producer) explain(b *batch, block *sarama.ProduceResponseBlock) error {
	err := kafka.Needs(describe(block.Err), kafka.TopicResource, b.part.topic.name, "Write")
	if block.ErrorMessage != nil {
		err = fmt.Errorf("%w: %s", err, *block.ErrorMessage)
	}
	if block.Err == sarama.ErrMessageSizeTooLarge {
		cur := cursor{chunks: b.chunks}
		_, key, value, _ := cur.next()
		err = fmt.Errorf("%w: a record with %d bytes of key and %d of value is larger than the topic accepts; raise its max.message.bytes (and the brokers' replica.fetch.max.bytes), or write less",
			err, len(key), len(value))
	}
	return err
}

// joinCause adds the last known cause to a timeout.
func joinCause(err, cause error) error {
	if cause == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// addDueLocked is when partitions are to be added at the latest.
func (p *Producer) addDueLocked() time.Time {
	due := p.mu.gather.Add(gatherTime)
	if p.mu.hurry {
		due = p.mu.gather
	}
	if p.lastAdd.again.After(due) {
		return p.lastAdd.again
	}
	return due
}
