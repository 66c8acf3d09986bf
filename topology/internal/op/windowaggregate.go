package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/serde"
)

// WindowAggregate keeps an aggregate of each key's records by window. The windows
// of one record are updated in the order of time.
func WindowAggregate[K, V, A any](rows WindowRows[K, A], w Windows, fold Fold[K, V, A]) Func[K, V] {
	var o Record[serde.Windowed[K], Change[A]]
	rows.prepare()
	rows.Clock.begin(rows.Node)
	update := func(r *Record[K, V], start, end int64) error {
		rows.Node.at()
		old, ts, found, err := rows.Store.Get(r.Key, start)
		if err != nil {
			return rows.Node.fail(err)
		}
		c := fold(r, old, found)
		c.Unsent = !found
		if err := rows.before(r.Key, start, found, &c); err != nil {
			return rows.Node.fail(err)
		}
		ts = rowTime(r.Timestamp, ts, found)
		if err := rows.put(r.Key, start, &c, ts, r.Timestamp); err != nil {
			return err
		}
		o = Record[serde.Windowed[K], Change[A]]{
			Key:   serde.Windowed[K]{Key: r.Key, Start: start, End: end},
			Value: c, Timestamp: ts, Headers: r.Headers,
		}
		return rows.Out(&o)
	}
	return func(r *Record[K, V]) error {
		if r.NullKey {
			return rows.Node.drop(plan.DropNullKey)
		}
		closed := rows.closed(r.Timestamp)
		for start := w.first(r.Timestamp); start <= r.Timestamp && start != none; start = w.next(start) {
			end := w.end(start)
			if end <= closed {
				if err := rows.late(r.Timestamp, r.Headers, start, end); err != nil {
					return err
				}
				continue
			}
			if err := update(r, start, end); err != nil {
				return err
			}
		}
		return nil
	}
}
