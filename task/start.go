package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"go.uber.org/zap"
)

// restartDelay is the pause before a start that failed for a passing reason is
// tried again.
const restartDelay = 200 * time.Millisecond

// start is a task between its assignment and its first record.
type start struct {
	job *changelog.Job
	// parts and acquired belong to the restorer until the job has ended.
	parts    []changelog.Partition
	acquired bool
	retryAt  time.Time // set while a failed start waits to be tried again
}

// begin starts a task: its state is acquired and restored by the restorer.
func (w *Worker) begin(id plan.TaskID) {
	s, layout := &start{}, w.Layout // which may be another one by the time that the restorer asks
	s.job = &changelog.Job{
		Name:   id.String(),
		Inputs: layout.partitions(id),
		Open: func(ctx context.Context) ([]changelog.Partition, error) {
			err := w.openState(ctx, layout, id, s)
			return s.parts, err
		},
		Missing: func(ctx context.Context, missing []record.TopicPartition) (map[record.TopicPartition]int64, error) {
			return w.resetOffsets(ctx, layout, id, missing)
		},
	}
	w.starts[id] = s
	w.restorer.Start(s.job)
}

// openState takes the ownership of a task's state and opens its stores. It runs
// on the restorer's goroutine.
func (w *Worker) openState(ctx context.Context, layout *Layout, id plan.TaskID, s *start) error {
	if err := w.Owners.Acquire(ctx, id); err != nil {
		return err
	}
	s.acquired = true
	for _, spec := range layout.sub(id).Stores {
		st, err := w.DB.Store(spec, id.Partition)
		if err != nil {
			return fmt.Errorf("opening store %q: %w", spec.Name, err)
		}
		part := changelog.Partition{Store: st, Topic: changelog.Topic(w.ApplicationID, spec.Name)}
		if tp, take, ok := layout.Reused(id, spec.Name, w.Decode); ok {
			part.Topic, part.Take = tp.Topic, take
		}
		s.parts = append(s.parts, part)
	}
	return nil
}

// resetOffsets finds where inputs without a committed offset begin, by their
// sources' policies.
func (w *Worker) resetOffsets(ctx context.Context, layout *Layout, id plan.TaskID, missing []record.TopicPartition) (map[record.TopicPartition]int64, error) {
	at := map[record.TopicPartition]int64{}
	for _, src := range layout.inputs[id] {
		for _, tp := range missing {
			if src.tp != tp {
				continue
			}
			var spec kafka.OffsetSpec
			switch src.Reset {
			case plan.Latest:
				spec = kafka.HighWatermark
			case plan.ResetNone:
				return nil, fmt.Errorf("source %s: %s has no committed offset and the source's reset policy is none: commit an offset for group %s or choose another policy", src.Node, tp, w.ApplicationID)
			default:
				spec = kafka.LogStart
			}
			found, err := w.starting.ListOffsets(ctx, []record.TopicPartition{tp}, spec)
			if err != nil {
				return nil, err
			}
			at[tp] = found[tp]
		}
	}
	return at, nil
}

// cancelStart gives a starting task up and frees its state.
func (w *Worker) cancelStart(id plan.TaskID) {
	s := w.starts[id]
	delete(w.starts, id)
	w.restorer.Cancel(s.job)
	w.freeStart(id, s)
}

func (w *Worker) freeStart(id plan.TaskID, s *start) {
	for _, p := range s.parts {
		w.Metrics.restored(p)
		p.Store.Close()
	}
	s.parts = nil
	if s.acquired {
		w.Owners.Release(id)
		s.acquired = false
	}
}

// restored takes over the tasks whose starts have ended.
func (w *Worker) restored(ctx context.Context) error {
	for _, j := range w.restorer.Finished() {
		for id, s := range w.starts {
			if s.job != j {
				continue
			}
			if err := w.started(ctx, id, s); err != nil {
				return err
			}
		}
	}
	w.settle()
	return nil
}

