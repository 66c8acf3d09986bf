package task

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Task is one partition of one sub-topology: its input queues, its chain of
// operators, and its stores. It is used by one goroutine at a time and knows
// neither Kafka nor transactions: records are pushed in, outputs leave through
// plan.Output.
type Task struct {
	id     plan.TaskID
	env    *plan.Env
	chain  *plan.Chain
	queues []*queue
	stores []*storeLog

	// maxIdle is how long the task waits for inputs that have no records; negative,
	// it doesn't wait for those either that are known to have some.
	maxIdle time.Duration
	// idleUntil is when the task stops waiting for inputs without records; zero where
	// it doesn't wait for a time.
	idleUntil time.Time

	// idle are the sources with idle timeouts, confirmed is the field of Edges.
	idle      []*idleSource
	confirmed func(tp record.TopicPartition, position int64) time.Time

	turn    int64 // counts what queues waited for: records taken, and first records
	records int64 // processed since the last collect
	drops   map[dropKey]int64

	handlers Handlers
	skipped  func(FailedRecord, Action)
	// current is the queue whose head is being processed, nil at other times.
	current *queue
	// undo takes records back; nil where no handler may ask for it.
	undo *undo
}

// storeLog is a store and the writer of its changelog, nil where logging is
// off.
type storeLog struct {
	*statestore.Store
	log ChangelogOutput
	// acked is the changelog offset behind the open transaction's records, noted
	// between the flush and the commit; -1 where it isn't known.
	acked int64
	// input is the queue of the input that the store is restored from, nil where it has
	// a changelog.
	input *queue
	// expired is how many of the store's expired writes were counted as drops.
	expired int64
}

// ChangelogOutput takes changelog records into the transaction and says where
// they ended up.
type ChangelogOutput interface {
	changelog.Sender
	// Acked returns the offset behind the last acknowledged record of the
	// partition in this transaction; false if there was none or it isn't known.
	Acked(partition int32) (int64, bool)
}

type dropKey struct {
	node   string
	reason plan.DropReason
}

// Edges is what surrounds a task.
type Edges struct {
	// Output returns the writer of a topic, by its name in the plan.
	Output func(topic string) (plan.Output, error)
	// Topic returns the writer of a topic by its real name.
	Topic func(name string) (plan.Output, error)
	// Changelog returns the writer of a store's changelog.
	Changelog func(store string) (ChangelogOutput, error)
	// Global returns a reader of a global store. Nil where there are none.
	Global func(store string) (*statestore.Store, error)
	// Now returns the wall clock.
	Now func() time.Time
	// Confirmed returns until when it's certain that there was nothing to read of an
	// input from a position on; the zero time where it isn't known. Where it's nil, what
	// was pushed is all there is.
	Confirmed func(tp record.TopicPartition, position int64) time.Time
	// MaxIdle is the field MaxTaskIdle of Config.
	MaxIdle time.Duration
	// Handlers decide on records that fail.
	Handlers Handlers
	// Skipped is told of each record that a handler has let go; it may be nil.
	Skipped func(f FailedRecord, answer Action)
	// Cache is the budget of the worker's record caches, nil where there are none.
	Cache *plan.CacheBudget

	application string
}

// input is where a task starts reading a partition.
type input struct {
	source    *plan.Source
	tp        record.TopicPartition
	committed kafka.Offset
}

// inputOf returns the operators behind a source.
func inputOf(chain *plan.Chain, s *plan.Source) (plan.Input, bool) {
	if s.Pattern == nil {
		in, ok := chain.Inputs[s.Topic]
		return in, ok
	}
	matched, ok := chain.Matched[s.Node]
	if !ok {
		return plan.Input{}, false
	}
	return matched(), true
}

