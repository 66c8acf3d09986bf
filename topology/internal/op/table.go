package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// UpdateTable keeps the latest value of each key and passes on the changes. It
// applies records in the order in which they come, whatever their timestamps; a
// null value deletes the row, and is passed on even where there was none.
func UpdateTable[K, V any](n Node, store *statestore.KeyValue[K, V], out Func[K, Change[V]]) Func[K, V] {
	var o Record[K, Change[V]]
	return func(r *Record[K, V]) error {
		if r.NullKey {
			return n.drop(plan.DropNullKey)
		}
		n.enter()
		old, _, found, err := store.Get(r.Key)
		if err != nil {
			return n.fail(err)
		}
		if r.NullValue {
			err = store.Delete(r.Key, r.Timestamp)
		} else {
			err = store.Put(r.Key, r.Value, r.Timestamp)
		}
		if err != nil {
			return n.fail(err)
		}
		o = Record[K, Change[V]]{
			Key:       r.Key,
			Value:     Change[V]{New: r.Value, HasNew: !r.NullValue, Old: old, HasOld: found},
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(&o)
	}
}
