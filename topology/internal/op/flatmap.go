package op

import "iter"

// FlatMap passes on each pair that f makes of a record. A nil sequence is empty.
func FlatMap[K, V, J, W any](n Node, f func(K, V) iter.Seq2[J, W], out Func[J, W]) Func[K, V] {
	var (
		o    Record[J, W]
		err  error
		keys = nullsOf[J]()
		vals = nullsOf[W]()
	)
	// One yield for all records: a range loop's body would be allocated for each.
	yield := func(key J, value W) bool {
		if err != nil {
			return false
		}
		n.leave()
		o.Key, o.NullKey = key, keys.is(key)
		o.Value, o.NullValue = value, vals.is(value)
		err = out(&o)
		n.enter()
		return err == nil
	}
	return func(r *Record[K, V]) error {
		err = nil
		o.Timestamp, o.Headers = r.Timestamp, r.Headers
		n.enter()
		if pairs := f(r.Key, r.Value); pairs != nil {
			pairs(yield)
		}
		n.leave()
		return err
	}
}

// FlatMapValues passes on a record for each value that f makes of one.
func FlatMapValues[K, V, W any](n Node, f func(V) []W, out Func[K, W]) Func[K, V] {
	var (
		o    Record[K, W]
		vals = nullsOf[W]()
	)
	return func(r *Record[K, V]) error {
		n.enter()
		values := f(r.Value)
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
