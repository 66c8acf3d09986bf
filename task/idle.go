package task

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
)

// idleSource is a source with an idle timeout: after the task has had nothing to
// read of it for that long, the wall clock moves its time on.
type idleSource struct {
	node    string
	timeout time.Duration
	queues  []*queue // of the task, one for each topic
	// since is when the task had nothing more to read; zero while it has, or may have.
	since time.Time
	// again is when to look again whether the brokers have confirmed that there was
	// nothing to read: what was due before wasn't certain.
	again time.Time
	// due is the stream time at which something behind the source is due next, if it's
	// known: it's asked for once between records.
	due   int64
	known bool
}

// addIdle files the queue under its source, if that has an idle timeout.
func (t *Task) addIdle(q *queue, source *plan.Source) {
	if source.Idle <= 0 || q.input.Advance == nil {
		return
	}
	for _, s := range t.idle {
		if s.node == source.Node {
			s.queues, q.idle = append(s.queues, q), s
			return
		}
	}
	s := &idleSource{node: source.Node, timeout: source.Idle, queues: []*queue{q}}
	t.idle, q.idle = append(t.idle, s), s
}

// movedTo returns how far idle timeouts had moved the time of each source when it
// was committed last.
func movedTo(inputs []input) func(source string) int64 {
	return func(source string) int64 {
		moved := int64(-1)
		for _, in := range inputs {
			if in.source.Node == source {
				moved = max(moved, kafka.IdleTime(in.committed.Metadata, in.tp.Topic))
			}
		}
		return moved
	}
}

// noteIdle takes down which sources have nothing to read from now on.
func (t *Task) noteIdle() {
	for _, s := range t.idle {
		switch {
		case !s.exhausted():
			s.since = time.Time{}
		case s.since.IsZero():
			s.since = t.env.Now()
		}
	}
}

// stir says that what is due may have changed.
func (t *Task) stir() {
	for _, s := range t.idle {
		s.known = false
	}
}

// exhausted returns whether all records of the source's partitions were processed.
func (s *idleSource) exhausted() bool {
	for _, q := range s.queues {
		if q.has || q.lagging() {
			return false
		}
	}
	return true
}

// latest returns the time of the source's latest record, or -1.
func (s *idleSource) latest() int64 {
	latest := int64(-1)
	for _, q := range s.queues {
		latest = max(latest, q.partitionTime)
	}
	return latest
}

// idleDue returns when the time of a source is to be moved on: after its timeout,
// once something behind it is due. It's false while there's no such time, and while
// another input of the task has something to read, which comes first.
func (t *Task) idleDue(s *idleSource) (at time.Time, ok bool) {
	if s.since.IsZero() || s.latest() < 0 {
		return at, false
	}
	for _, q := range t.queues {
		if q.has || q.lagging() {
			return at, false
		}
	}
	if !s.known {
		s.due, s.known = s.queues[0].input.Due(), true
		if t.chain.Due != nil {
			s.due = min(s.due, t.chain.Due(plan.StreamClock))
		}
	}
	wait := s.timeout
	if d := s.due - s.latest(); d > int64(maxWait/time.Millisecond) {
		return at, false
	} else if d > 0 {
		wait = max(wait, time.Duration(d)*time.Millisecond)
	}
	return s.since.Add(wait), true
}

const (
	// maxWait is what a duration can hold, and longer than any wait.
	maxWait = 200 * 365 * 24 * time.Hour
	// confirmWait is the time between looks at what isn't confirmed yet. It's about
	// that of a long poll, by whose end the answer of a broker comes.
	confirmWait = 100 * time.Millisecond
)

// idleWake returns when to look at a source again, as idleDue does.
func (t *Task) idleWake(s *idleSource) (at time.Time, ok bool) {
	at, ok = t.idleDue(s)
	if at.Before(s.again) {
		at = s.again
	}
	return at, ok
}

// moveIdle moves the time of idle sources on that are due, as far as it's certain
// that there was nothing to read of any input: records may wait where the leader of
// a partition can't be reached, and they would come too late.
func (t *Task) moveIdle() error {
	if len(t.idle) == 0 {
		return nil
	}
	t.noteIdle()
	for _, s := range t.idle {
		at, ok := t.idleDue(s)
		if !ok {
			continue
		}
		now := t.env.Now()
		if now.Before(at) || now.Before(s.again) {
			continue
		}
		certain := t.certain(now)
		if certain.Before(at) {
			s.again = now.Add(confirmWait)
			continue
		}
		if err := t.advance(s, s.latest()+certain.Sub(s.since).Milliseconds()); err != nil {
			return err
		}
	}
	return nil
}

// certain returns until when there was nothing to read of any input, at most now.
func (t *Task) certain(now time.Time) time.Time {
	if t.confirmed == nil {
		return now
	}
	for _, q := range t.queues {
		if at := t.confirmed(q.tp, q.position); at.Before(now) {
			now = at
		}
	}
	return now
}

// advance moves the time of a source on. An error is an *Error; a user function's
// panic is one, too.
func (t *Task) advance(s *idleSource, to int64) (err error) {
	// What record caches hold back was processed before, and would be late behind it.
	if err := t.flush(); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = t.failed(nil, fmt.Errorf("idle timeout of %s: %w", s.node, plan.Recovered(p)))
		}
	}()
	t.stir()
	t.current, t.env.Due, t.env.From = nil, false, plan.Origin{Partition: -1, Offset: -1}
	if err := s.queues[0].input.Advance(to); err != nil {
		return t.failed(nil, fmt.Errorf("idle timeout of %s: %w", s.node, err))
	}
	for _, q := range s.queues {
		q.moved = max(q.moved, to)
	}
	t.env.StreamTime = max(t.env.StreamTime, to)
	return t.punctuate(plan.StreamClock, t.env.StreamTime)
}
