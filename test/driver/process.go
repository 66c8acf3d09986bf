package driver

import (
	"errors"
	"fmt"
	"maps"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/task"
)

// startProcess starts all tasks in the order of a worker: stores are restored
// from their changelogs, then the inputs are read from their committed offsets.
func (d *Driver) startProcess() error {
	if d.db == nil {
		d.db = statestore.OpenMemory()
	}
	if err := d.startGlobals(); err != nil {
		return err
	}
	d.waiting = map[record.TopicPartition]*turn{}
	d.cache = plan.NewCacheBudget(d.recordCache)
	for _, id := range d.layout.Tasks {
		t, err := d.startTask(id)
		if err != nil {
			return err
		}
		d.tasks = append(d.tasks, t)
		for _, tp := range d.layout.Inputs(id) {
			d.waiting[tp] = &turn{}
			topic := d.topic(tp.Topic)
			d.push(t, tp, topic.partitions[tp.Partition][d.committed[tp].At:])
		}
	}
	return nil
}

func (d *Driver) startTask(id plan.TaskID) (*task.Task, error) {
	var stores []*statestore.Store
	for _, spec := range d.layout.Stores(id) {
		s, err := d.db.Store(spec, id.Partition)
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", id, err)
		}
		stores = append(stores, s)
		if err := d.restore(id, s); err != nil {
			return nil, fmt.Errorf("task %s: restore of store %q: %w", id, spec.Name, err)
		}
	}
	return d.layout.NewTask(id, stores, d.committed, task.Edges{
		Output: func(topic string) (plan.Output, error) {
			return writer{d, d.topic(d.layout.Topic(topic))}, nil
		},
		Topic: func(name string) (plan.Output, error) { return writer{d, d.topic(name)}, nil },
		Changelog: func(store string) (task.ChangelogOutput, error) {
			return writer{d, d.topic(changelog.Topic(d.applicationID, store))}, nil
		},
		Global:   func(store string) (*statestore.Store, error) { return d.layout.GlobalReader(d.db, store) },
		Now:      d.Now,
		MaxIdle:  d.maxTaskIdle,
		Handlers: d.handlers,
		Cache:    d.cache,
	})
}

// restore brings a store to the end of its changelog, or to the committed offset of
// the input that stands for it.
func (d *Driver) restore(id plan.TaskID, s *statestore.Store) error {
	if tp, take, ok := d.layout.Reused(id, s.Name(), d.handlers.Decode); ok {
		until := d.committed[tp].At
		next, _ := s.Offset()
		records := d.topic(tp.Topic).partitions[tp.Partition]
		_, _, err := changelog.ApplyInput(d.db, s, &reader{records[min(next, until):]}, until, until, take)
		return err
	}
	if s.Spec().LoggingDisabled {
		return nil
	}
	records := d.topic(changelog.Topic(d.applicationID, s.Name())).partitions[s.Partition()]
	next, _ := s.Offset()
	end := int64(len(records))
	if next == end {
		return nil
	}
	_, err := changelog.Apply(d.db, s, &reader{records[next:]}, end)
	return err
}

// reader reads the records of a changelog.
type reader struct{ records []record.Record }

// Read implements changelog.Reader.
func (b *reader) Read(r *record.Record) bool {
	if len(b.records) == 0 {
		return false
	}
	*r, b.records = b.records[0], b.records[1:]
	return true
}

// endTasks drops the open transaction: the overlays of the stores and the records
// that were sent.
func (d *Driver) endTasks() error {
	var errs []error
	for _, t := range d.tasks {
		addDrops(d.drops, t.Drops)
		errs = append(errs, t.Close())
	}
	d.tasks = nil
	for _, s := range d.open {
		s.topic.pending[s.record.Partition] = 0
	}
	d.open = nil
	return errors.Join(errs...)
}

// endProcess ends the tasks and closes the database, which loses what's in it.
func (d *Driver) endProcess() error {
	err := d.endTasks()
	if d.db == nil {
		return err
	}
	err = errors.Join(err, d.endGlobals(), d.db.Close())
	d.db = nil
	return err
}

// turn is how a partition waits for being processed.
type turn struct {
	records int   // that wait
	since   int64 // the number of turns when the first of them began to wait
}

// push hands committed records to the task that reads them.
func (d *Driver) push(t *task.Task, tp record.TopicPartition, records []record.Record) {
	w := d.waiting[tp]
	if w.records == 0 {
		w.since = d.turn()
	}
	w.records += len(records)
	t.Push(tp, records, d.topic(tp.Topic).end(tp.Partition))
}

func (d *Driver) turn() int64 {
	d.turns++
	return d.turns
}

// process processes what waits until nothing does. A commit is made when it's
// due.
func (d *Driver) process() error {
	for {
		t, tp := d.next()
		if t == nil {
			return nil
		}
		if _, err := t.Run(1); err != nil {
			return err
		}
		if err := d.shareStreamTime(t); err != nil {
			return err
		}
		w := d.waiting[tp]
		w.records--
		w.since = d.turn()
		if d.commitInterval == 0 || t.CommitRequested() {
			if err := d.commit(); err != nil {
				return err
			}
		}
	}
}

// shareStreamTime moves the stream time of all tasks on to that of one.
func (d *Driver) shareStreamTime(of *task.Task) error {
	if !d.oneStreamTime {
		return nil
	}
	for _, t := range d.tasks {
		if err := t.AdvanceStreamTime(of.StreamTime()); err != nil {
			return err
		}
	}
	return nil
}

// next returns the task whose record is next and the record's partition, or nil.
func (d *Driver) next() (*task.Task, record.TopicPartition) {
	var (
		best *task.Task
		from record.TopicPartition
		time int64
	)
	for _, t := range d.tasks {
		tp, ts, ok := t.Next()
		if !ok {
			continue
		}
		if best == nil || ts < time || ts == time && d.waiting[tp].since < d.waiting[from].since {
			best, from, time = t, tp, ts
		}
	}
	return best, from
}

// commit carries out the steps of a worker's commit. What it makes visible is
// pushed to the tasks that read it.
func (d *Driver) commit() error {
	offsets, err := task.Prepare(d.tasks)
	if err != nil {
		return err
	}
	task.Acknowledge(d.tasks)
	maps.Copy(d.committed, offsets)
	visible := d.open
	for _, s := range visible {
		s.topic.append(s.record)
		s.topic.pending[s.record.Partition] = 0
	}
	d.open = nil
	d.lastCommit = d.now
	if err := task.Apply(d.db, d.tasks); err != nil {
		return err
	}
	for _, s := range visible {
		if err := d.feed(s.record); err != nil {
			return err
		}
	}
	return nil
}

// feed pushes a committed record to the task that reads its partition, if one
// does, or applies it to a global store.
func (d *Driver) feed(r record.Record) error {
	if g := d.globals[r.Topic]; g != nil {
		return d.applyGlobal(g, r.Partition)
	}
	id, ok := d.layout.Reader(r.TopicPartition())
	if !ok {
		return nil
	}
	for _, t := range d.tasks {
		if t.ID() == id {
			d.push(t, r.TopicPartition(), []record.Record{r})
		}
	}
	return nil
}
