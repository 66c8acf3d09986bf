package op

// Filter passes on the records for which keep answers want.
func Filter[K, V any](n Node, keep func(K, V) bool, want bool, out Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		n.enter()
		kept := keep(r.Key, r.Value)
		n.leave()
		if kept != want {
			return nil
		}
		return out(r)
	}
}

// DropNullKeys passes on the records with a key. It stands before a repartition
// topic: null keys have no partition of their own, and what reads the topic
// has no use for them. They aren't counted as dropped.
func DropNullKeys[K, V any](out Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		if r.NullKey {
			return nil
		}
		return out(r)
	}
}