// newTask builds the operators of a task whose stores are restored.
func newTask(id plan.TaskID, sub *plan.SubTopology, stores []*statestore.Store, inputs []input, e Edges) (*Task, error) {
	t := &Task{id: id, maxIdle: e.MaxIdle, confirmed: e.Confirmed, drops: map[dropKey]int64{}, handlers: e.Handlers, skipped: e.Skipped}
	for _, s := range stores {
		sl := &storeLog{Store: s, acked: -1}
		if !s.Spec().LoggingDisabled {
			w, err := e.Changelog(s.Name())
			if err != nil {
				return nil, fmt.Errorf("changelog of store %q: %w", s.Name(), err)
			}
			sl.log = w
		}
		t.stores = append(t.stores, sl)
	}
	t.env = &plan.Env{
		Task: id, Application: e.application, StreamTime: streamTime(inputs),
		Store: func(name string) (*statestore.Store, error) {
			s, err := t.Store(name)
			if err != nil && e.Global != nil {
				return e.Global(name)
			}
			return s, err
		},
		Output:  e.Output,
		Topic:   e.Topic,
		MovedTo: movedTo(inputs),
		Now:     e.Now,
		Cache:   e.Cache.Share(),
		Dropped: t.dropped,
	}
	t.guard()
	if e.Handlers.UndoRecords {
		t.undo = &undo{stores: t.stores}
		t.undo.prepare(t.env)
	}
	chain, err := sub.Build(t.env)
	if _, ok := errors.AsType[*plan.UserError](err); ok {
		// A processor couldn't begin. Whatever its error looks like, trying again isn't ours
		// to decide on.
		return nil, &Error{Task: id.String(), Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", id, err)
	}
	t.chain = chain
	for _, in := range inputs {
		chained, ok := inputOf(chain, in.source)
		if !ok {
			return nil, fmt.Errorf("task %s: the topology has no operator for topic %s", id, in.source.Topic)
		}
		t.addQueue(in, chained)
	}
	t.linkReused(sub)
	return t, nil
}

// streamTime returns that of a task before its first record: the highest partition
// time that was committed, or -1.
func streamTime(inputs []input) int64 {
	highest := int64(-1)
	for _, in := range inputs {
		if pt, ok := kafka.PartitionTime(in.committed.Metadata); ok {
			highest = max(highest, pt)
		}
		highest = max(highest, kafka.IdleTime(in.committed.Metadata, in.tp.Topic))
	}
	return highest
}

func (t *Task) addQueue(in input, chained plan.Input) {
	q := &queue{tp: in.tp, turn: &t.turn, input: chained, position: in.committed.At, committed: in.committed.At, end: -1, partitionTime: -1, metadata: in.committed.Metadata}
	if !in.committed.Ok && in.source.Reset == plan.Latest {
		// Until it's committed, each start would begin at another end, and skip what has
		// come since the first.
		q.committed = -1
	}
	if pt, ok := kafka.PartitionTime(in.committed.Metadata); ok {
		q.partitionTime = pt
	}
	q.moved = kafka.IdleTime(in.committed.Metadata, in.tp.Topic)
	q.committedMoved = q.moved
	t.addIdle(q, in.source)
	t.queues = append(t.queues, q)
}

// Store returns a store of the task.
func (t *Task) Store(name string) (*statestore.Store, error) {
	for _, s := range t.stores {
		if s.Name() == name {
			return s.Store, nil
		}
	}
	return nil, fmt.Errorf("task %s has no store %q", t.id, name)
}

// Run processes up to n records and returns how many it has. An error is a
// *Error with the place of its record; a user function's panic is one, too.
func (t *Task) Run(n int) (done int, err error) {
	var q *queue
	defer func() {
		t.records += int64(done)
		if p := recover(); p != nil {
			err = t.failed(q, plan.Recovered(p))
		}
	}()
	for done < n {
		if q = t.choose(); q == nil {
			return done, nil
		}
		if err := t.process(q); err != nil {
			return done, t.failed(q, err)
		}
		q.done()
		done++
		// What was processed so far and what it makes due belong into one transaction,
		// so no commit comes in between.
		if err := t.punctuate(plan.StreamClock, t.env.StreamTime); err != nil {
			return done, err
		}
		if t.env.CommitRequested {
			return done, nil
		}
	}
	return done, nil
}

// flush sends what operators hold back, as the first step of a commit.
func (t *Task) flush() (err error) {
	if t.chain.Flush == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Task: t.id.String(), Node: t.env.Node, Err: plan.Recovered(p)}
		}
	}()
	t.stir()
	t.current, t.env.From = nil, plan.Origin{Partition: -1, Offset: -1}
	if err := t.chain.Flush(); err != nil {
		return &Error{Task: t.id.String(), Node: t.env.Node, Err: err}
	}
	return nil
}

