package op

// FilterTable keeps the rows for which keep answers want. A row that doesn't
// pass is a deleted one for what stands behind.
//
// With old values at hand nothing is sent for a row that didn't pass before
// either. Without them no one knows, so each row that doesn't pass is a deletion.
// So it is behind a versioned table: what's no row now may have been one then.
func FilterTable[K, V any](n Node, keep func(K, V) bool, want bool, t Rows[K, V], out Func[K, Change[V]]) Func[K, Change[V]] {
	var o Record[K, Change[V]]
	passes := rowFilter(n, keep, want)
	return func(r *Record[K, Change[V]]) error {
		n.at()
		o = Record[K, Change[V]]{Key: r.Key, Value: Change[V]{Past: r.Value.Past, Unsent: r.Value.Unsent && !t.stored()}, Timestamp: r.Timestamp, Headers: r.Headers}
		c := &o.Value
		if r.Value.HasNew && passes(r.Key, r.Value.New) {
			c.New, c.HasNew = r.Value.New, true
		}
		var err error
		if t.stored() {
			c.Old, c.HasOld, err = t.current(r.Key)
		} else if t.Old && r.Value.HasOld && passes(r.Key, r.Value.Old) {
			c.Old, c.HasOld = r.Value.Old, true
		}
		if err != nil {
			return n.fail(err)
		}
		if t.Old && !t.OfVersions && !c.HasOld && !c.HasNew {
			return nil
		}
		return t.pass(n, &o, out)
	}
}

// FilterRows reads the rows that pass.
func FilterRows[K, V any](n Node, keep func(K, V) bool, want bool, rows Lookup[K, V]) Lookup[K, V] {
	passes := rowFilter(n, keep, want)
	return func(key K) (v V, ts int64, ok bool, err error) {
		v, ts, ok, err = rows(key)
		if err != nil || !ok {
			return v, ts, false, err
		}
		return v, ts, passes(key, v), nil
	}
}

// rowFilter returns whether a row is one for which keep answers want.
func rowFilter[K, V any](n Node, keep func(K, V) bool, want bool) func(K, V) bool {
	return func(key K, v V) bool {
		n.enter()
		kept := keep(key, v)
		n.leave()
		return kept == want
	}
}
