package task

import (
	"slices"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// NewTask builds a task of the layout over its restored stores, which are in the
// order of Stores. It reads each input from its committed offset on. A Worker
// drives its tasks with Push, Run and the steps of a commit; whoever does so
// outside of a worker uses one goroutine as well.
func (l *Layout) NewTask(id plan.TaskID, stores []*statestore.Store, committed map[record.TopicPartition]kafka.Offset, e Edges) (*Task, error) {
	var inputs []input
	for _, src := range l.inputs[id] {
		inputs = append(inputs, input{source: src.Source, tp: src.tp, committed: committed[src.tp]})
	}
	e.application = l.applicationID
	return newTask(id, l.sub(id), stores, inputs, e)
}

// Stores returns the specifications of a task's stores.
func (l *Layout) Stores(id plan.TaskID) []statestore.Spec { return l.sub(id).Stores }

// Inputs returns the input partitions of a task.
func (l *Layout) Inputs(id plan.TaskID) []record.TopicPartition { return l.partitions(id) }

// Reader returns the task that reads a partition; false where none does.
func (l *Layout) Reader(tp record.TopicPartition) (plan.TaskID, bool) {
	id, ok := l.taskOf[tp]
	return id, ok
}

// Partitions returns the partition count of a topic by its name in the plan, or
// 0 where the plan doesn't have it.
func (l *Layout) Partitions(topic string) int32 { return l.counts[topic] }

// ID returns the task's id.
func (t *Task) ID() plan.TaskID { return t.id }

// Push appends records to the queue of an input partition, which ends at the
// offset end. They must not be changed afterwards.
func (t *Task) Push(tp record.TopicPartition, records []record.Record, end int64) {
	i := slices.IndexFunc(t.queues, func(q *queue) bool { return q.tp == tp })
	if i >= 0 {
		t.queues[i].push(&list{records}, end, end)
	}
}

// list is a batch of records in memory.
type list struct{ records []record.Record }

// Read implements batch.
func (l *list) Read(r *record.Record) bool {
	if len(l.records) == 0 {
		return false
	}
	*r, l.records = l.records[0], l.records[1:]
	return true
}

// Release implements batch.
func (l *list) Release() { l.records = nil }

// Next returns the partition and the timestamp of the record that Run takes
// next; false where it would wait.
func (t *Task) Next() (record.TopicPartition, int64, bool) {
	q := t.choose()
	if q == nil {
		return record.TopicPartition{}, 0, false
	}
	return q.tp, q.head.Timestamp, true
}

// Drops calls yield for each node and reason with the number of dropped records
// that no metric has counted yet.
func (t *Task) Drops(yield func(node string, reason plan.DropReason, n int64)) {
	t.dropExpired()
	for k, n := range t.drops {
		yield(k.node, k.reason, n)
	}
}

// dropExpired counts the writes that the stores dropped since the last call. A
// store doesn't know which node wrote, so it stands for the node.
func (t *Task) dropExpired() {
	for _, s := range t.stores {
		if n := s.Expired() - s.expired; n > 0 {
			t.drops[dropKey{s.Name(), plan.DropExpired}] += n
			s.expired += n
		}
	}
}
