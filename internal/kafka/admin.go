package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// deleteTimeout is how long the replicas may take to move their log start.
const deleteTimeout = 10 * time.Second

// DeleteRecords moves the log start of each partition up to an offset, so that
// the records in front of it may be deleted.
func (c *Client) DeleteRecords(ctx context.Context, upTo map[record.TopicPartition]int64) error {
	done := make(map[record.TopicPartition]bool, len(upTo))
	tps := slices.Collect(maps.Keys(upTo))
	err := retry(ctx, func(ctx context.Context) error {
		return c.byLeader(ctx, missing(tps, done), func(b *sarama.Broker, led []record.TopicPartition) error {
			return deleteRecords(b, led, upTo, done)
		})
	})
	if err != nil {
		return fmt.Errorf("kafka: delete records: %w", err)
	}
	return nil
}

func deleteRecords(b *sarama.Broker, led []record.TopicPartition, upTo map[record.TopicPartition]int64, done map[record.TopicPartition]bool) error {
	req := &sarama.DeleteRecordsRequest{Version: 1, Topics: make(map[string]*sarama.DeleteRecordsRequestTopic), Timeout: deleteTimeout}
	for _, tp := range led {
		t := req.Topics[tp.Topic]
		if t == nil {
			t = &sarama.DeleteRecordsRequestTopic{PartitionOffsets: make(map[int32]int64)}
			req.Topics[tp.Topic] = t
		}
		t.PartitionOffsets[tp.Partition] = upTo[tp]
	}
	resp, err := b.DeleteRecords(req)
	if err != nil {
		return err
	}
	for _, tp := range led {
		t := resp.Topics[tp.Topic]
		if t == nil || t.Partitions[tp.Partition] == nil {
			return fmt.Errorf("%s: %w", tp, sarama.ErrIncompleteResponse)
		}
		if code := t.Partitions[tp.Partition].Err; code != sarama.ErrNoError {
			return fmt.Errorf("%s: up to offset %d: %w", tp, upTo[tp], Needs(code, TopicResource, tp.Topic, "Delete"))
		}
		done[tp] = true
	}
	return nil
}

// TopicConfigs returns the values of some configs of topics, by topic and key.
func (c *Client) TopicConfigs(ctx context.Context, topics []string, keys ...string) (map[string]map[string]string, error) {
	if len(topics) == 0 {
		return map[string]map[string]string{}, nil
	}
	var found map[string]map[string]string
	err := retry(ctx, func(ctx context.Context) error {
		return c.onAny(ctx, func(b *sarama.Broker) (err error) {
			found, err = describeConfigs(b, topics, keys)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: configs of topics %v: %w", topics, err)
	}
	return found, nil
}

func describeConfigs(b *sarama.Broker, topics, keys []string) (map[string]map[string]string, error) {
	req := &sarama.DescribeConfigsRequest{Version: 4}
	for _, t := range topics {
		req.Resources = append(req.Resources, &sarama.ConfigResource{Type: sarama.TopicResource, Name: t, ConfigNames: keys})
	}
	resp, err := b.DescribeConfigs(req)
	if err != nil {
		return nil, err
	}
	found := make(map[string]map[string]string, len(topics))
	for _, r := range resp.Resources {
		if r.ErrorCode != 0 {
			return nil, fmt.Errorf("topic %s: %w (%s)", r.Name, Needs(sarama.KError(r.ErrorCode), TopicResource, r.Name, "DescribeConfigs"), r.ErrorMsg)
		}
		found[r.Name] = make(map[string]string, len(r.Configs))
		for _, e := range r.Configs {
			found[r.Name][e.Name] = e.Value
		}
	}
	for _, t := range topics {
		if found[t] == nil {
			return nil, fmt.Errorf("topic %s: %w", t, sarama.ErrIncompleteResponse)
		}
	}
	return found, nil
}
