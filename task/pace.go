package task

import "time"

const (
	// maxTurn is how many records a task processes in a turn at most.
	maxTurn = 256
	// turnTime is how long a turn may take.
	turnTime = 20 * time.Millisecond
)

// pace finds out how many records a task may process before the worker looks at
// the clock and at the other tasks. Most records take microseconds, but one that
// waits for another service takes a thousand times longer, and a turn of many such
// would outlast the transaction's timeout: each would be aborted, and done again,
// for ever. The zero value begins with one record.
type pace struct{ more int }

// records returns the length of the next turn.
func (p *pace) records() int { return 1 + p.more }

// note adapts the next turn to how long one of n records took.
func (p *pace) note(n int, took time.Duration) {
	switch {
	case took > turnTime:
		p.more = int(int64(n)*int64(turnTime)/int64(took)) - 1
	case n > p.more && took < turnTime/2:
		p.more = 2*n - 1
	}
	p.more = min(max(p.more, 0), maxTurn-1)
}
