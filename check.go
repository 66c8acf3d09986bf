package oncestream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/task"
	"go.uber.org/zap"
)

// recheckAfter is how long a broker may take to learn of a topic that another
// process has just created.
const recheckAfter = time.Second

// check compares the topology with what the group and its topics hold, before
// anything is created. It refuses what would lose state silently, and logs what is
// left over from an earlier topology.
func (a *App) check(ctx context.Context, admin *kafka.Client, layout *task.Layout) error {
	a.logDifferences()
	findings, refused, err := a.compare(ctx, admin, layout)
	if err == nil && refused != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(recheckAfter):
		}
		findings, refused, err = a.compare(ctx, admin, layout)
	}
	if err != nil {
		return fmt.Errorf("comparing the topology with the group and its topics: %w", err)
	}
	for _, f := range findings {
		a.log.Warn("topology and cluster differ", zap.String("topic", f.Topic), zap.String("problem", f.Problem))
	}
	return refused
}

// compare takes an inventory and checks it.
func (a *App) compare(ctx context.Context, admin *kafka.Client, layout *task.Layout) (findings []task.Finding, refused, err error) {
	var inv task.Inventory
	if inv.Committed, err = admin.GroupOffsets(ctx, a.cfg.ApplicationID); err != nil {
		return nil, nil, err
	}
	if inv.Topics, err = admin.PartitionsWithPrefix(ctx, a.cfg.ApplicationID+"-"); err != nil {
		return nil, nil, err
	}
	var known []string
	for _, t := range layout.InternalTopics(a.cfg.ReplicationFactor) {
		if inv.Topics[t.Name] > 0 {
			known = append(known, t.Name)
		}
	}
	slices.Sort(known)
	if inv.Configs, err = admin.TopicConfigs(ctx, known, task.PolicyConfigs()...); err != nil {
		return nil, nil, err
	}
	findings, refused = layout.Check(inv, a.cfg.StartEmpty)
	return findings, refused, nil
}
