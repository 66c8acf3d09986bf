package op

import "github.com/oncestream/oncestream/topology/serde"

// FilterWindowed keeps the rows of a windowed table for which keep answers want. A
// row that doesn't pass is a deleted one for what stands behind, whether it passed
// before or not.
func FilterWindowed[K, V any](n Node, keep func(serde.Windowed[K], V) bool, want bool,
	out Func[serde.Windowed[K], Change[V]]) Func[serde.Windowed[K], Change[V]] {
	var o Record[serde.Windowed[K], Change[V]]
	return func(r *Record[serde.Windowed[K], Change[V]]) error {
		o = Record[serde.Windowed[K], Change[V]]{Key: r.Key, Timestamp: r.Timestamp, Headers: r.Headers}
		n.enter()
		if c := &r.Value; c.HasNew && keep(r.Key, c.New) == want {
			o.Value.New, o.Value.HasNew = c.New, true
		}
		n.leave()
		return out(&o)
	}
}

// MapWindowed replaces the values of a windowed table by what f makes of them. A
// nil result is a deleted row.
func MapWindowed[K, V, W any](n Node, f func(V) W, out Func[serde.Windowed[K], Change[W]]) Func[serde.Windowed[K], Change[V]] {
	var (
		o    Record[serde.Windowed[K], Change[W]]
		vals = nullsOf[W]()
	)
	return func(r *Record[serde.Windowed[K], Change[V]]) error {
		o = Record[serde.Windowed[K], Change[W]]{Key: r.Key, Timestamp: r.Timestamp, Headers: r.Headers}
		if c := &r.Value; c.HasNew {
			n.enter()
			o.Value.New = f(c.New)
			n.leave()
			o.Value.HasNew = !vals.is(o.Value.New)
		}
		return out(&o)
	}
}
