package task

import (
	"context"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/fault"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"go.uber.org/zap"
)

// event carries out what the group demands.
func (w *Worker) event(ctx context.Context, e kafka.Event) error {
	switch e.Kind {
	case kafka.RebalanceNeeded:
		return w.rejoin(ctx)
	case kafka.Assigned:
		return w.assigned(ctx, e)
	case kafka.Lost:
		return w.lost(ctx, e.Err)
	case kafka.Failed:
		return fmt.Errorf("group %s: %w", w.ApplicationID, e.Err)
	}
	return fmt.Errorf("group %s: unknown event %d", w.ApplicationID, e.Kind)
}

// rejoin commits, while the generation still holds, and joins the rebalance.
// Tasks keep running.
func (w *Worker) rejoin(ctx context.Context) error {
	if !w.held {
		if err := w.commitOrRecover(ctx); err != nil {
			return err
		}
	}
	w.log.Debug("joining a rebalance")
	w.joinWith(w.owned())
	w.settle()
	return nil
}

// joinWith joins the next generation with the partitions that the worker keeps
// for now.
func (w *Worker) joinWith(owned []record.TopicPartition) {
	if n := w.member.Rejoin(owned); n != 0 {
		w.join = n
	}
}

// owned returns the input partitions of all tasks.
func (w *Worker) owned() []record.TopicPartition {
	var tps []record.TopicPartition
	for _, t := range w.tasks {
		tps = append(tps, t.topics()...)
	}
	for id := range w.starts {
		tps = append(tps, w.Layout.partitions(id)...)
	}
	slices.SortFunc(tps, record.TopicPartition.Compare)
	return tps
}

// assigned takes over a new assignment. What was lost is committed, with the
// new generation, before it's closed; then the group is joined again, so that
// the next owner may have it (KIP-429).
func (w *Worker) assigned(ctx context.Context, e kafka.Event) error {
	if e.Join != w.join {
		// The join under way doesn't claim what this assignment gives, so the leader
		// may give it to somebody else. Its own assignment will come.
		return nil
	}
	layout, err := w.layoutOf(e)
	if err != nil {
		return err
	}
	wanted, err := layout.tasksOf(e.Partitions)
	if err != nil {
		return err
	}
	w.joined = true
	w.Metrics.rebalances.WithLabelValues(w.name()).Inc()
	w.log.Info("assigned", zap.Int32("generation", e.Generation), zap.Stringers("tasks", wanted))
	if w.held {
		w.held = false
		if err := w.commitOrRecover(ctx); err != nil {
			return err
		}
	}
	revoked, err := w.revoke(ctx, wanted, layout)
	if err != nil {
		return err
	}
	if e.Join != w.join {
		// A commit has shown that the producer or the membership was taken over: all
		// tasks were given up, and the join under way claims none.
		return nil
	}
	if w.held && layout != w.Layout {
		// The open transaction is that of the tasks as they are. The next assignment
		// brings the newest layout.
		w.settle()
		return nil
	}
	fault.Point("assignment.revoked")
	w.Layout = layout
	for _, id := range wanted {
		if w.starts[id] == nil && w.task(id) == nil {
			w.begin(id)
		}
	}
	fault.Point("assignment.begun")
	if revoked {
		// This comes last: what the join doesn't claim may be given to somebody else.
		w.joinWith(w.owned())
	}
	w.settle()
	return nil
}

// revoke closes the tasks that aren't wanted any more, and reports whether that
// was any, so that the group has to be joined again. It also closes those that have
// other inputs with the new layout.
func (w *Worker) revoke(ctx context.Context, wanted []plan.TaskID, layout *Layout) (revoked bool, err error) {
	lost := func(id plan.TaskID) bool { return !slices.Contains(wanted, id) }
	gone := func(id plan.TaskID) bool { return lost(id) || w.inputsChange(id, layout) }
	cancel := func() {
		for id := range w.starts {
			if gone(id) {
				w.cancelStart(id)
				revoked = revoked || lost(id)
			}
		}
	}
	cancel()
	if slices.ContainsFunc(w.tasks, func(t *Task) bool { return gone(t.id) }) {
		if err := w.commitOrRecover(ctx); err != nil {
			return false, err
		}
		if w.held {
			// The next rebalance has begun already. Its assignment comes back here, and
			// until then the tasks stay ours.
			return false, nil
		}
		// A commit that failed has sent its tasks back to their start.
		cancel()
		var closing []*Task
		for _, t := range w.tasks {
			if gone(t.id) {
				closing = append(closing, t)
				revoked = revoked || lost(t.id)
			}
		}
		w.closeTasks(closing)
	}
	return revoked, nil
}

// lost gives all tasks up: the membership is over and others may own them
// already. The open transaction is aborted, and the group is joined as a new
// member.
func (w *Worker) lost(ctx context.Context, cause error) error {
	w.log.Warn("all tasks are given up: the membership or the producer was taken over", zap.Error(cause))
	w.Metrics.fences.WithLabelValues(fenceOf(cause)).Inc()
	for id := range w.starts {
		w.cancelStart(id)
	}
	w.closeTasks(slices.Clone(w.tasks))
	w.held, w.joined = false, false
	err := w.initProducer(ctx)
	if classify(err) == eosv2.ClassFenced {
		err = w.initProducer(ctx)
	}
	if err != nil {
		return err
	}
	w.joinWith(nil)
	w.settle()
	return nil
}

// fenceOf says what was lost.
func fenceOf(err error) string {
	if classify(err) == eosv2.ClassFenced {
		return "producer"
	}
	return "membership"
}

func (w *Worker) task(id plan.TaskID) *Task {
	for _, t := range w.tasks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// closeTasks closes running tasks and frees their state for the next owner.
func (w *Worker) closeTasks(ts []*Task) {
	for _, t := range ts {
		tps := t.topics()
		w.fetcher.Remove(tps...)
		for _, tp := range tps {
			delete(w.queues, tp)
			w.Metrics.forget(tp)
		}
		if err := t.Close(); err != nil {
			w.log.Error("a processor failed when its task was closed", zap.Error(err))
		}
		w.Owners.Release(t.id)
		w.tasks = slices.DeleteFunc(w.tasks, func(o *Task) bool { return o == t })
	}
}

// userData is the member's part of its subscription.
func (w *Worker) userData(layout *Layout) ([]byte, error) {
	u := userData{Version: 1, Process: w.DB.ProcessID()}
	local, err := w.DB.Partitions()
	if err != nil {
		return nil, fmt.Errorf("listing local state: %w", err)
	}
	for _, id := range layout.localTasks(local) {
		u.State = append(u.State, id.String())
	}
	return u.encode()
}
