package op

import (
	"iter"

	"github.com/oncestream/oncestream/topology/serde"
)

// before returns an operator that sees to closed windows before the aggregation
// gets a record that moves its time.
func before[K, V, A any](c *closing[K, A], moves func(*Record[K, V]) bool, aggregate Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		if moves(r) {
			if err := c.see(r.Timestamp, r.Headers); err != nil {
				return err
			}
		}
		return aggregate(r)
	}
}

// onClose takes the output of a windowed table over: new rows are noted, and closed
// windows of the given length are sent. delay is in addition to the grace.
func (w *WindowRows[K, A]) onClose(k serde.Serde[K], length, delay int64) *closing[K, A] {
	store := w.Store
	c := &closing[K, A]{node: w.Node, delay: w.Grace + delay, clock: w.Clock}
	c.start(k, w.Out)
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
	c.row = func(key serde.Windowed[K]) (row closedRow[K, A], ok bool, err error) {
		row.window = key
		row.value, row.ts, ok, err = store.Get(key.Key, key.Start)
		return row, ok, err
	}
	w.Old = false
	w.Out = func(r *Record[serde.Windowed[K], Change[A]]) error {
		if !r.Value.HasNew || r.Value.hadRow() {
			return nil
		}
		return c.note(&r.Key)
	}
	return c
}

// WindowsOnClose is WindowAggregate that sends each row once, when its window has
// closed.
func WindowsOnClose[K, V, A any](rows WindowRows[K, A], k serde.Serde[K], w Windows, fold Fold[K, V, A]) Func[K, V] {
	c := rows.onClose(k, w.Size, 0)
	return before(c, func(r *Record[K, V]) bool { return !r.NullKey }, WindowAggregate(rows, w, fold))
}

// SlidingOnClose is SlidingAggregate that sends each row once, when its window has
// closed. The window's end is within it, so that's a moment later.
func SlidingOnClose[K, V, A any](rows WindowRows[K, A], k serde.Serde[K], difference int64, fold Fold[K, V, A]) Func[K, V] {
	c := rows.onClose(k, difference, 1)
	return before(c, func(r *Record[K, V]) bool { return !r.NullKey && !r.NullValue }, SlidingAggregate(rows, difference, fold))
}
