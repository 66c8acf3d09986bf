package task

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// linkReused links the stores that are restored from inputs to the queues of these.
// The position of an input that is committed is the offset that the store's state
// corresponds to: both are of the same transaction.
func (t *Task) linkReused(sub *plan.SubTopology) {
	for _, r := range sub.Reused {
		for _, s := range t.stores {
			i := slices.IndexFunc(t.queues, func(q *queue) bool { return q.tp.Topic == r.Topic })
			if s.Name() == r.Store && i >= 0 {
				s.input = t.queues[i]
			}
		}
	}
}

// Reused returns the input that a store of a task is restored from, up to its
// committed offset, and what makes of its records what a changelog would hold, asking
// the handler about those that can't be deserialized; false where the store isn't
// restored from an input.
func (l *Layout) Reused(id plan.TaskID, store string, handler func(FailedRecord) Action) (record.TopicPartition, func(*record.Record) (bool, error), bool) {
	for i, r := range l.sub(id).Reused {
		if r.Store == store && id.Partition < l.counts[r.Topic] {
			tp := record.TopicPartition{Topic: r.Topic, Partition: id.Partition}
			return tp, takeOf(&l.sub(id).Reused[i], id, handler), true
		}
	}
	return record.TopicPartition{}, nil, false
}

// ReusedTopics returns the inputs that stores are restored from, sorted.
func (l *Layout) ReusedTopics() []string {
	var topics []string
	for _, sub := range l.plan.SubTopologies {
		for _, r := range sub.Reused {
			topics = append(topics, r.Topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// takeOf returns what makes of a task's input what the changelog of a store would
// hold, for one restore. The handler is asked again about records that can't be
// deserialized: it has let them pass when they were processed, or they wouldn't be
// before the committed offset.
func takeOf(r *plan.Reused, id plan.TaskID, handler func(FailedRecord) Action) func(*record.Record) (bool, error) {
	take := r.Reader()
	return func(rec *record.Record) (bool, error) {
		// A chunk's bytes are to be what they were if the handler keeps them.
		raw := *rec
		taken, err := take(rec)
		if err == nil {
			return taken, nil
		}
		raw.Key, raw.Value = bytes.Clone(raw.Key), bytes.Clone(raw.Value)
		failed := FailedRecord{Task: id.String(), Node: r.Node, Record: raw, Err: err}
		if handler != nil && handler(failed) != Fail {
			return false, nil
		}
		return false, fmt.Errorf("%s: record of %s can't be deserialized: %w", r.Node, rec.TopicPartition(), err)
	}
}
