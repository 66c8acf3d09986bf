package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// createTimeout is how long the controller may take to create topics.
const createTimeout = 30 * time.Second

// errNotVisible is repeated until every broker asked knows a new topic.
var errNotVisible = errors.New("topic isn't visible in the metadata yet")

// Topic describes a topic that must exist.
type Topic struct {
	Name       string
	Partitions int32
	// Replication is the number of replicas; 0 and -1 leave it to the broker's
	// default.
	Replication int16
	// Configs are set when the topic is created. An existing topic keeps its own.
	Configs map[string]string
}

// PartitionCountError means that a topic exists with another number of
// partitions than the application needs.
type PartitionCountError struct {
	Topic     string
	Has, Want int32
}

// Error names the topic, both counts and the remedy.
func (e *PartitionCountError) Error() string {
	return fmt.Sprintf("kafka: topic %s has %d partitions, but the application needs %d: "+
		"reset the application (delete its internal topics and committed offsets), or give it the topic's count",
		e.Topic, e.Has, e.Want)
}

// EnsureTopics creates those topics that are missing and waits until they have
// leaders. Another process may create them at the same time. A topic that exists
// with a wrong number of partitions is refused with a *PartitionCountError.
func (c *Client) EnsureTopics(ctx context.Context, topics []Topic) error {
	names := make([]string, 0, len(topics))
	for _, t := range topics {
		names = append(names, t.Name)
	}
	found, err := c.describe(ctx, names)
	if err != nil {
		return err
	}
	absent := slices.DeleteFunc(slices.Clone(topics), func(t Topic) bool { return found[t.Name] != nil })
	if err := c.createTopics(ctx, absent); err != nil {
		return fmt.Errorf("kafka: create topics: %w", err)
	}
	return c.awaitTopics(ctx, names, topics)
}

func (c *Client) awaitTopics(ctx context.Context, names []string, topics []Topic) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrPatience)
	defer cancel()
	for n := 0; ; n++ {
		found, err := c.describe(ctx, names)
		if err != nil {
			return err
		}
		err = check(topics, found)
		if !errors.Is(err, errNotVisible) {
			return err
		}
		if cause := pause(ctx, backoff(n)); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
}

// check compares the topics with what the cluster has.
func check(topics []Topic, found map[string]*sarama.TopicMetadata) error {
	var wrong []error
	for _, want := range topics {
		has := found[want.Name]
		if has == nil || len(has.Partitions) == 0 {
			return fmt.Errorf("kafka: %s: %w", want.Name, errNotVisible)
		}
		if n := int32(len(has.Partitions)); n != want.Partitions {
			wrong = append(wrong, &PartitionCountError{Topic: want.Name, Has: n, Want: want.Partitions})
		}
		for _, p := range has.Partitions {
			if p.Err != sarama.ErrNoError && p.Err != sarama.ErrReplicaNotAvailable {
				return fmt.Errorf("kafka: %s-%d: %w: %w", want.Name, p.ID, errNotVisible, p.Err)
			}
		}
	}
	return errors.Join(wrong...)
}

// createTopics asks the controller until every topic was created or existed.
func (c *Client) createTopics(ctx context.Context, topics []Topic) error {
	left := make(map[string]*sarama.TopicDetail, len(topics))
	for _, t := range topics {
		left[t.Name] = detail(t)
	}
	if len(left) == 0 {
		return nil
	}
	return retry(ctx, func(ctx context.Context) error {
		b, err := c.controller()
		if err != nil {
			return err
		}
		req := sarama.NewCreateTopicsRequest(c.conf.Version, left, createTimeout, false)
		var resp *sarama.CreateTopicsResponse
		err = c.call(ctx, b, func() (err error) {
			resp, err = b.CreateTopics(req)
			return err
		})
		if err != nil {
			return err
		}
		return created(left, resp)
	})
}

// created removes from left what was created, and returns the first error.
func created(left map[string]*sarama.TopicDetail, resp *sarama.CreateTopicsResponse) error {
	var failed error
	for _, name := range slices.Sorted(maps.Keys(left)) {
		e := resp.TopicErrors[name]
		switch {
		case e == nil:
			failed = errors.Join(failed, fmt.Errorf("topic %s: %w", name, sarama.ErrIncompleteResponse))
		case e.Err == sarama.ErrNoError, e.Err == sarama.ErrTopicAlreadyExists:
			delete(left, name)
		case e.ErrMsg != nil:
			failed = errors.Join(failed, fmt.Errorf("topic %s: %w (%s)", name, Needs(e.Err, TopicResource, name, "Create"), *e.ErrMsg))
		default:
			failed = errors.Join(failed, fmt.Errorf("topic %s: %w", name, Needs(e.Err, TopicResource, name, "Create")))
		}
	}
	return failed
}

func detail(t Topic) *sarama.TopicDetail {
	d := &sarama.TopicDetail{NumPartitions: t.Partitions, ReplicationFactor: t.Replication}
	if d.ReplicationFactor == 0 {
		d.ReplicationFactor = -1
	}
	d.ConfigEntries = make(map[string]*string, len(t.Configs))
	for k, v := range t.Configs {
		d.ConfigEntries[k] = &v
	}
	return d
}

// controller returns the broker that creates topics. It's looked up each time:
// it may have moved, and topics are created rarely.
func (c *Client) controller() (*sarama.Broker, error) {
	if err := c.refresh(anyTopic); err != nil {
		return nil, err
	}
	return c.sc.Controller()
}
