package task

import (
	"context"
	"errors"
	"time"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/fault"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"go.uber.org/zap"
)

// commit makes everything since the last commit permanent: steps 1 to 6 of
// docs/design.md. The points name where crash tests kill the process.
//
// A stop doesn't cut a commit short: its outcome would be unknown. What bounds
// it is how long brokers may take to fail over.
func (w *Worker) commit(ctx context.Context) error {
	if !w.dirty() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*w.TransactionTimeout)
	defer cancel()
	began := time.Now()
	w.lastCommit = began
	offsets, err := Prepare(w.tasks)
	if err != nil {
		return err
	}
	fault.Point("commit.changelogs-written")
	lap := w.lap("prepare", began)
	if err := w.producer.Flush(ctx); err != nil {
		return err
	}
	fault.Point("commit.flushed")
	Acknowledge(w.tasks)
	lap = w.lap("flush", lap)
	if err := w.sendOffsets(ctx, offsets); err != nil {
		return w.holdOrFail(err)
	}
	fault.Point("commit.offsets-sent")
	lap = w.lap("offsets", lap)
	if err := w.producer.Commit(ctx); err != nil {
		return err
	}
	fault.Point("commit.ended")
	lap = w.lap("end", lap)
	uncommitted := w.uncommittedBytes()
	if err := Apply(w.DB, w.tasks); err != nil {
		return err
	}
	fault.Point("commit.applied")
	w.lap("apply", lap)
	w.lap("total", began)
	w.Metrics.uncommitted.WithLabelValues(w.name()).Set(float64(uncommitted))
	w.committed(offsets)
	return nil
}

// lap records the duration of a phase and returns the time it ended.
func (w *Worker) lap(phase string, since time.Time) time.Time {
	now := time.Now()
	w.Metrics.phase(phase, now.Sub(since))
	return now
}

// sendOffsets puts the offsets into the transaction, or commits them to the
// group where there's none. A member that hasn't been heard for a while asks
// first whether it still is one.
func (w *Worker) sendOffsets(ctx context.Context, offsets map[record.TopicPartition]kafka.Offset) error {
	// While it joins, the group's coordinator knows that the member lives.
	if !w.member.Rebalancing() {
		if err := w.member.EnsureAlive(ctx, w.SessionTimeout/3); err != nil {
			return err
		}
	}
	meta := w.member.Meta()
	if w.Mode == eosv2.AtLeastOnce {
		return w.group.CommitOffsets(ctx, meta, offsets)
	}
	to := make(map[record.TopicPartition]eosv2.Offset, len(offsets))
	for tp, o := range offsets {
		to[tp] = eosv2.Offset{At: o.At, Metadata: o.Metadata}
	}
	return w.producer.SendOffsets(ctx, eosv2.Group{
		ID: meta.Group, MemberID: meta.MemberID, InstanceID: meta.InstanceID, Generation: meta.Generation,
	}, to)
}

// holdOrFail decides on offsets that the group refused. While a rebalance runs
// the generation may be over without anything being lost: the transaction stays
// open, and the commit is done again with the next generation.
func (w *Worker) holdOrFail(err error) error {
	if !generationOver(err) {
		return err
	}
	w.held, w.heldSince = true, time.Now()
	w.log.Debug("commit waits for the rebalance", zap.Error(err))
	return nil
}

// generationOver reports whether the group refused offsets because the
// generation they name is over, which says nothing about the membership.
func generationOver(err error) bool {
	var e *eosv2.Error
	if errors.As(err, &e) {
		return e.Class == eosv2.ClassGeneration
	}
	return kafka.Classify(err) == kafka.Generation
}

// committed counts a commit and tells what may be purged.
func (w *Worker) committed(offsets map[record.TopicPartition]kafka.Offset) {
	w.redos = 0
	w.refused = nil
	w.Metrics.commits.WithLabelValues(w.name()).Inc()
	for _, t := range w.tasks {
		t.collect(w.Metrics)
	}
	for _, o := range w.outputs {
		w.Metrics.recordsOut(o.name, o.sent)
		o.sent = 0
	}
	purge := map[record.TopicPartition]int64{}
	for tp, o := range offsets {
		if w.Layout.repartition[tp.Topic] {
			purge[tp] = o.At
		}
	}
	if len(purge) > 0 && w.OnCommitted != nil {
		w.OnCommitted(purge)
	}
}

// leakOverlays is the mutation "overlay": it puts uncommitted state on disk, as
// a framework without overlays does. It never runs outside of the mutation
// check.
func (w *Worker) leakOverlays() error {
	b := w.DB.NewBatch()
	for _, t := range w.tasks {
		for _, s := range t.stores {
			err := s.Changes(func(key, value []byte, timestamp int64) error { return s.Restore(b, key, value, timestamp) })
			if err != nil {
				return err
			}
		}
	}
	return errors.Join(b.Commit(), b.Close(), w.DB.Flush())
}
