package op

import (
	"errors"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// Process hands records to f, which is the node's processor.
func Process[K, V any](n Node, f func(*Record[K, V]) error) Func[K, V] {
	return func(r *Record[K, V]) error {
		n.enter()
		err := f(r)
		n.leave()
		return err
	}
}

// Enter says that the user's code of this node is called next, or goes on.
func (n Node) Enter() { n.enter() }

// Leave says that the user's code has returned, or calls another node.
func (n Node) Leave() { n.leave() }

// Blame marks an error that a processor has returned as one of the user's code,
// unless it's one of a store.
func Blame(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*statestore.Error](err); ok {
		return err // isUsers knows which of these are about a record
	}
	return &plan.UserError{Err: err}
}

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
