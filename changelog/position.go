package changelog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
)

// Local is how far local state has come in the log that it's made of.
type Local struct {
	// Next is the offset to apply next. Without Known there's no state.
	Next  int64
	Known bool
	// AppliedAt is the wall clock of the apply that led there.
	AppliedAt time.Time
}

// Locator finds out where to begin to read the logs that state is made of. It's
// used by one goroutine.
type Locator struct {
	client    *kafka.Client
	retention map[string]int64 // delete.retention.ms by topic
}

// NewLocator returns a locator that asks the client for the configs of topics.
func NewLocator(c *kafka.Client) *Locator {
	return &Locator{client: c, retention: map[string]int64{}}
}

// Position returns the offset from which a log that holds start to end has to be
// read: behind the local state, or the log's start when local state can't be
// continued. Then there's a reason, and local state is to be dropped.
func (l *Locator) Position(ctx context.Context, topic string, local Local, start, end int64) (next int64, reason string, err error) {
	next = local.Next
	switch {
	case !local.Known:
		return start, "", nil
	case next < start:
		return start, fmt.Sprintf("the local state ends at offset %d, but the topic begins at %d", next, start), nil
	case next > end:
		return start, fmt.Sprintf("the local state is at offset %d, but the topic ends at %d: the topic was made anew", next, end), nil
	case next == end:
		return next, "", nil
	}
	limit, err := l.tombstoneRetention(ctx, topic)
	if err != nil {
		return 0, "", err
	}
	if age := time.Since(local.AppliedAt); limit >= 0 && age > limit {
		return start, fmt.Sprintf("the local state is %s old and the topic keeps tombstones for %s: deletes may be missing",
			age.Round(time.Second), limit), nil
	}
	return next, "", nil
}

// tombstoneRetention returns how long the topic keeps tombstones, negative for
// a topic that isn't compacted and so loses none.
func (l *Locator) tombstoneRetention(ctx context.Context, topic string) (time.Duration, error) {
	if ms, ok := l.retention[topic]; ok {
		return time.Duration(ms) * time.Millisecond, nil
	}
	configs, err := l.client.TopicConfigs(ctx, []string{topic}, "cleanup.policy", "delete.retention.ms")
	if err != nil {
		return 0, fmt.Errorf("configs of topic %s: %w", topic, err)
	}
	c := configs[topic]
	ms := int64(-1)
	if strings.Contains(c["cleanup.policy"], "compact") {
		if ms, err = strconv.ParseInt(c["delete.retention.ms"], 10, 64); err != nil {
			return 0, fmt.Errorf("topic %s: delete.retention.ms: %w", topic, err)
		}
	}
	l.retention[topic] = ms
	return time.Duration(ms) * time.Millisecond, nil
}
