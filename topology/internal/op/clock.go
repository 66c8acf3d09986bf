package op

// Clock is the stream time of an operator: the highest timestamp that it has seen.
type Clock struct {
	// Store is the stream time of the operator's store, so that what is late remains
	// late after a restart. Every record that advances stream time is written to the
	// store, so such an operator needs no time of its own. It's nil for one that
	// shares its store with others: then it has a time of its own, which starts with
	// the task.
	Store func() int64
	own   int64
}

// see returns stream time with a record.
func (c *Clock) see(record int64) int64 {
	if c.Store != nil {
		return max(c.Store(), record)
	}
	c.own = max(c.own, record)
	return c.own
}

// remember has the clock go back with a record that is taken back. A store's stream
// time does so by itself.
func (c *Clock) remember(n Node) {
	if c.Store == nil {
		remember(n, &c.own)
	}
}
