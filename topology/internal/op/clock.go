package op

import "github.com/oncestream/oncestream/internal/plan"

// Clock is the stream time of an operator: the highest timestamp that it has seen,
// or the time that an idle timeout has moved it to.
type Clock struct {
	// Store is the stream time of the operator's store, so that what is late remains
	// late after a restart. Every record that advances stream time is written to the
	// store, so such an operator needs no time of its own. It's nil for one that
	// shares its store with others: then it has a time of its own, which starts with
	// the task.
	Store func() int64
	// own is the time of its own, or that which an idle timeout has moved it to.
	own int64
	// closing is what is sent when windows close; nil where nothing is.
	closing interface {
		next() int64
		advance(to int64) error
	}
}

// now returns stream time.
func (c *Clock) now() int64 {
	if c.Store != nil {
		return max(c.Store(), c.own)
	}
	return c.own
}

// see returns stream time with a record.
func (c *Clock) see(record int64) int64 {
	if c.Store != nil {
		return max(c.Store(), c.own, record)
	}
	c.own = max(c.own, record)
	return c.own
}

// begin has the clock go back with a record that is taken back (a store's stream
// time does so by itself), and go on with idle timeouts.
func (c *Clock) begin(n Node) {
	if c.Store == nil {
		remember(n, &c.own)
	}
	c.own = max(c.own, n.keepTime(plan.Timed{Due: c.due, Advance: c.advance}))
}

func (c *Clock) due() int64 {
	if c.closing == nil {
		return plan.Never
	}
	return c.closing.next()
}

func (c *Clock) advance(to int64) error {
	if c.closing != nil {
		if err := c.closing.advance(to); err != nil {
			return err
		}
	}
	c.own = max(c.own, to)
	return nil
}

// keepTime has idle timeouts move an operator's stream time on. It returns how far
// they had moved it when the task ended, or -1.
func (n Node) keepTime(t plan.Timed) int64 {
	if n.Env.Timed == nil {
		return -1
	}
	return n.Env.Timed(n.Name, t)
}
