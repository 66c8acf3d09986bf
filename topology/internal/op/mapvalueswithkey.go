package op

// MapValuesWithKey is MapValues with a function that sees the key as well.
func MapValuesWithKey[K, V, W any](n Node, f func(K, V) W, out Func[K, W]) Func[K, V] {
	var (
		o    Record[K, W]
		in   = nullsOf[V]()
		vals = nullsOf[W]()
	)
	return func(r *Record[K, V]) error {
		o = Record[K, W]{
			Key: r.Key, NullKey: r.NullKey, NullValue: true,
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		if !r.NullValue || in.nilable {
			n.enter()
			o.Value = f(r.Key, r.Value)
			n.leave()
			o.NullValue = vals.is(o.Value)
		}
		return out(&o)
	}
}

// FlatMapValuesWithKey is FlatMapValues with a function that sees the key as
// well.
func FlatMapValuesWithKey[K, V, W any](n Node, f func(K, V) []W, out Func[K, W]) Func[K, V] {
	var (
		o    Record[K, W]
		vals = nullsOf[W]()
	)
	return func(r *Record[K, V]) error {
		n.enter()
		values := f(r.Key, r.Value)
		n.leave()
		for _, value := range values {
			o = Record[K, W]{
				Key: r.Key, NullKey: r.NullKey,
				Value: value, NullValue: vals.is(value),
				Timestamp: r.Timestamp, Headers: r.Headers,
			}
			if err := out(&o); err != nil {
				return err
			}
		}
		return nil
	}
}
