package op

// MapTable replaces the values of rows by what f makes of them. It isn't called
// for a deleted row, which stays deleted; a nil result deletes the row.
func MapTable[K, V, W any](n Node, f func(K, V) W, t Rows[K, W], out Func[K, Change[W]]) Func[K, Change[V]] {
	var (
		o    Record[K, Change[W]]
		vals = nullsOf[W]()
	)
	return func(r *Record[K, Change[V]]) error {
		n.at()
		o = Record[K, Change[W]]{Key: r.Key, Value: Change[W]{Past: r.Value.Past, Unsent: r.Value.Unsent && !t.stored()}, Timestamp: r.Timestamp, Headers: r.Headers}
		c := &o.Value
		if r.Value.HasNew {
			n.enter()
			c.New = f(r.Key, r.Value.New)
			n.leave()
			c.HasNew = !vals.is(c.New)
		}
		var err error
		if t.stored() {
			c.Old, c.HasOld, err = t.old(r.Key)
		} else if t.Old && r.Value.HasOld {
			n.enter()
			c.Old = f(r.Key, r.Value.Old)
			n.leave()
			c.HasOld = !vals.is(c.Old)
		}
		if err != nil {
			return n.fail(err)
		}
		return t.pass(n, &o, out)
	}
}

// MapRows reads what f makes of rows.
func MapRows[K, V, W any](n Node, f func(K, V) W, rows Lookup[K, V]) Lookup[K, W] {
	vals := nullsOf[W]()
	return func(key K) (w W, ts int64, ok bool, err error) {
		v, ts, ok, err := rows(key)
		if err != nil || !ok {
			return w, ts, false, err
		}
		n.enter()
		w = f(key, v)
		n.leave()
		return w, ts, !vals.is(w), nil
	}
}