// started makes a restored task run.
func (w *Worker) started(ctx context.Context, id plan.TaskID, s *start) error {
	if err := s.job.Err; err != nil {
		if kafka.Classify(err) == kafka.Fatal {
			return err
		}
		if gone := w.deleted(ctx, err); gone != nil {
			return gone
		}
		w.postpone(id, s, err)
		return nil
	}
	w.log.Info("task restored", zap.Stringer("task", id), zap.Int64("records", s.job.Restored))
	stores := make([]*statestore.Store, len(s.parts))
	for i, p := range s.parts {
		stores[i] = p.Store
		w.Metrics.restored(p)
	}
	t, err := w.buildTask(ctx, id, stores, s.job.Committed)
	switch {
	case err == nil:
		delete(w.starts, id)
		w.add(t)
	case ctx.Err() == nil && eosv2.ClassOf(err) == eosv2.ClassAbort:
		// An output topic that can't be looked up at the moment concerns this task
		// alone: the transaction has nothing of it.
		w.postpone(id, s, err)
	default:
		return err
	}
	return nil
}

// postpone frees the state of a start that failed for a passing reason, and has it
// tried again.
func (w *Worker) postpone(id plan.TaskID, s *start, err error) {
	w.freeStart(id, s)
	w.log.Warn("start of a task failed, trying again", zap.Stringer("task", id), zap.Error(err))
	s.retryAt = time.Now().Add(restartDelay)
}

func (w *Worker) buildTask(ctx context.Context, id plan.TaskID, stores []*statestore.Store, committed map[record.TopicPartition]kafka.Offset) (*Task, error) {
	// The chain is used within the worker's run only, so it may keep its context.
	return w.Layout.NewTask(id, stores, committed, Edges{
		Output: func(topic string) (plan.Output, error) { return w.output(ctx, w.Layout.Topic(topic)) },
		Topic:  func(name string) (plan.Output, error) { return w.output(ctx, name) },
		Changelog: func(store string) (ChangelogOutput, error) {
			return w.output(ctx, changelog.Topic(w.ApplicationID, store))
		},
		Global:    func(store string) (*statestore.Store, error) { return w.Layout.GlobalReader(w.DB, store) },
		Now:       time.Now,
		Confirmed: w.fetcher.Confirmed,
		MaxIdle:   w.MaxTaskIdle,
		Handlers:  w.Handlers,
		Skipped:   w.skipped,
		Cache:     w.cache,
	})
}

// add makes a built task a running one.
func (w *Worker) add(t *Task) {
	i := 0
	for i < len(w.tasks) && compareTasks(w.tasks[i].id, t.id) < 0 {
		i++
	}
	w.tasks = append(w.tasks[:i], append([]*Task{t}, w.tasks[i:]...)...)
	for _, q := range t.queues {
		w.queues[q.tp] = q
		w.fetcher.Assign(q.tp, q.position)
	}
	if t.uncommitted() {
		w.lastCommit = time.Time{} // commits where a source begins at the end
	}
}

// retryStarts begins again what failed for a passing reason.
func (w *Worker) retryStarts(now time.Time) {
	for id, s := range w.starts {
		if !s.retryAt.IsZero() && now.After(s.retryAt) {
			w.begin(id)
		}
	}
}

// inputFailed decides on an input partition that can't be read at its position.
// Its errors are final: the fetcher has repeated what may pass, so going back to
// the last commit wouldn't help.
func (w *Worker) inputFailed(q *queue, err error) error {
	failed := &Error{Task: w.Layout.taskOf[q.tp].String(), Topic: q.tp.Topic, Partition: q.tp.Partition, Offset: q.position, Err: err}
	oor, ok := errors.AsType[*kafka.OffsetOutOfRangeError](err)
	if !ok {
		return failed
	}
	if w.Layout.reset(q.tp) == plan.ResetNone {
		failed.Err = fmt.Errorf("%w, and the source's reset policy is none", err)
		return failed
	}
	log := w.log.With(zap.Stringer("partition", q.tp), zap.Int64("position", oor.Offset),
		zap.Int64("log_start", oor.LogStart), zap.Int64("high_watermark", oor.HighWatermark))
	if lost := oor.LogStart - oor.Offset; lost > 0 {
		log.Error("input was deleted before it was read; going on at the log's start", zap.Int64("lost", lost))
		w.Metrics.dropped(dropKey{q.tp.Topic, dropDeleted}, lost)
		// What was read in time waits in the queue and is processed. The position jumps
		// behind it.
		q.push(&list{}, oor.LogStart, q.end)
	} else {
		log.Error("input ends before the position: its topic was made anew, or has lost records; going on at the log's start")
		q.clear()
		q.position = oor.LogStart
	}
	w.fetcher.Assign(q.tp, oor.LogStart)
	return nil
}
