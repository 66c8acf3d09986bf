package op

import "github.com/oncestream/oncestream/topology/serde"

// FilterWindowed keeps the rows of a windowed table for which keep answers want. A
// row that doesn't pass any more is a deleted one for what stands behind.
func FilterWindowed[K, V any](n Node, keep func(serde.Windowed[K], V) bool, want bool,
	out Func[serde.Windowed[K], Change[V]]) Func[serde.Windowed[K], Change[V]] {
	var o Record[serde.Windowed[K], Change[V]]
	passes := rowFilter(n, keep, want)
	return func(r *Record[serde.Windowed[K], Change[V]]) error {
		o = Record[serde.Windowed[K], Change[V]]{Key: r.Key, Value: Change[V]{Unsent: r.Value.Unsent}, Timestamp: r.Timestamp, Headers: r.Headers}
		if c := &r.Value; c.HasNew && passes(r.Key, c.New) {
			o.Value.New, o.Value.HasNew = c.New, true
		}
		if c := &r.Value; c.HasOld && passes(r.Key, c.Old) {
			o.Value.Old, o.Value.HasOld = c.Old, true
		}
		if !o.Value.HasOld && !o.Value.HasNew {
			return nil
		}
		return out(&o)
	}
}

// MapWindowed replaces the values of a windowed table by what f makes of them. A
// nil result is a deleted row. With old set something behind makes use of old
// values.
func MapWindowed[K, V, W any](n Node, f func(serde.Windowed[K], V) W, old bool, out Func[serde.Windowed[K], Change[W]]) Func[serde.Windowed[K], Change[V]] {
	var (
		o    Record[serde.Windowed[K], Change[W]]
		vals = nullsOf[W]()
	)
	return func(r *Record[serde.Windowed[K], Change[V]]) error {
		o = Record[serde.Windowed[K], Change[W]]{Key: r.Key, Value: Change[W]{Unsent: r.Value.Unsent}, Timestamp: r.Timestamp, Headers: r.Headers}
		if c := &r.Value; c.HasNew {
			n.enter()
			o.Value.New = f(r.Key, c.New)
			n.leave()
			o.Value.HasNew = !vals.is(o.Value.New)
		}
		if c := &r.Value; old && c.HasOld {
			n.enter()
			o.Value.Old = f(r.Key, c.Old)
			n.leave()
			o.Value.HasOld = !vals.is(o.Value.Old)
		}
		return out(&o)
	}
}
