package op

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
)

// calls notes the calls of schedules.
type calls struct {
	Schedules
	t   *testing.T
	got []string
}

func (c *calls) add(name string, at, every int64) *Schedule {
	return c.Add(plan.StreamClock, at, every, func(now int64) error {
		c.got = append(c.got, fmt.Sprint(name, now))
		return nil
	})
}

func (c *calls) at(now int64, want ...string) {
	c.t.Helper()
	for due := c.Due(plan.StreamClock); due <= now && due != plan.Never; due = c.Due(plan.StreamClock) {
		if err := c.Punctuate(plan.StreamClock, now); err != nil {
			c.t.Fatal(err)
		}
	}
	if !slices.Equal(c.got, want) {
		c.t.Errorf("at %d: called %v, want %v", now, c.got, want)
	}
	c.got = nil
}

func TestSchedulesCollapseWhatWasMissed(t *testing.T) {
	c := &calls{t: t}
	c.at(5)
	c.add("a", 0, 10)
	c.at(5, "a5")
	c.at(9)
	c.at(10, "a10")
	c.at(47, "a47")
	c.at(12)
	c.at(49)
	c.at(50, "a50")
	if due := c.Due(plan.StreamClock); due != 60 {
		t.Errorf("due at %d, want 60", due)
	}
	if due := c.Due(plan.WallClock); due != plan.Never {
		t.Errorf("by the other clock due at %d, want never", due)
	}
}

// The order of what falls together was taken from a java.util.PriorityQueue with the
// same moves.
func TestSchedulesThatFallTogether(t *testing.T) {
	c := &calls{t: t}
	for _, name := range []string{"a", "b", "c", "d"} {
		c.add(name, 0, 10)
	}
	c.at(0, "a0", "d0", "b0", "c0")
	c.at(10, "b10", "c10", "a10", "d10")
	c.at(20, "a20", "d20", "b20", "c20")
	c.at(35, "b35", "c35", "a35", "d35")
}

func TestCancelledSchedulesArentCalled(t *testing.T) {
	c := &calls{t: t}
	a := c.add("a", 0, 10)
	var self *Schedule
	self = c.Add(plan.StreamClock, 0, 10, func(int64) error {
		c.got = append(c.got, "once")
		self.Cancel()
		return nil
	})
	c.at(0, "a0", "once")
	a.Cancel()
	a.Cancel()
	c.at(20)
	if due := c.Due(plan.StreamClock); due != plan.Never {
		t.Errorf("due at %d, want never", due)
	}
}

// A function that is scheduled meanwhile is called at once where it's due.
func TestSchedulesWithinACall(t *testing.T) {
	c := &calls{t: t}
	c.Add(plan.StreamClock, 0, 100, func(now int64) error {
		c.add("inner", 0, 1000)
		return nil
	})
	c.at(5, "inner5")
}

func TestScheduleThatFails(t *testing.T) {
	c := &calls{t: t}
	bad := errors.New("bad")
	c.Add(plan.StreamClock, 0, 1, func(int64) error { return bad })
	c.add("b", 1, 1)
	if err := c.Punctuate(plan.StreamClock, 5); !errors.Is(err, bad) || len(c.got) > 0 {
		t.Errorf("got %v after %v", err, c.got)
	}
	if due := c.Due(plan.StreamClock); due != 1 {
		t.Errorf("due at %d: the next call is made all the same, where a handler goes on", due)
	}
}

func TestAfter(t *testing.T) {
	for _, c := range []struct{ start, every, now, want int64 }{
		{0, 10, 0, 10},
		{0, 10, 9, 10},
		{0, 10, 10, 20},
		{3, 10, 12, 13},
		{3, 10, 13, 23},
		{0, 1, math.MaxInt64 - 1, plan.Never},
		{0, math.MaxInt64, 1, plan.Never},
		{5, math.MaxInt64, 6, plan.Never},
		{0, 1, math.MaxInt64, plan.Never},
	} {
		if got := After(c.start, c.every, c.now); got != c.want {
			t.Errorf("After(%d, %d, %d) = %d, want %d", c.start, c.every, c.now, got, c.want)
		}
	}
	c := &calls{t: t}
	c.add("last", math.MaxInt64-1, 5)
	c.at(math.MaxInt64, fmt.Sprint("last", int64(math.MaxInt64)))
	c.at(math.MaxInt64)
}
