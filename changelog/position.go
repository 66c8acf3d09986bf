package changelog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// position returns the offset from which a changelog has to be read: behind the
// local state, or the log's start when local state can't be continued.
func (r *Restorer) position(ctx context.Context, p Partition, start, end int64) (int64, error) {
	next, ok := p.Store.Offset()
	if !ok {
		return start, nil
	}
	reason := ""
	switch {
	case p.Take != nil && next == end:
		return next, nil // also where the topic has lost what's before
	case p.Take != nil && next > end:
		reason = fmt.Sprintf("the local state is at offset %d of its source topic, but the group has committed %d", next, end)
	case next < start:
		reason = fmt.Sprintf("the local state ends at offset %d, but the changelog begins at %d", next, start)
	case next > end:
		reason = fmt.Sprintf("the local state is at offset %d, but the changelog ends at %d: the topic was made anew", next, end)
	default:
		limit, err := r.tombstoneRetention(ctx, p.Topic)
		if err != nil {
			return 0, err
		}
		if age := time.Since(p.Store.AppliedAt()); next < end && limit >= 0 && age > limit {
			reason = fmt.Sprintf("the local state is %s old and the changelog keeps tombstones for %s: deletes may be missing",
				age.Round(time.Second), limit)
		}
	}
	if reason == "" {
		return next, nil
	}
	return start, r.rebuild(p, reason)
}

// rebuild drops local state which is to be restored from the beginning.
func (r *Restorer) rebuild(p Partition, reason string) error {
	if r.cfg.Rebuild != nil {
		r.cfg.Rebuild(p, reason)
	}
	if err := p.Store.Wipe(); err != nil {
		return fmt.Errorf("dropping the state of store %q, partition %d: %w", p.Store.Name(), p.Store.Partition(), err)
	}
	return nil
}

// tombstoneRetention returns how long the topic keeps tombstones, negative for
// a topic that isn't compacted and so loses none.
func (r *Restorer) tombstoneRetention(ctx context.Context, topic string) (time.Duration, error) {
	if ms, ok := r.retention[topic]; ok {
		return time.Duration(ms) * time.Millisecond, nil
	}
	configs, err := r.cfg.Client.TopicConfigs(ctx, []string{topic}, "cleanup.policy", "delete.retention.ms")
	if err != nil {
		return 0, fmt.Errorf("configs of changelog %s: %w", topic, err)
	}
	c := configs[topic]
	ms := int64(-1)
	if strings.Contains(c["cleanup.policy"], "compact") {
		if ms, err = strconv.ParseInt(c["delete.retention.ms"], 10, 64); err != nil {
			return 0, fmt.Errorf("changelog %s: delete.retention.ms: %w", topic, err)
		}
	}
	r.retention[topic] = ms
	return time.Duration(ms) * time.Millisecond, nil
}
