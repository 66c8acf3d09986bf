package kafka

import (
	"context"
	"fmt"
	"strings"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// GroupOffsets returns all committed positions of a group, of every topic that
// may be described. It doesn't wait for open transactions: what they hold isn't
// committed yet.
func (c *Client) GroupOffsets(ctx context.Context, group string) (map[record.TopicPartition]Offset, error) {
	var found map[record.TopicPartition]Offset
	err := retry(ctx, func(ctx context.Context) error {
		return c.coordinated(ctx, group, func(b *sarama.Broker) (err error) {
			found, err = fetchAllOffsets(b, c.conf.Version, group)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: committed offsets of group %s: %w", group, err)
	}
	return found, nil
}

func fetchAllOffsets(b *sarama.Broker, v sarama.KafkaVersion, group string) (map[record.TopicPartition]Offset, error) {
	// No list of partitions, as opposed to an empty one, stands for all of them.
	resp, err := b.FetchOffset(sarama.NewOffsetFetchRequest(v, group, nil))
	if err != nil {
		return nil, err
	}
	found := map[record.TopicPartition]Offset{}
	switch code := resp.GroupError(); code {
	case sarama.ErrNoError:
	case sarama.ErrGroupIDNotFound:
		return found, nil
	default:
		return nil, Needs(code, GroupResource, group, "Read")
	}
	for topic, partitions := range blocks(resp) {
		for n, block := range partitions {
			if block.Err != sarama.ErrNoError {
				return nil, fmt.Errorf("%s-%d: %w", topic, n, Needs(block.Err, TopicResource, topic, "Describe"))
			}
			if block.Offset >= 0 {
				found[record.TopicPartition{Topic: topic, Partition: n}] = Offset{At: block.Offset, Metadata: block.Metadata, Ok: true}
			}
		}
	}
	return found, nil
}

// blocks returns the answer for the one group, in any version.
func blocks(resp *sarama.OffsetFetchResponse) map[string]map[int32]*sarama.OffsetFetchResponseBlock {
	if len(resp.Groups) > 0 {
		return resp.Groups[0].Blocks
	}
	return resp.Blocks
}

// PartitionsWithPrefix returns the number of partitions of every topic whose name
// begins with the prefix and that may be described, but for those that Kafka keeps for
// itself.
func (c *Client) PartitionsWithPrefix(ctx context.Context, prefix string) (map[string]int32, error) {
	counts := map[string]int32{}
	err := retry(ctx, func(ctx context.Context) error {
		return c.onAny(ctx, func(b *sarama.Broker) error {
			resp, err := b.GetMetadata(sarama.NewMetadataRequest(c.conf.Version, nil))
			if err != nil {
				return err
			}
			clear(counts)
			for _, t := range resp.Topics {
				if strings.HasPrefix(t.Name, prefix) && !t.IsInternal && len(t.Partitions) > 0 {
					counts[t.Name] = int32(len(t.Partitions))
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: list of topics: %w", err)
	}
	return counts, nil
}
