package op

import (
	"math"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// Tumbling are windows without overlap, in milliseconds.
type Tumbling struct{ Size, Grace int64 }

// window returns the window that a timestamp (>= 0) belongs to.
func (w Tumbling) window(ts int64) (start, end int64) {
	start = ts - ts%w.Size
	if start > math.MaxInt64-w.Size {
		return start, math.MaxInt64
	}
	return start, start + w.Size
}

// WindowAggregate keeps an aggregate of each key's records by window. storeTime
// is the stream time that the store has kept, so that what is late remains late
// after a restart. Every record that advances stream time is written to the store,
// so the operator needs no clock of its own, which a rollback would have to reset.
func WindowAggregate[K, V, A any](n Node, w Tumbling, store *statestore.Window[K, A], storeTime func() int64,
	fold Fold[K, V, A], out Func[serde.Windowed[K], Change[A]]) Func[K, V] {
	var o Record[serde.Windowed[K], Change[A]]
	return func(r *Record[K, V]) error {
		if r.NullKey {
			return n.drop(plan.DropNullKey)
		}
		start, end := w.window(r.Timestamp)
		if end <= max(storeTime(), r.Timestamp)-w.Grace {
			return n.drop(plan.DropLate)
		}
		n.enter()
		old, ts, found, err := store.Get(r.Key, start)
		if err != nil {
			return n.fail(err)
		}
		c := fold(r, old, found)
		ts = rowTime(r.Timestamp, ts, found)
		if c.HasNew {
			err = store.Put(r.Key, start, c.New, ts)
		} else {
			err = store.Delete(r.Key, start, r.Timestamp)
		}
		if err != nil {
			return n.fail(err)
		}
		o = Record[serde.Windowed[K], Change[A]]{
			Key:   serde.Windowed[K]{Key: r.Key, Start: start, End: end},
			Value: c, Timestamp: ts, Headers: r.Headers,
		}
		return out(&o)
	}
}
