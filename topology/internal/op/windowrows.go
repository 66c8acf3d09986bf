package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/cache"
	"github.com/oncestream/oncestream/topology/serde"
)

// WindowRows is a windowed table that an operator keeps: its store, and where its
// changes go.
type WindowRows[K, A any] struct {
	Node  Node
	Store *statestore.Window[K, A]
	Clock *Clock
	// Grace is in milliseconds.
	Grace int64
	Late  Lateness
	Out   Func[serde.Windowed[K], Change[A]]
	// Held is as in Rows.
	Held *Held[serde.Windowed[K], A]
	// Old says that something behind the operator makes use of old values.
	Old bool
	// Zero makes what a window starts with, which is the old value of its first change.
	// It's nil where that's the first record's value.
	Zero func() A

	// again says that old values must be made once more, because the user's function
	// may change them in place.
	again bool
	aggs  nulls[A]
}

// prepare is called once the rows are what the operator will use.
func (w *WindowRows[K, A]) prepare() {
	w.again, w.aggs = w.Old && sharesMemory[A](), nullsOf[A]()
}

// before sets the old value of a change that was made of the window that starts at
// from, if it was found. Nothing has been written yet.
func (w *WindowRows[K, A]) before(key K, from int64, found bool, c *Change[A]) (err error) {
	switch {
	case !w.again:
	case found:
		c.Old, _, c.HasOld, err = w.Store.Get(key, from)
	case w.Zero != nil:
		w.Node.enter()
		c.Old = w.Zero()
		w.Node.leave()
		c.HasOld = !w.aggs.is(c.Old)
	}
	return err
}

// closed returns the time that windows must not have ended before, once a record
// was seen.
func (w *WindowRows[K, A]) closed(record int64) int64 {
	return w.Clock.see(record) - w.Grace
}

// late drops a record for a closed window.
func (w *WindowRows[K, A]) late(timestamp int64, headers []record.Header, start, end int64) error {
	return w.Late.late(w.Node, timestamp, headers, plan.LateError{Start: start, End: end, StreamTime: w.Clock.see(timestamp)})
}

// put replaces a row, or deletes it where the change has no new value: the
// tombstone in the changelog has the record's own time, though the change
// downstream has the row's.
func (w *WindowRows[K, A]) put(key K, start int64, c *Change[A], row, record int64) error {
	err := w.hold(key, start)
	switch {
	case err != nil:
	case c.HasNew:
		err = w.Store.Put(key, start, c.New, row)
	default:
		err = w.Store.Delete(key, start, record)
	}
	if err != nil {
		return w.Node.fail(err)
	}
	return nil
}

// hold takes note of a row that's about to be written.
func (w *WindowRows[K, A]) hold(key K, start int64) error {
	if w.Held == nil {
		return nil
	}
	raw, err := w.Store.RowKey(key, start)
	if err != nil {
		return err
	}
	return w.Held.cache.Before(raw, cache.Unknown)
}
