package op

import "slices"

// Branch passes a record to the output of the first predicate that holds, or to
// the last output, which is one more than there are predicates.
func Branch[K, V any](n Node, when []func(K, V) bool, outs []Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		n.enter()
		i := slices.IndexFunc(when, func(holds func(K, V) bool) bool { return holds(r.Key, r.Value) })
		n.leave()
		if i < 0 {
			i = len(when)
		}
		return outs[i](r)
	}
}
