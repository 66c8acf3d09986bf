package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/kafka"
	"go.uber.org/zap"
)

// dropDeleted counts input that was deleted from its topic before it was
// processed.
const dropDeleted = "input_deleted"

// errHeld ends the wait of a commit for the next generation: the brokers have
// aborted the transaction by now.
var errHeld = errors.New("the rebalance took longer than the transaction may")

// recover does what an error's class demands and returns nil, or the error
// where nothing but stopping is right.
func (w *Worker) recover(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	again, err := w.remember(err)
	if again {
		return w.redo(ctx, err)
	}
	switch classify(err) {
	case eosv2.ClassAbort, eosv2.ClassRetry:
		if gone := w.deleted(ctx, err); gone != nil {
			return gone
		}
		return w.redo(ctx, err)
	case eosv2.ClassRejoin, eosv2.ClassFenced:
		return w.lost(ctx, err)
	}
	return err
}

// commitOrRecover commits before the tasks change hands. A commit that fails has
// sent them back to their start, or given them up, when it returns nil.
func (w *Worker) commitOrRecover(ctx context.Context) error {
	if err := w.commit(ctx); err != nil {
		return w.recover(ctx, err)
	}
	return nil
}

// classify finds the class of an error of the producer or of the group. What
// neither of them knows, such as a user function's error, is fatal.
func classify(err error) eosv2.Class {
	var e *eosv2.Error
	if errors.As(err, &e) {
		return e.Class
	}
	// An operator's error may hold anything, io.ErrUnexpectedEOF for instance; only
	// the producer's errors within it say something about the transaction.
	if _, ok := errors.AsType[*Error](err); ok {
		return eosv2.ClassFatal
	}
	switch c := kafka.Classify(err); {
	case c.Transient():
		return eosv2.ClassAbort
	case c == kafka.Rejoin, c == kafka.Generation:
		return eosv2.ClassRejoin
	}
	return eosv2.ClassFatal
}

// redo gives up the open transaction and sends all tasks back to their start:
// what was committed is read from the group and the changelogs, so it doesn't
// matter how the transaction ended.
func (w *Worker) redo(ctx context.Context, cause error) error {
	w.log.Warn("transaction given up, going back to the last commit", zap.Error(cause))
	w.Metrics.aborts.WithLabelValues(causeOf(cause)).Inc()
	var again []*Task
	again = append(again, w.tasks...)
	w.closeTasks(again)
	w.held = false
	if err := w.initProducer(ctx); err != nil {
		if classify(err) == eosv2.ClassFenced {
			return w.lost(ctx, err)
		}
		return err
	}
	// What failed at once may fail at once again.
	if w.redos > 0 {
		if err := pause(ctx, w.redos-1); err != nil {
			return err
		}
	}
	w.redos++
	for _, t := range again {
		w.begin(t.id)
	}
	w.lastCommit = time.Now()
	w.settle()
	return nil
}

func causeOf(err error) string {
	var e *eosv2.Error
	if !errors.As(err, &e) {
		return "group"
	}
	if e.Unknown {
		return e.Op + "_unknown"
	}
	return e.Op
}

// initProducer gets a producer id and a new epoch, which ends whatever
// transaction was open under the transactional id. It's tried until it succeeds,
// the context ends, or the answer is final. The class ClassFenced says that another
// producer held the id since: once the tasks are given up, the next try takes it
// back.
func (w *Worker) initProducer(ctx context.Context) error {
	for n := 0; ; n++ {
		err := w.producer.Init(ctx)
		if err == nil {
			return nil
		}
		if c := classify(err); ctx.Err() != nil || c != eosv2.ClassAbort && c != eosv2.ClassRetry {
			return fmt.Errorf("producer of worker %d: %w", w.index, err)
		}
		w.log.Warn("producer can't be initialised, trying again", zap.Error(err))
		if err := pause(ctx, n); err != nil {
			return err
		}
	}
}

// pause waits before the nth repetition, from 0: 100 ms, then twice as long each
// time, up to 5 s.
func pause(ctx context.Context, n int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(100*time.Millisecond<<min(n, 10), 5*time.Second)):
		return nil
	}
}

// restoreObserver ties the restorer's progress to metrics and log.
func (w *Worker) restoreObserver() changelog.Observer {
	return changelog.Observer{
		Begin: func(p changelog.Partition, next, target int64) { w.Metrics.restoring(p, 0, target-next) },
		Progress: func(p changelog.Partition, records int, next, target int64) {
			w.Metrics.restoring(p, records, target-next)
		},
		Rebuild: func(p changelog.Partition, reason string) {
			w.Metrics.rebuilds.WithLabelValues(p.Store.Name()).Inc()
			w.log.Warn("local state is rebuilt from its changelog", zap.String("store", p.Store.Name()),
				zap.Int32("partition", p.Store.Partition()), zap.String("reason", reason))
		},
	}
}
