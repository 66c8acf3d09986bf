package op

// Transformer makes a new row of one, whose value is null where it was deleted; ok
// is false for none.
type Transformer[K, V, W any] func(r *Record[K, V]) (w W, ok bool, err error)

// TransformTable replaces the values of rows by what f makes of them. Unlike
// MapTable it calls f for deleted rows, too, and f may fail.
func TransformTable[K, V, W any](n Node, f Transformer[K, V, W], t Rows[K, W], out Func[K, Change[W]]) Func[K, Change[V]] {
	var o Record[K, Change[W]]
	f = entered(n, f)
	in := Record[K, V]{}
	return func(r *Record[K, Change[V]]) (err error) {
		o = Record[K, Change[W]]{Key: r.Key, Value: Change[W]{Past: r.Value.Past, Unsent: r.Value.Unsent && !t.stored()}, Timestamp: r.Timestamp, Headers: r.Headers}
		c := &o.Value
		in = Record[K, V]{Key: r.Key, Value: r.Value.New, NullValue: !r.Value.HasNew, Timestamp: r.Timestamp, Headers: r.Headers}
		if c.New, c.HasNew, err = f(&in); err != nil {
			return err
		}
		if t.stored() {
			if c.Old, c.HasOld, err = t.old(r.Key); err != nil {
				return n.fail(err)
			}
		} else if t.Old {
			in.Value, in.NullValue = r.Value.Old, !r.Value.HasOld
			if c.Old, c.HasOld, err = f(&in); err != nil {
				return err
			}
		}
		return t.pass(n, &o, out)
	}
}

// TransformRows reads what f makes of rows. Where there's none it gets stream time
// as the time.
func TransformRows[K, V, W any](n Node, f Transformer[K, V, W], rows Lookup[K, V]) Lookup[K, W] {
	f = entered(n, f)
	in := Record[K, V]{}
	return func(key K) (w W, ts int64, ok bool, err error) {
		v, ts, found, err := rows(key)
		if err != nil {
			return w, 0, false, err
		}
		if !found {
			ts = n.Env.StreamTime
		}
		in = Record[K, V]{Key: key, Value: v, NullValue: !found, Timestamp: ts}
		w, ok, err = f(&in)
		return w, ts, ok, err
	}
}

// entered returns f with what belongs around user code and its results.
func entered[K, V, W any](n Node, f Transformer[K, V, W]) Transformer[K, V, W] {
	vals := nullsOf[W]()
	return func(r *Record[K, V]) (W, bool, error) {
		n.enter()
		w, ok, err := f(r)
		n.leave()
		return w, ok && !vals.is(w), err
	}
}
