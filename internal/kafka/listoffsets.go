package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// OffsetSpec says which offset ListOffsets looks for: one of the constants, or
// a timestamp in milliseconds since the Unix epoch, which finds the first record
// at or after it.
type OffsetSpec int64

// The special offsets.
const (
	// LogStart is the first offset that hasn't been deleted.
	LogStart OffsetSpec = -2
	// HighWatermark is the offset behind the last replicated record, whether its
	// transaction was decided or not. It's the target of a restore: the markers of
	// a transaction that was committed may still be on their way, and then its
	// records lie beyond the last stable offset.
	HighWatermark OffsetSpec = -1
	// LastStable is the offset up to which all transactions are decided.
	LastStable OffsetSpec = -101
)

// ListOffsets returns an offset for each partition. For a timestamp behind the
// last record it's -1.
func (c *Client) ListOffsets(ctx context.Context, tps []record.TopicPartition, at OffsetSpec) (map[record.TopicPartition]int64, error) {
	found := make(map[record.TopicPartition]int64, len(tps))
	err := retry(ctx, func(ctx context.Context) error {
		return c.byLeader(ctx, missing(tps, found), func(b *sarama.Broker, led []record.TopicPartition) error {
			return listOffsets(b, c.conf.Version, led, at, found)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: list offsets: %w", err)
	}
	return found, nil
}

// missing returns the partitions that have no entry in found.
func missing[V any](tps []record.TopicPartition, found map[record.TopicPartition]V) []record.TopicPartition {
	var left []record.TopicPartition
	for _, tp := range tps {
		if _, ok := found[tp]; !ok {
			left = append(left, tp)
		}
	}
	return left
}

func listOffsets(b *sarama.Broker, v sarama.KafkaVersion, led []record.TopicPartition, at OffsetSpec, found map[record.TopicPartition]int64) error {
	req := sarama.NewOffsetRequest(v)
	timestamp := int64(at)
	if at == LastStable {
		req.IsolationLevel = sarama.ReadCommitted
		timestamp = sarama.OffsetNewest
	}
	for _, tp := range led {
		req.AddBlock(tp.Topic, tp.Partition, timestamp, 1)
	}
	resp, err := b.GetAvailableOffsets(req)
	if err != nil {
		return err
	}
	for _, tp := range led {
		block := resp.GetBlock(tp.Topic, tp.Partition)
		if block == nil {
			return fmt.Errorf("%s: %w", tp, sarama.ErrIncompleteResponse)
		}
		if block.Err != sarama.ErrNoError {
			return fmt.Errorf("%s: %w", tp, Needs(block.Err, TopicResource, tp.Topic, "Describe"))
		}
		found[tp] = block.Offset
	}
	return nil
}
