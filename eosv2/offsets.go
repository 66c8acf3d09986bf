package eosv2

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
)

// Group says as which member of a consumer group offsets are committed, so
// that the group coordinator can refuse those of a former owner (KIP-447).
type Group struct {
	ID       string
	MemberID string
	// InstanceID is the static member id (KIP-345), empty without one.
	InstanceID string
	Generation int32
}

// Offset is the position to go on from.
type Offset struct {
	// At is the offset of the next record to consume.
	At int64
	// Metadata is kept with the offset.
	Metadata string
}

// SendOffsets adds offsets to the transaction (AddOffsetsToTxn and
// TxnOffsetCommit) and begins one if none is open. They become visible with
// Commit. An error of ClassGeneration leaves the transaction open: call it
// again with the new generation. In AtLeastOnce mode it is refused.
func (p *Producer) SendOffsets(ctx context.Context, g Group, offsets map[record.TopicPartition]Offset) error {
	if p.cfg.Mode == AtLeastOnce {
		return &Error{Op: "send offsets", Class: ClassFatal, Partition: -1, Err: ErrNotTransactional}
	}
	if len(offsets) == 0 {
		return nil
	}
	p.mu.Lock()
	err := p.usableLocked()
	p.beginLocked(time.Now())
	p.mu.Unlock()
	if err != nil {
		return err
	}
	start := time.Now()
	defer p.cfg.Observer.phase(PhaseOffsets, start)
	started, err := p.do(ctx, func() error { return p.sendOffsets(ctx, g, offsets) })
	return p.outcome("send offsets", started, err)
}

// sendOffsets runs on the sender.
func (p *Producer) sendOffsets(ctx context.Context, g Group, offsets map[record.TopicPartition]Offset) error {
	if fencingOff() {
		g = Group{ID: g.ID, Generation: -1}
	}
	e := p.addGroup(ctx, g.ID)
	if e == nil {
		e = p.retry(ctx, p.cfg.DeliveryTimeout, func() *Error { return p.commitOffsets(g, offsets) })
	}
	switch {
	case e == nil:
		return nil
	case e.Class == ClassGeneration:
		return e
	}
	return p.fail(e)
}

// addGroup has the coordinator know that the transaction holds offsets of the
// group, once per transaction.
func (p *Producer) addGroup(ctx context.Context, group string) *Error {
	p.mu.Lock()
	txn := p.mu.txn
	p.mu.Unlock()
	if p.groupTxn == txn+1 && p.group == group {
		return nil
	}
	e := p.retry(ctx, p.cfg.DeliveryTimeout, func() *Error {
		return p.ask(p.txnCoordinator("add offsets"), func(b *sarama.Broker) (sarama.KError, error) {
			res, err := b.AddOffsetsToTxn(&sarama.AddOffsetsToTxnRequest{
				Version: 3, TransactionalID: p.id, ProducerID: p.pid, ProducerEpoch: p.epoch, GroupID: group,
			})
			if err != nil {
				return 0, err
			}
			return res.Err, nil
		})
	})
	if e == nil {
		p.group, p.groupTxn = group, txn+1
		return nil
	}
	e.Err = kafka.Needs(e.Err, kafka.GroupResource, group, "Read")
	return e
}

func (p *Producer) commitOffsets(g Group, offsets map[record.TopicPartition]Offset) *Error {
	if offsetsOutside() {
		return p.commitOutside(g, offsets)
	}
	req := &sarama.TxnOffsetCommitRequest{
		Version: 3, TransactionalID: p.id, ProducerID: p.pid, ProducerEpoch: p.epoch,
		GroupID: g.ID, GenerationID: g.Generation, MemberID: g.MemberID, GroupInstanceID: g.instance(),
		Topics: make(map[string][]*sarama.PartitionOffsetMetadata),
	}
	for tp, o := range offsets {
		req.Topics[tp.Topic] = append(req.Topics[tp.Topic], &sarama.PartitionOffsetMetadata{
			Partition: tp.Partition, Offset: o.At, LeaderEpoch: -1, Metadata: &o.Metadata,
		})
	}
	e := p.ask(p.groupCoordinator("send offsets", g.ID), func(b *sarama.Broker) (sarama.KError, error) {
		res, err := b.TxnOffsetCommit(req)
		if err != nil {
			return 0, err
		}
		return offsetsCode(len(offsets), res)
	})
	if e != nil {
		e.Err = kafka.Needs(e.Err, kafka.TopicResource, strings.Join(slices.Sorted(maps.Keys(req.Topics)), ", "), "Read")
		e.Err = kafka.Needs(e.Err, kafka.TransactionalIDResource, p.id, "Write")
	}
	return e
}

func (g Group) instance() *string {
	if g.InstanceID == "" {
		return nil
	}
	return &g.InstanceID
}

// offsetsCode finds the code that demands most.
func offsetsCode(want int, res *sarama.TxnOffsetCommitResponse) (sarama.KError, error) {
	answered := 0
	worst := sarama.ErrNoError
	for _, errs := range res.Topics {
		answered += len(errs)
		for _, e := range errs {
			if e.Err != sarama.ErrNoError && (worst == sarama.ErrNoError || worse(stageGroup, e.Err, worst)) {
				worst = e.Err
			}
		}
	}
	if worst == sarama.ErrNoError && answered < want {
		return 0, sarama.ErrIncompleteResponse
	}
	return worst, nil
}

// commitOutside is the mutation that offsetsOutside selects.
func (p *Producer) commitOutside(g Group, offsets map[record.TopicPartition]Offset) *Error {
	req := &sarama.OffsetCommitRequest{
		Version: 7, ConsumerGroup: g.ID, ConsumerGroupGeneration: g.Generation, ConsumerID: g.MemberID, GroupInstanceId: g.instance(),
	}
	for tp, o := range offsets {
		req.AddBlock(tp.Topic, tp.Partition, o.At, 0, o.Metadata)
	}
	return p.ask(p.groupCoordinator("send offsets", g.ID), func(b *sarama.Broker) (sarama.KError, error) {
		res, err := b.CommitOffset(req)
		if err != nil {
			return 0, err
		}
		for _, errs := range res.Errors {
			for _, code := range errs {
				if code != sarama.ErrNoError {
					return code, nil
				}
			}
		}
		return sarama.ErrNoError, nil
	})
}
