package op

import "github.com/oncestream/oncestream/topology/serde"

// Changes turns the changes of a table into records of the new values; a deleted
// row is a null.
func Changes[K, V any](out Func[K, V]) Func[K, Change[V]] {
	var o Record[K, V]
	return func(r *Record[K, Change[V]]) error {
		o = Record[K, V]{
			Key: r.Key, NullKey: r.NullKey,
			Value: r.Value.New, NullValue: !r.Value.HasNew,
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(&o)
	}
}

// RekeyChanges is Changes for a windowed table, with the keys that f makes of
// the windowed ones.
func RekeyChanges[K, V, J any](n Node, f func(serde.Windowed[K]) J, out Func[J, V]) Func[serde.Windowed[K], Change[V]] {
	var (
		o    Record[J, V]
		keys = nullsOf[J]()
	)
	return func(r *Record[serde.Windowed[K], Change[V]]) error {
		n.enter()
		key := f(r.Key)
		n.leave()
		o = Record[J, V]{
			Key: key, NullKey: keys.is(key),
			Value: r.Value.New, NullValue: !r.Value.HasNew,
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(&o)
	}
}
