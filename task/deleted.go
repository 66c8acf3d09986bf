package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/kafka"
	"go.uber.org/zap"
)

// lookupTimeout bounds the search for deleted topics, which holds up the worker.
const lookupTimeout = 5 * time.Second

// deleted looks for topics that were deleted, after an error that they may have
// caused. To a producer and to a restorer a deleted topic looks like one that the
// broker doesn't know yet, so that their requests time out; trying again would
// never end. It returns nil where the brokers can't tell.
func (w *Worker) deleted(ctx context.Context, cause error) error {
	if !errors.Is(cause, eosv2.ErrDeliveryTimeout) && !errors.Is(cause, kafka.ErrPatience) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	topics := w.topics()
	counts, err := w.group.Partitions(ctx, topics...)
	if err != nil {
		w.log.Warn("whether topics were deleted is unknown", zap.Error(err))
		return nil
	}
	gone := slices.DeleteFunc(topics, func(topic string) bool { return counts[topic] > 0 })
	if len(gone) == 0 {
		return nil
	}
	return fmt.Errorf("topics don't exist any more: %s: they were deleted while the application ran; create those of the user again (internal topics are created at the start), and reset the application if their records were still needed: %w",
		strings.Join(gone, ", "), cause)
}

// topics returns everything that is read or written.
func (w *Worker) topics() []string {
	topics := UserTopics(w.Layout.plan)
	if w.Discovery != nil { // those of patterns may go
		topics = UserTopics(w.Discovery.Plan)
	}
	for _, t := range w.Layout.InternalTopics(0) {
		topics = append(topics, t.Name)
	}
	if w.DeadLetterTopic != "" {
		topics = append(topics, w.DeadLetterTopic)
	}
	return topics
}
