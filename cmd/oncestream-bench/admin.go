package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// admin asks the brokers about topics and groups. It's a client of its own,
// of another implementation than the framework's, so that what it sees of the
// framework's work is what any other program would see.
type admin struct {
	*kadm.Client
}

func newAdmin(brokers []string) (*admin, error) {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("oncestream-bench"),
		// The client answers from what it knew this long ago: a topic that was just
		// created must not stay unknown for the default of seconds.
		kgo.MetadataMinAge(pollInterval),
	)
	if err != nil {
		return nil, fmt.Errorf("admin client: %w", err)
	}
	return &admin{kadm.NewClient(cl)}, nil
}

// createOutput creates the output topic with as many partitions as the input
// has, where it doesn't exist. Another process may create it at the same time.
func createOutput(ctx context.Context, adm *admin, input, output string) error {
	topics, err := adm.ListTopics(ctx, input, output)
	if err != nil {
		return fmt.Errorf("list topics %s and %s: %w", input, output, err)
	}
	if err := topics[input].Err; err != nil {
		return fmt.Errorf("input topic %s: %w", input, err)
	}
	switch err := topics[output].Err; {
	case err == nil:
		return nil
	case !errors.Is(err, kerr.UnknownTopicOrPartition):
		return fmt.Errorf("output topic %s: %w", output, err)
	}
	return createTopic(ctx, adm, output, len(topics[input].Partitions))
}

// createTopic creates a topic, unless it's there, and waits until the brokers
// know its leaders: the controller answers before they do.
func createTopic(ctx context.Context, adm *admin, name string, partitions int) error {
	// Replication factor -1 is the brokers' default (KIP-464).
	_, err := adm.CreateTopic(ctx, int32(partitions), -1, nil, name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		topics, err := adm.ListTopics(ctx, name)
		if err != nil {
			return fmt.Errorf("wait for the leaders of topic %s: %w", name, err)
		}
		if led(topics[name]) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// led reports whether all partitions of a topic have leaders.
func led(t kadm.TopicDetail) bool {
	for _, p := range t.Partitions {
		if p.Err != nil || p.Leader < 0 {
			return false
		}
	}
	return t.Err == nil && len(t.Partitions) > 0
}
