package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// Offset is a committed position: the offset of the next record to process.
type Offset struct {
	At int64
	// Metadata is what was committed with it, see EncodeOffsetMetadata.
	Metadata string
	// Ok is false where nothing was committed.
	Ok bool
}

// GroupMeta names one member of a group in one generation. Offsets that are
// committed with it are refused once the member has been replaced (KIP-447).
type GroupMeta struct {
	Group    string
	MemberID string
	// InstanceID is the static member's id, empty for a dynamic member (KIP-345).
	InstanceID string
	// Generation is -1 outside of a generation.
	Generation int32
}

// instance returns the instance id as the protocol writes it.
func (m GroupMeta) instance() *string {
	if m.InstanceID == "" {
		return nil
	}
	return &m.InstanceID
}

// CommittedOffsets returns the committed positions of a group. Where a
// transaction that holds offsets of these partitions isn't decided yet, it waits
// for it (KIP-447): that's how the commit of a predecessor is never missed.
func (c *Client) CommittedOffsets(ctx context.Context, group string, tps []record.TopicPartition) (map[record.TopicPartition]Offset, error) {
	if len(tps) == 0 {
		return map[record.TopicPartition]Offset{}, nil
	}
	var found map[record.TopicPartition]Offset
	err := retry(ctx, func(ctx context.Context) error {
		return c.coordinated(ctx, group, func(b *sarama.Broker) (err error) {
			found, err = fetchOffsets(b, c.conf.Version, group, tps)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: committed offsets of group %s: %w", group, err)
	}
	return found, nil
}

func fetchOffsets(b *sarama.Broker, v sarama.KafkaVersion, group string, tps []record.TopicPartition) (map[record.TopicPartition]Offset, error) {
	req := sarama.NewOffsetFetchRequest(v, group, byTopic(tps))
	req.RequireStable = true
	resp, err := b.FetchOffset(req)
	if err != nil {
		return nil, err
	}
	found := make(map[record.TopicPartition]Offset, len(tps))
	switch code := resp.GroupError(); code {
	case sarama.ErrNoError:
	case sarama.ErrGroupIDNotFound:
		for _, tp := range tps {
			found[tp] = Offset{At: -1}
		}
		return found, nil
	default:
		return nil, Needs(code, GroupResource, group, "Describe")
	}
	for _, tp := range tps {
		block := resp.GetBlock(tp.Topic, tp.Partition)
		if block == nil {
			return nil, fmt.Errorf("%s: %w", tp, sarama.ErrIncompleteResponse)
		}
		if block.Err != sarama.ErrNoError {
			return nil, fmt.Errorf("%s: %w", tp, Needs(block.Err, TopicResource, tp.Topic, "Describe"))
		}
		found[tp] = Offset{At: block.Offset, Metadata: block.Metadata, Ok: block.Offset >= 0}
	}
	return found, nil
}

// CommitOffsets commits positions outside of a transaction, for at_least_once.
// An error of the class Rejoin means that the member has lost its partitions or
// has to join again first.
func (c *Client) CommitOffsets(ctx context.Context, meta GroupMeta, offsets map[record.TopicPartition]Offset) error {
	if len(offsets) == 0 {
		return nil
	}
	err := retry(ctx, func(ctx context.Context) error {
		return c.coordinated(ctx, meta.Group, func(b *sarama.Broker) error {
			return commitOffsets(b, c.conf, meta, offsets)
		})
	})
	if err != nil {
		return fmt.Errorf("kafka: commit offsets of group %s: %w", meta.Group, err)
	}
	return nil
}

func commitOffsets(b *sarama.Broker, conf *sarama.Config, meta GroupMeta, offsets map[record.TopicPartition]Offset) error {
	req := sarama.NewOffsetCommitRequest(conf, meta.Group)
	req.ConsumerID = meta.MemberID
	req.ConsumerGroupGeneration = meta.Generation
	req.GroupInstanceId = meta.instance()
	for tp, o := range offsets {
		req.AddBlockWithLeaderEpoch(tp.Topic, tp.Partition, o.At, -1, 0, o.Metadata)
	}
	resp, err := b.CommitOffset(req)
	if err != nil {
		return err
	}
	for tp := range offsets {
		code, ok := resp.Errors[tp.Topic][tp.Partition]
		if !ok {
			return fmt.Errorf("%s: %w", tp, sarama.ErrIncompleteResponse)
		}
		if code != sarama.ErrNoError {
			err := Needs(code, TopicResource, tp.Topic, "Read")
			return fmt.Errorf("%s: %w", tp, Needs(err, GroupResource, meta.Group, "Read"))
		}
	}
	return nil
}

func byTopic(tps []record.TopicPartition) map[string][]int32 {
	m := make(map[string][]int32)
	for _, tp := range tps {
		m[tp.Topic] = append(m[tp.Topic], tp.Partition)
	}
	return m
}
