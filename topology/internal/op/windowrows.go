package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
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
	var err error
	if c.HasNew {
		err = w.Store.Put(key, start, c.New, row)
	} else {
		err = w.Store.Delete(key, start, record)
	}
	if err != nil {
		return w.Node.fail(err)
	}
	return nil
}
