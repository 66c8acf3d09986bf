package task

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/oncestream/oncestream/internal/fault"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"go.uber.org/zap"
)

// follower is what a member does about topics that come and go: it subscribes to
// those there are, and as the leader it assigns these and no others. It's used on the
// member's goroutine.
type follower struct {
	*Discovery
	// joined is the layout of the last subscription.
	joined *Layout
}

// subscription returns the topics to subscribe to. If the brokers can't tell, the
// last view is good enough.
func (f *follower) subscription(ctx context.Context) ([]string, error) {
	layout, err := f.Refresh(ctx)
	if err != nil {
		if f.fatal(err) {
			return nil, err
		}
		f.Logger.Debug("joining with the topics that were known", zap.Error(err))
		layout = f.Layout()
	}
	f.joined = layout
	fault.Point("pattern.joining")
	return layout.Sources(), nil
}

// Balance implements kafka.Balancer.
func (f *follower) Balance(members []kafka.MemberInfo, counts map[string]int32) (map[string][]record.TopicPartition, error) {
	return balancer{f.joined}.Balance(members, counts)
}

// unit keeps the partitions of a task together.
func (f *follower) unit(tp record.TopicPartition) string { return f.joined.taskOf[tp].String() }

// leaderData is what the leader tells with an assignment. Unknown fields are ignored,
// so that later versions can add some.
type leaderData struct {
	Version int `json:"version"`
	// Partitions are the counts of all topics that the leader's layout is made of.
	Partitions map[string]int32 `json:"partitions"`
}

func (f *follower) data() ([]byte, error) {
	fault.Point("pattern.balanced")
	return json.Marshal(leaderData{Version: 1, Partitions: f.joined.given()})
}

// given returns the partition counts that the layout follows from, by real names.
// They give the same layout again.
func (l *Layout) given() map[string]int32 {
	given := map[string]int32{}
	for _, topic := range UserTopics(l.plan) {
		given[topic] = l.counts[topic]
	}
	for name, internal := range l.internal {
		if internal {
			given[l.Topic(name)] = l.counts[name]
		}
	}
	return given
}

// same returns whether two layouts of a plan follow from the same topics.
func (l *Layout) same(other *Layout) bool { return maps.Equal(l.given(), other.given()) }

// layoutOf returns the layout of an assignment: that of the leader.
func (w *Worker) layoutOf(e kafka.Event) (*Layout, error) {
	if w.Discovery == nil {
		return w.Layout, nil
	}
	var told leaderData
	if err := json.Unmarshal(e.Data, &told); err != nil {
		return nil, fmt.Errorf("topics of the assignment: %w (all members of the group must run the same topology)", err)
	}
	layout, err := NewLayout(w.ApplicationID, w.Discovery.Plan, told.Partitions)
	if err != nil {
		return nil, fmt.Errorf("topics of the assignment: %w", err)
	}
	if w.Layout.same(layout) {
		return w.Layout, nil
	}
	return layout, nil
}

// follow joins the group again where the topics have changed, once for each change:
// the leader may have another view, and will come to this one by itself.
func (w *Worker) follow(ctx context.Context) error {
	if w.Discovery == nil || !w.joined || w.held || w.member.Rebalancing() {
		return nil
	}
	newest := w.Discovery.Layout()
	if newest == w.followed {
		return nil
	}
	w.followed = newest
	if newest.same(w.Layout) {
		return nil
	}
	return w.rejoin(ctx)
}

// inputsChange returns whether a task that this worker has is another one with the
// layout.
func (w *Worker) inputsChange(id plan.TaskID, layout *Layout) bool {
	return layout != w.Layout && !slices.Equal(w.Layout.partitions(id), layout.partitions(id))
}
