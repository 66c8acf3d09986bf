package op

import (
	"iter"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// closing sends the rows of closed windows, once each, before the record that
// closes them is processed: storing that record may move the time of the store so
// far that they're gone (KIP-825).
//
// What was sent before isn't kept anywhere. Every record that advances stream time
// is written to the store, so all windows that ended before the store's stream time
// were sent in the transaction that moved it there.
type closing[K, A any] struct {
	node Node
	// delay is how much later than a window's last moment it's closed.
	delay int64
	clock *Clock
	// rows lists windows by their ends, from one end on.
	rows func(from int64) iter.Seq2[closedRow[K, A], error]
	out  Func[serde.Windowed[K], Change[A]]
	// due is an end that no window has before it that wasn't sent. It starts as
	// unknown, which is before all ends.
	due int64
	o   Record[serde.Windowed[K], Change[A]]
}

const unknown = 0

// closedRow is a row of a windowed table.
type closedRow[K, A any] struct {
	window serde.Windowed[K]
	value  A
	ts     int64
}

// updated notes a window that was written.
func (c *closing[K, A]) updated(r *Record[serde.Windowed[K], Change[A]]) error {
	c.due = min(c.due, r.Key.End)
	return nil
}

// next returns the stream time at which the next window is closed.
func (c *closing[K, A]) next() int64 {
	if c.due == unknown {
		c.due = Never
		for row, err := range c.rows(max(0, c.clock.now()-c.delay+1)) {
			if err != nil {
				c.due = unknown
				return 0 // it fails as well when it's sent
			}
			c.due = row.window.End
			break
		}
	}
	return plus(c.due, c.delay)
}

// advance sends what an idle timeout closes.
func (c *closing[K, A]) advance(to int64) error { return c.see(to, nil) }

// see sends what a record at the timestamp closes.
func (c *closing[K, A]) see(ts int64, headers []record.Header) error {
	before := c.clock.now()
	if last := ts - c.delay; ts > before && last >= c.due {
		return c.send(before-c.delay, last, headers)
	}
	return nil
}

// send passes on the windows that ended after one time and until another.
func (c *closing[K, A]) send(after, until int64, headers []record.Header) error {
	c.due = Never
	c.node.at()
	for row, err := range c.rows(max(0, after+1)) {
		if err != nil {
			return c.node.fail(err)
		}
		if row.window.End > until {
			c.due = row.window.End
			break
		}
		c.o = Record[serde.Windowed[K], Change[A]]{
			Key: row.window, Value: Change[A]{New: row.value, HasNew: true},
			Timestamp: row.ts, Headers: headers,
		}
		if err := sendDue(c.node, c.out, &c.o); err != nil {
			return err
		}
	}
	return nil
}

// before returns an operator that sees to closed windows before the aggregation
// gets a record that moves its time.
func before[K, V, A any](c *closing[K, A], moves func(*Record[K, V]) bool, aggregate Func[K, V]) Func[K, V] {
	remember(c.node, &c.due)
	return func(r *Record[K, V]) error {
		if moves(r) {
			if err := c.see(r.Timestamp, r.Headers); err != nil {
				return err
			}
		}
		return aggregate(r)
	}
}

// onClose takes the output of a windowed table over: updates are noted, and closed
// windows of the given length are sent. delay is in addition to the grace.
func (w *WindowRows[K, A]) onClose(length, delay int64) *closing[K, A] {
	store := w.Store
	c := &closing[K, A]{node: w.Node, delay: w.Grace + delay, clock: w.Clock, out: w.Out}
	w.Clock.closing = c
	c.rows = func(from int64) iter.Seq2[closedRow[K, A], error] {
		return func(yield func(closedRow[K, A], error) bool) {
			for e, err := range store.FetchByTime(max(0, from-length), Never) {
				key := serde.Windowed[K]{Key: e.Key, Start: e.Start, End: plus(e.Start, length)}
				if !yield(closedRow[K, A]{key, e.Value, e.Timestamp}, err) {
					return
				}
			}
		}
	}
	w.Out, w.Old = c.updated, false
	return c
}

// WindowsOnClose is WindowAggregate that sends each row once, when its window has
// closed.
func WindowsOnClose[K, V, A any](rows WindowRows[K, A], w Windows, fold Fold[K, V, A]) Func[K, V] {
	c := rows.onClose(w.Size, 0)
	return before(c, func(r *Record[K, V]) bool { return !r.NullKey }, WindowAggregate(rows, w, fold))
}

// SlidingOnClose is SlidingAggregate that sends each row once, when its window has
// closed. The window's end is within it, so that's a moment later.
func SlidingOnClose[K, V, A any](rows WindowRows[K, A], difference int64, fold Fold[K, V, A]) Func[K, V] {
	c := rows.onClose(difference, 1)
	return before(c, func(r *Record[K, V]) bool { return !r.NullKey && !r.NullValue }, SlidingAggregate(rows, difference, fold))
}

// SessionsOnClose is SessionAggregate that sends each row once, when its session
// has closed.
func SessionsOnClose[K, V, A any](rows SessionRows[K, A], fold Fold[K, V, A], merge Merge[K, A]) Func[K, V] {
	store := rows.Store
	c := &closing[K, A]{node: rows.Node, delay: rows.Grace + rows.Gap + 1, clock: rows.Clock, out: rows.Out}
	rows.Clock.closing = c
	c.rows = func(from int64) iter.Seq2[closedRow[K, A], error] {
		return func(yield func(closedRow[K, A], error) bool) {
			for e, err := range store.FetchByEnd(from, Never) {
				key := serde.Windowed[K]{Key: e.Key, Start: e.Start, End: e.End}
				if !yield(closedRow[K, A]{key, e.Value, e.End}, err) {
					return
				}
			}
		}
	}
	rows.Out, rows.Old = c.updated, false
	return before(c, func(r *Record[K, V]) bool { return !r.NullKey }, SessionAggregate(rows, fold, merge))
}
