package op

// Branch passes a record to the output of the first predicate that holds, or to
// the last output, which is one more than there are predicates.
func Branch[K, V any](n Node, when []func(K, V) bool, outs []Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		n.enter()
		for i, holds := range when {
			if holds(r.Key, r.Value) {
				return outs[i](r)
			}
		}
		return outs[len(when)](r)
	}
}
