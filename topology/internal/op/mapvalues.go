package op

// MapValues replaces the value by what f makes of it. A null value isn't shown
// to f where V has no nil: it stays null.
func MapValues[K, V, W any](n Node, f func(V) W, out Func[K, W]) Func[K, V] {
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
			o.Value = f(r.Value)
			n.leave()
			o.NullValue = vals.is(o.Value)
		}
		return out(&o)
	}
}