func (t *Task) failed(q *queue, err error) error {
	e := &Error{Task: t.id.String(), Node: t.env.Node, Err: err}
	if q != nil {
		e.Topic, e.Partition, e.Offset = q.tp.Topic, q.tp.Partition, q.head.Offset
	}
	return e
}

// writeChangelogs hands the changes of the open transaction to the changelogs.
func (t *Task) writeChangelogs() error {
	for _, s := range t.stores {
		if s.log == nil {
			continue
		}
		if _, err := changelog.Write(s.Store, s.log); err != nil {
			return fmt.Errorf("task %s: %w", t.id, err)
		}
	}
	return nil
}

// noteAcks takes down where the changelog records of the open transaction ended
// up, once all of them are acknowledged.
func (t *Task) noteAcks() {
	for _, s := range t.stores {
		s.acked = -1
		if s.input != nil {
			s.acked = s.input.position
		}
		if s.log == nil {
			continue
		}
		if next, ok := s.log.Acked(s.Partition()); ok {
			s.acked = next
		}
	}
}

// stage puts the overlays and the changelog offsets they correspond to into the
// batch. Where the offset isn't known the old one stays: a restart then replays
// a little more, which changes nothing, since the last write of a key wins.
func (t *Task) stage(b *statestore.Batch) error {
	for _, s := range t.stores {
		next, ok := s.Offset()
		if s.acked >= 0 {
			next, ok = s.acked, true
		}
		if s.UncommittedBytes() == 0 && !ok {
			continue // never written
		}
		if err := s.Stage(b, next); err != nil {
			return fmt.Errorf("task %s: store %q: %w", t.id, s.Name(), err)
		}
	}
	return nil
}

// applied ends the transaction of the task: overlays are on disk, positions are
// committed.
func (t *Task) applied() {
	for _, s := range t.stores {
		s.Applied()
	}
	for _, q := range t.queues {
		q.wasCommitted()
	}
	t.env.CommitRequested = false
}

// uncommitted reports whether input was consumed since the last commit, or state
// changed without any.
func (t *Task) uncommitted() bool {
	return t.uncommittedBytes() > 0 || slices.ContainsFunc(t.queues, (*queue).changed)
}

// offsets adds the positions that moved since the last commit.
func (t *Task) offsets(to map[record.TopicPartition]kafka.Offset) {
	for _, q := range t.queues {
		if q.changed() {
			to[q.tp] = q.offset()
		}
	}
}

// uncommittedBytes is the memory that the open transaction takes in overlays.
func (t *Task) uncommittedBytes() int {
	n := 0
	for _, s := range t.stores {
		n += s.UncommittedBytes()
	}
	return n
}

// Close drops what waits and the open transaction's state, and closes the
// stores. Committed state stays on disk. An error is one of the user's processors,
// which keeps nothing from being closed.
func (t *Task) Close() error {
	err := t.end()
	for _, q := range t.queues {
		q.clear()
	}
	for _, s := range t.stores {
		s.Discard()
		s.Close()
	}
	t.env.Cache.Release()
	return err
}

// collect hands the counts since the last call to the metrics.
func (t *Task) collect(m *Metrics) {
	m.recordsIn(t.id.SubTopology, t.records)
	t.records = 0
	t.dropExpired()
	for k, n := range t.drops {
		m.dropped(k, n)
	}
	clear(t.drops)
	for _, q := range t.queues {
		m.lag(q.tp, max(0, q.end-q.position))
	}
}

// topics returns the task's input partitions.
func (t *Task) topics() []record.TopicPartition {
	tps := make([]record.TopicPartition, len(t.queues))
	for i, q := range t.queues {
		tps[i] = q.tp
	}
	return tps
}
