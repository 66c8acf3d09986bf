package task

import (
	"errors"

	"github.com/oncestream/oncestream/internal/plan"
)

// undo takes back what was done for one input record: changes of state, output,
// operators' memory, and counts of drops. Output waits until the record is done,
// because what the producer was given can't be had back.
type undo struct {
	stores []*storeLog
	memory []plan.Memory
	// open says that a record is being processed.
	open  bool
	held  holding
	drops []dropKey
}

// undone is the error that ends the processing of a record which is to be taken
// back as a whole. It passes through all operators.
type undone struct {
	f      FailedRecord
	action Action
	reason plan.DropReason
}

// Error implements error.
func (u *undone) Error() string { return "the record is taken back: " + u.f.Err.Error() }

// Unwrap returns why.
func (u *undone) Unwrap() error { return u.f.Err }

// prepare is called before the operators are built.
func (u *undo) prepare(env *plan.Env) {
	env.Remember = func(m plan.Memory) { u.memory = append(u.memory, m) }
	output, topic := env.Output, env.Topic
	env.Output = func(name string) (plan.Output, error) { return u.hold(output(name)) }
	env.Topic = func(name string) (plan.Output, error) { return u.hold(topic(name)) }
}

func (u *undo) hold(o plan.Output, err error) (plan.Output, error) {
	if err != nil {
		return nil, err
	}
	return &held{Output: o, undo: u}, nil
}

// covers returns whether taking back the unit of work at hand takes back what has
// failed: not results whose time had come, which would fail with each record.
func (u *undo) covers(env *plan.Env, f *plan.Failure) bool {
	return u != nil && u.open && !env.Due && !f.NoRecord
}

func (u *undo) mark() {
	for _, s := range u.stores {
		s.Mark()
	}
	for _, m := range u.memory {
		m.Mark()
	}
	u.held.reset()
	u.drops = u.drops[:0]
	u.open = true
}

// back takes the unit of work back: stores first, which memory may be made from.
func (u *undo) back() error {
	u.open = false
	for _, s := range u.stores {
		s.Rollback()
	}
	var errs []error
	for _, m := range u.memory {
		errs = append(errs, m.Undo())
	}
	u.held.reset()
	u.drops = u.drops[:0]
	return errors.Join(errs...)
}

// process takes the head of a queue through the operators.
func (t *Task) process(q *queue) (err error) {
	t.stir()
	t.current, t.env.Due = q, false
	if t.undo == nil {
		err = q.input.Process(&q.head)
	} else {
		err = t.whole(func() error { return q.input.Process(&q.head) })
	}
	t.current = nil
	return err
}

// whole does a unit of work, an input record or a punctuation, that a handler may
// take back, and then carries the handler's answer out.
func (t *Task) whole(f func() error) error {
	t.undo.mark()
	err := f()
	u, ok := errors.AsType[*undone](err)
	switch {
	case ok:
		return t.takeBack(u)
	case err != nil:
		return err
	}
	if err := t.keep(); err != nil {
		return err
	}
	return t.makeRoom()
}

// makeRoom passes on what record caches hold back if it's too much. They don't do so
// by themselves while a record may be taken back.
func (t *Task) makeRoom() error {
	if t.env.Cache == nil || !t.env.Cache.Exceeded() {
		return nil
	}
	t.current = nil
	return t.chain.Flush()
}

// takeBack leaves everything as it was before the unit of work, but for the dead
// letter and the count of what was dropped.
func (t *Task) takeBack(u *undone) error {
	if err := t.undo.back(); err != nil {
		return err
	}
	// The dead letter is the record as it came in, wherever it has failed.
	u.f.timestamp, u.f.headers = u.f.Record.Timestamp, u.f.Record.Headers
	return t.dispose(&u.f, u.action, u.reason)
}

// keep makes what was done final: output goes to the producer.
func (t *Task) keep() error {
	t.undo.open = false
	for _, k := range t.undo.drops {
		t.drops[k]++
	}
	return t.undo.held.release()
}
