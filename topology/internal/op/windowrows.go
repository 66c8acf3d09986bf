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
	Clock Clock
	// Grace is in milliseconds.
	Grace int64
	Late  Lateness
	Out   Func[serde.Windowed[K], Change[A]]
	// Held is as in Rows.
	Held *Held[serde.Windowed[K], A]
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
	err := w.before(key, start)
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

// before takes note of a row that's about to be written.
func (w *WindowRows[K, A]) before(key K, start int64) error {
	if w.Held == nil {
		return nil
	}
	raw, err := w.Store.RowKey(key, start)
	if err != nil {
		return err
	}
	return w.Held.cache.Before(raw, cache.Unknown)
}
