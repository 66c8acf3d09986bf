package op

// Peek shows each record to f and passes it on.
func Peek[K, V any](n Node, f func(K, V), out Func[K, V]) Func[K, V] {
	return func(r *Record[K, V]) error {
		n.enter()
		f(r.Key, r.Value)
		n.leave()
		return out(r)
	}
}
