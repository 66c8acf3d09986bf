package main

import (
	"sync/atomic"
	"time"

	"github.com/oncestream/oncestream"
)

// clock measures the time since an application first ran its tasks.
type clock struct {
	start atomic.Pointer[time.Time]
}

// onState starts the clock at the first change to Running.
func (c *clock) onState(_, to oncestream.State) {
	if to == oncestream.Running {
		now := time.Now()
		c.start.CompareAndSwap(nil, &now)
	}
}

// elapsed returns the time since the start, and 0 before.
func (c *clock) elapsed() time.Duration {
	if start := c.start.Load(); start != nil {
		return time.Since(*start)
	}
	return 0
}
