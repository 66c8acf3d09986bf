package kafka

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// Partitions returns the number of partitions of each topic. A topic that
// doesn't exist is absent from the map; right after its creation a broker may
// not know it yet. No topic is created by asking.
func (c *Client) Partitions(ctx context.Context, topics ...string) (map[string]int32, error) {
	found, err := c.describe(ctx, topics)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int32, len(found))
	for name, t := range found {
		counts[name] = int32(len(t.Partitions))
	}
	return counts, nil
}

// AllPartitions returns the number of partitions of every topic that may be
// described, but for those that Kafka keeps for itself.
func (c *Client) AllPartitions(ctx context.Context) (map[string]int32, error) {
	return c.PartitionsWithPrefix(ctx, "")
}

// describe returns the metadata of those topics that exist.
func (c *Client) describe(ctx context.Context, topics []string) (map[string]*sarama.TopicMetadata, error) {
	if len(topics) == 0 {
		return nil, nil
	}
	var found map[string]*sarama.TopicMetadata
	err := retry(ctx, func(ctx context.Context) error {
		return c.onAny(ctx, func(b *sarama.Broker) error {
			resp, err := b.GetMetadata(sarama.NewMetadataRequest(c.conf.Version, topics))
			if err != nil {
				return err
			}
			found, err = existing(resp)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: metadata of topics %v: %w", topics, err)
	}
	return found, nil
}

func existing(resp *sarama.MetadataResponse) (map[string]*sarama.TopicMetadata, error) {
	found := make(map[string]*sarama.TopicMetadata, len(resp.Topics))
	for _, t := range resp.Topics {
		switch t.Err {
		case sarama.ErrNoError, sarama.ErrLeaderNotAvailable:
			found[t.Name] = t
		case sarama.ErrUnknownTopicOrPartition:
		default:
			return nil, fmt.Errorf("topic %s: %w", t.Name, Needs(t.Err, TopicResource, t.Name, "Describe"))
		}
	}
	return found, nil
}

// byLeader calls f for each broker that leads some of the partitions. After an
// error that says that leaders may have moved, it refreshes the metadata before
// it returns the error, so that a repetition goes to the right brokers.
func (c *Client) byLeader(ctx context.Context, tps []record.TopicPartition, f func(*sarama.Broker, []record.TopicPartition) error) error {
	leaders := make(map[*sarama.Broker][]record.TopicPartition)
	for _, tp := range tps {
		b, err := c.sc.Leader(tp.Topic, tp.Partition)
		if err != nil {
			return c.afterLeaderError(ctx, tps, fmt.Errorf("leader of %s: %w", tp, Needs(err, TopicResource, tp.Topic, "Describe")))
		}
		leaders[b] = append(leaders[b], tp)
	}
	for b, led := range leaders {
		if err := c.call(ctx, b, func() error { return f(b, led) }); err != nil {
			return c.afterLeaderError(ctx, led, err)
		}
	}
	return nil
}

func (c *Client) afterLeaderError(ctx context.Context, tps []record.TopicPartition, err error) error {
	if Classify(err) != Refresh || ctx.Err() != nil {
		return err
	}
	if rerr := c.refresh(topicsOf(tps)...); rerr != nil {
		return fmt.Errorf("%w (refreshing metadata: %w)", err, rerr)
	}
	return err
}

// topicsOf returns the topics of partitions, each once, in order.
func topicsOf(tps []record.TopicPartition) []string {
	topics := make([]string, 0, len(tps))
	for _, tp := range tps {
		topics = append(topics, tp.Topic)
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}
