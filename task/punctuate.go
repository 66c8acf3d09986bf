package task

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
)

// Punctuate calls what processors have scheduled by the wall clock and what's due.
//
// Then it moves the time of sources on that are idle.
func (t *Task) Punctuate() error {
	if _, ok := t.scheduled(); ok { // it spares the look at the clock
		if err := t.punctuate(plan.WallClock, t.env.Now().UnixMilli()); err != nil {
			return err
		}
	}
	return t.moveIdle()
}

// StreamTime returns the highest timestamp of the records that the task has processed,
// -1 before the first one.
func (t *Task) StreamTime() int64 { return t.env.StreamTime }

// AdvanceStreamTime moves the stream time that processors see on to a time, unless it's
// there already, and calls what they have scheduled by it and what's due.
func (t *Task) AdvanceStreamTime(to int64) error {
	t.env.StreamTime = max(t.env.StreamTime, to)
	return t.punctuate(plan.StreamClock, t.env.StreamTime)
}

// Due returns when Punctuate has something to do next; false where nothing is
// scheduled by the wall clock.
func (t *Task) Due() (at time.Time, ok bool) {
	at, ok = t.scheduled()
	for _, s := range t.idle {
		if next, due := t.idleWake(s); due && (!ok || next.Before(at)) {
			at, ok = next, true
		}
	}
	return at, ok
}

// scheduled returns when the next punctuation by the wall clock is due.
func (t *Task) scheduled() (time.Time, bool) {
	if t.chain.Due == nil {
		return time.Time{}, false
	}
	at := t.chain.Due(plan.WallClock)
	return time.UnixMilli(at), at != plan.Never
}

// CommitRequested reports whether a processor has asked for a commit since the last
// one.
func (t *Task) CommitRequested() bool { return t.env.CommitRequested }

// punctuate calls what is due by a clock that shows now. An error is an *Error; a
// user function's panic is one, too.
func (t *Task) punctuate(by plan.Clock, now int64) (err error) {
	if t.chain.Due == nil || t.chain.Due(by) > now {
		return nil // the usual case, at no further cost
	}
	defer func() {
		if p := recover(); p != nil {
			err = t.failed(nil, fmt.Errorf("punctuation: %w", plan.Recovered(p)))
		}
	}()
	for at := t.chain.Due(by); at <= now && at != plan.Never; at = t.chain.Due(by) {
		if err := t.call(func() error { return t.chain.Punctuate(by, now) }); err != nil {
			return t.failed(nil, fmt.Errorf("punctuation: %w", err))
		}
	}
	return nil
}

// call makes one scheduled call, which has no record, and which a handler may take
// back by itself.
func (t *Task) call(f func() error) error {
	t.stir()
	t.current, t.env.Due, t.env.From = nil, false, plan.Origin{Partition: -1, Offset: -1}
	if t.undo == nil {
		return f()
	}
	return t.whole(f)
}

// end tells the processors that the task ends.
func (t *Task) end() (err error) {
	if t.chain == nil || t.chain.Close == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = t.failed(nil, fmt.Errorf("close: %w", plan.Recovered(p)))
		}
	}()
	if err := t.chain.Close(); err != nil {
		return t.failed(nil, fmt.Errorf("close: %w", err))
	}
	return nil
}
