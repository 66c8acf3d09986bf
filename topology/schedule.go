package topology

import (
	"errors"
	"fmt"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// ScheduleClock is the time that a schedule goes by.
type ScheduleClock uint8

// The clocks.
const (
	// ByStreamTime goes by [ProcessingContext.StreamTime], which only records move.
	ByStreamTime = ScheduleClock(plan.StreamClock)
	// ByWallClock goes by [ProcessingContext.Now].
	ByWallClock = ScheduleClock(plan.WallClock)
)

// Schedule is a function that is called at intervals.
type Schedule struct{ s *op.Schedule }

// Cancel ends the calls. The function may cancel itself, and more than once.
func (s *Schedule) Cancel() { s.s.Cancel() }

// Schedule has f called at intervals, of at least a millisecond; fractions of a
// millisecond are left out.
//
// By stream time it's due at the multiples of the interval, the first of which is
// 0: a schedule made before the task's first record is due with that record, and
// one made while a record is processed behind that record. After a restart Init
// goes on with the next multiple. By the wall clock it's due an interval from now,
// and after a restart an interval from then.
//
// f is called behind the record that made it due, and gets the time that the clock
// shows, in milliseconds since the Unix epoch. It may forward and store, in the
// transaction of that record. However many intervals have passed, it's called once.
// An error stops the application.
func (c *ProcessingContext) Schedule(every time.Duration, by ScheduleClock, f func(now int64) error) (*Schedule, error) {
	ms := every.Milliseconds()
	if err := c.checkSchedule(ms, by, f); err != nil {
		return nil, err
	}
	at := int64(0)
	switch {
	case by == ByWallClock:
		at = op.After(c.clock(by), ms, c.clock(by))
	case c.outside == "Init" && c.StreamTime() >= 0:
		at = op.After(0, ms, c.StreamTime())
	}
	return c.schedule(at, ms, by, f), nil
}

// ScheduleFrom has f called as Schedule does, but at a start, which can't be before
// the Unix epoch, and at whole intervals from it. Where the start is over, the first
// call is due at the next such time, so a restart doesn't shift it (KIP-1146).
func (c *ProcessingContext) ScheduleFrom(start time.Time, every time.Duration, by ScheduleClock, f func(now int64) error) (*Schedule, error) {
	at, ms := start.UnixMilli(), every.Milliseconds()
	if err := c.checkSchedule(ms, by, f); err != nil {
		return nil, err
	}
	if at < 0 {
		return nil, fmt.Errorf("%s: ScheduleFrom: the start %v is before the Unix epoch", c.at.Name, start)
	}
	if now := c.clock(by); at < now {
		at = op.After(at, ms, now)
	}
	return c.schedule(at, ms, by, f), nil
}

// clock returns what a clock shows, in milliseconds.
func (c *ProcessingContext) clock(by ScheduleClock) int64 {
	if by == ByWallClock {
		return c.Now().UnixMilli()
	}
	return c.StreamTime()
}

func (c *ProcessingContext) checkSchedule(ms int64, by ScheduleClock, f func(now int64) error) error {
	switch {
	case f == nil:
		return fmt.Errorf("%s: Schedule needs a function, got nil", c.at.Name)
	case ms < 1:
		return fmt.Errorf("%s: Schedule: the interval must be at least 1ms", c.at.Name)
	case by != ByStreamTime && by != ByWallClock:
		return fmt.Errorf("%s: Schedule: %d is no clock: use ByStreamTime or ByWallClock", c.at.Name, by)
	case c.at.Env.Task == plan.GlobalTask():
		return fmt.Errorf("%s: Schedule: the processor of a global store can't schedule functions", c.at.Name)
	case c.outside == "Close":
		return fmt.Errorf("%s: Schedule: %w", c.at.Name, errEnded)
	}
	return nil
}

var errEnded = errors.New("the task has ended")

func (c *ProcessingContext) schedule(at, every int64, by ScheduleClock, f func(now int64) error) *Schedule {
	return &Schedule{c.schedules.Add(plan.Clock(by), at, every, func(now int64) error {
		return c.at.Scheduled(now, func() error {
			c.begin()
			c.at.Enter()
			err := f(now)
			c.at.Leave()
			return c.finish(err)
		})
	})}
}
