package op

import "github.com/oncestream/oncestream/statestore"

// KeepForJoin keeps the records of one side of a join of two streams for the
// other side, after the join has seen them: where both sides are one stream, a
// record then meets itself once.
func KeepForJoin[K, V any](n Node, store *statestore.JoinWindow[K, V], out Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		if err := out(r); err != nil || r.NullKey {
			return err
		}
		n.at()
		var err error
		if r.NullValue {
			err = store.PutNull(r.Key, r.Timestamp)
		} else {
			err = store.Put(r.Key, r.Timestamp, r.Value)
		}
		if err != nil {
			return n.fail(err)
		}
		return nil
	}
}
