package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/oncestream/oncestream/internal/fault"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"go.uber.org/zap"
)

// DiscoveryConfig is what a Discovery needs.
type DiscoveryConfig struct {
	// ApplicationID is the prefix of internal topics.
	ApplicationID string
	// Plan is the topology, with its patterns.
	Plan *plan.Plan
	// Admin asks for topics and creates internal ones.
	Admin *kafka.Client
	// Replication of internal topics that have to be created.
	Replication int16
	// Interval is the time between two looks at the topics.
	Interval time.Duration
	// Logger is never nil.
	Logger *zap.Logger
}

// Discovery follows which topics there are for a plan, and which partitions they have.
// All workers of a process share it. Section 4 of docs/design.md says how a group comes
// to one layout.
type Discovery struct {
	DiscoveryConfig
	layout atomic.Pointer[Layout]
}

// NewDiscovery makes a Discovery, which has no layout before the first Refresh.
func NewDiscovery(cfg DiscoveryConfig) *Discovery { return &Discovery{DiscoveryConfig: cfg} }

// Layout returns the newest layout. It's the same one until the topics change.
func (d *Discovery) Layout() *Layout { return d.layout.Load() }

// Refresh looks at the topics, and returns the layout that follows from them. Its
// internal topics exist.
func (d *Discovery) Refresh(ctx context.Context) (*Layout, error) {
	layout, err := d.look(ctx)
	if _, ok := errors.AsType[*kafka.PartitionCountError](err); ok {
		// Another process may have created a repartition topic in between, of which this
		// one takes the partition count then.
		layout, err = d.look(ctx)
	}
	return layout, err
}

func (d *Discovery) look(ctx context.Context) (*Layout, error) {
	counts, err := d.counts(ctx)
	if err != nil {
		return nil, err
	}
	last := d.Layout()
	if last != nil {
		d.steady(last, counts)
	}
	layout, err := NewLayout(d.ApplicationID, d.Plan, counts)
	if err != nil {
		return nil, err
	}
	if last != nil && last.same(layout) {
		return last, nil
	}
	if err := d.Admin.EnsureTopics(ctx, layout.InternalTopics(d.Replication)); err != nil {
		return nil, fmt.Errorf("internal topics: %w", err)
	}
	if last != nil {
		d.log(last.inputPartitions(), layout.inputPartitions())
	}
	d.layout.Store(layout)
	fault.Point("pattern.discovered")
	return layout, nil
}

// counts returns the partition counts that a layout follows from.
func (d *Discovery) counts(ctx context.Context) (map[string]int32, error) {
	if NeedsAllTopics(d.Plan) {
		return d.Admin.AllPartitions(ctx)
	}
	return d.Admin.Partitions(ctx, LayoutTopics(d.ApplicationID, d.Plan)...)
}

// steady leaves those counts as they were that can't be followed. What's deleted is
// left to the tasks that read it; it may come again.
func (d *Discovery) steady(last *Layout, counts map[string]int32) {
	for _, topic := range UserTopics(d.Plan) {
		if was := last.counts[topic]; counts[topic] < was || !d.Plan.Grows(topic) {
			counts[topic] = was
		}
	}
	for real, name := range internalNames(d.ApplicationID, d.Plan) {
		if n := last.counts[name]; name != "" && counts[real] == 0 && n > 0 {
			counts[real] = n
		}
	}
}

// follows returns whether partitions of a topic are read some time after they were
// added, or there's an error.
func (d *Discovery) follows(topic string) bool {
	byName := slices.Contains(UserTopics(d.Plan), topic) || d.Layout().repartition[topic]
	return !byName || d.Plan.Grows(topic)
}

// log tells what has come and gone.
func (d *Discovery) log(before, now []record.TopicPartition) {
	without := func(all, other []record.TopicPartition) []record.TopicPartition {
		return slices.DeleteFunc(slices.Clone(all), func(tp record.TopicPartition) bool { return slices.Contains(other, tp) })
	}
	d.Logger.Info("the partitions to read have changed", zap.Stringers("new", without(now, before)), zap.Stringers("gone", without(before, now)))
}

// fatal returns whether the topology can't read the topics that there are. Without
// patterns it goes on with those it has.
func (d *Discovery) fatal(err error) bool {
	return kafka.Classify(err) == kafka.Fatal && NeedsAllTopics(d.Plan)
}

// Run looks at the topics at intervals until the context ends. It returns an error
// where the topology can't read the topics that there are.
func (d *Discovery) Run(ctx context.Context) error {
	ticker := time.NewTicker(d.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		_, err := d.Refresh(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case d.fatal(err):
			return fmt.Errorf("topics that patterns match: %w", err)
		default:
			d.Logger.Warn("whether topics or partitions have come is unknown at the moment", zap.Error(err))
		}
	}
}
