package op

// Map passes on the pair that f makes of each record. A null value stays null
// where W has no nil; a key is never null then.
func Map[K, V, J, W any](n Node, f func(K, V) (J, W), out Func[J, W]) Func[K, V] {
	var (
		o    Record[J, W]
		keys = nullsOf[J]()
		vals = nullsOf[W]()
	)
	return func(r *Record[K, V]) error {
		n.enter()
		key, value := f(r.Key, r.Value)
		n.leave()
		nullValue := vals.or(value, r.NullValue)
		if nullValue {
			value = *new(W)
		}
		o = Record[J, W]{
			Key: key, NullKey: keys.is(key),
			Value: value, NullValue: nullValue,
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(&o)
	}
}

// SelectKey replaces the key by what f makes of each record.
func SelectKey[K, V, J any](n Node, f func(K, V) J, out Func[J, V]) Func[K, V] {
	var (
		o    Record[J, V]
		keys = nullsOf[J]()
	)
	return func(r *Record[K, V]) error {
		n.enter()
		key := f(r.Key, r.Value)
		n.leave()
		o = Record[J, V]{
			Key: key, NullKey: keys.is(key),
			Value: r.Value, NullValue: r.NullValue,
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(&o)
	}
}
