package op

import "github.com/oncestream/oncestream/internal/plan"

// UpdateTable keeps the latest value of each key and passes on the changes. It
// applies records in the order in which they come, whatever their timestamps,
// unless the table is versioned; a null value deletes the row, and is passed on
// even where there was none.
func UpdateTable[K, V any](n Node, t Rows[K, V], out Func[K, Change[V]]) Func[K, V] {
	var o Record[K, Change[V]]
	return func(r *Record[K, V]) error {
		if r.NullKey {
			return n.drop(plan.DropNullKey)
		}
		n.at()
		old, found, err := t.old(r.Key)
		if err != nil {
			return n.fail(err)
		}
		o = Record[K, Change[V]]{
			Key:       r.Key,
			Value:     Change[V]{New: r.Value, HasNew: !r.NullValue, Old: old, HasOld: found},
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		kept, err := t.keep(r.Key, &o.Value, r.Timestamp)
		if err != nil {
			return n.fail(err)
		}
		if !kept {
			return nil
		}
		return out(&o)
	}
}
