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
	"go.uber.org/zap"
)

// DiscoveryConfig is what a Discovery needs.
type DiscoveryConfig struct {
	// ApplicationID is the prefix of internal topics.
	ApplicationID string
	// Plan has patterns.
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

// Discovery follows which topics there are for a plan with patterns. All workers of a
// process share it. Section 4 of docs/design.md says how a group comes to one layout.
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
	counts, err := d.Admin.AllPartitions(ctx)
	if err != nil {
		return nil, err
	}
	layout, err := NewLayout(d.ApplicationID, d.Plan, counts)
	if err != nil {
		return nil, err
	}
	last := d.Layout()
	if last != nil && last.same(layout) {
		return last, nil
	}
	if err := d.Admin.EnsureTopics(ctx, layout.InternalTopics(d.Replication)); err != nil {
		return nil, fmt.Errorf("internal topics: %w", err)
	}
	if last != nil {
		d.log(last.Sources(), layout.Sources())
	}
	d.layout.Store(layout)
	fault.Point("pattern.discovered")
	return layout, nil
}

// log tells which topics have come and gone.
func (d *Discovery) log(before, now []string) {
	without := func(all, other []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(t string) bool { return slices.Contains(other, t) })
	}
	d.Logger.Info("topics that patterns match have changed", zap.Strings("new", without(now, before)), zap.Strings("gone", without(before, now)))
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
		case kafka.Classify(err) == kafka.Fatal:
			return fmt.Errorf("topics that patterns match: %w", err)
		default:
			d.Logger.Warn("topics that patterns match are unknown at the moment", zap.Error(err))
		}
	}
}
