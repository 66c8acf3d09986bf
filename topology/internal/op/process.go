package op

// Process hands records to f, which is the node's processor.
func Process[K, V any](n Node, f func(*Record[K, V]) error) Func[K, V] {
	return func(r *Record[K, V]) error {
		n.enter()
		return f(r)
	}
}

// Enter says that the node's own code goes on.
func (n Node) Enter() { n.enter() }

// Normal makes the flags for nulls and the key and value of a record that a user
// made agree.
type Normal[K, V any] struct {
	keys   nulls[K]
	values nulls[V]
}

// NormalOf looks at the types once.
func NormalOf[K, V any]() Normal[K, V] { return Normal[K, V]{nullsOf[K](), nullsOf[V]()} }

// Apply changes what doesn't agree: a nil is null, and a null is the zero value.
func (n Normal[K, V]) Apply(r *Record[K, V]) {
	if r.NullKey = r.NullKey || n.keys.is(r.Key); r.NullKey {
		var none K
		r.Key = none
	}
	if r.NullValue = r.NullValue || n.values.is(r.Value); r.NullValue {
		var none V
		r.Value = none
	}
}
