package op

import (
	"container/heap"

	"github.com/oncestream/oncestream/internal/plan"
)

// Schedules are what the processors of one task have scheduled, by clock.
type Schedules struct {
	queues [2]schedules
	marked [2][]marked
}

// marked is a schedule as it was at a mark.
type marked struct {
	*Schedule
	cancelled bool
}

// Schedule is a function that is called at intervals.
type Schedule struct {
	at, every int64
	run       func(now int64) error
	cancelled bool
}

// Cancel ends the calls. It may be called within one, and again.
func (s *Schedule) Cancel() { s.cancelled = true }

// Add schedules calls of run at a time and then at intervals, in milliseconds.
func (s *Schedules) Add(by plan.Clock, at, every int64, run func(now int64) error) *Schedule {
	added := &Schedule{at: at, every: every, run: run}
	heap.Push(&s.queues[by], added)
	return added
}

// Due returns when the next call is due by a clock, or plan.Never.
func (s *Schedules) Due(by plan.Clock) int64 {
	if q := s.queues[by]; len(q) > 0 {
		return q[0].at
	}
	return plan.Never
}

// Punctuate makes the call that's due first; there must be one. However many times
// it was missed, its next time is the first one after now, also where it fails:
// a handler may let it go on.
func (s *Schedules) Punctuate(by plan.Clock, now int64) error {
	q := &s.queues[by]
	due := heap.Pop(q).(*Schedule)
	if due.cancelled {
		return nil
	}
	err := due.run(now)
	due.at = After(due.at, due.every, now)
	if !due.cancelled {
		heap.Push(q, due)
	}
	return err
}

// Mark notes which schedules there are.
func (s *Schedules) Mark() {
	for by, q := range s.queues {
		s.marked[by] = s.marked[by][:0]
		for _, scheduled := range q {
			s.marked[by] = append(s.marked[by], marked{scheduled, scheduled.cancelled})
		}
	}
}

// Undo takes back what was scheduled and cancelled since the mark. A call that was
// made counts all the same, or it would be due again at once.
func (s *Schedules) Undo() error {
	for by, was := range s.marked {
		clear(s.queues[by])
		q := s.queues[by][:0]
		for _, m := range was {
			m.Schedule.cancelled = m.cancelled
			q = append(q, m.Schedule)
		}
		heap.Init(&q)
		s.queues[by] = q
	}
	return nil
}

// After returns the first time after now of those that begin at start and come at
// intervals, or plan.Never beyond the end of time. start is not after now.
func After(start, every, now int64) int64 {
	next := start + ((now-start)/every+1)*every
	if next <= now { // beyond the largest number
		return plan.Never
	}
	return next
}

// schedules is a heap by time alone. Among equals its order is that of Java's
// PriorityQueue, which moves entries in the same way, so that the results of
// schedules that fall together come in the order of Kafka Streams.
type schedules []*Schedule

func (q schedules) Len() int           { return len(q) }
func (q schedules) Less(i, j int) bool { return q[i].at < q[j].at }
func (q schedules) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *schedules) Push(x any) { *q = append(*q, x.(*Schedule)) }

// Pop implements heap.Interface.
func (q *schedules) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return s
}
