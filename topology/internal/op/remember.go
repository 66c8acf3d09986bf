package op

import "github.com/oncestream/oncestream/internal/plan"

// remember has v come back to what it was when a record is taken back. What an
// operator keeps from one record to the next beside its stores needs it.
func remember[T any](n Node, v *T) {
	if n.Env.Remember == nil {
		return
	}
	var was T
	n.Env.Remember(plan.Memory{
		Mark: func() { was = *v },
		Undo: func() error { *v = was; return nil },
	})
}

// sendDue passes on a result whose time has come.
func sendDue[K, V any](n Node, out Func[K, V], r *Record[K, V]) error {
	was := n.Env.Due
	n.Env.Due = true
	err := out(r)
	n.Env.Due = was
	return err
}
