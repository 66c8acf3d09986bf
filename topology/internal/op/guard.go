package op

import (
	"errors"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Guard has the task's handler decide on failures of the user's code at the node,
// where there's a handler: with a nil answer the record ends there, what was done
// before stays, and whoever sent the record goes on with its other children.
//
// Only what is known to be the user's is put to the handler: a panic while the
// user's code runs, and errors that say so. To skip a record because a store or a
// transaction has failed would lose it.
func Guard[K, V any](n Node, f Func[K, V]) Func[K, V] {
	if n.Env.Failed == nil {
		return f
	}
	return func(r *Record[K, V]) (err error) {
		defer n.rescue(&err, r.Timestamp, r.Headers, false)
		n.leave() // whoever sends records isn't in the user's code meanwhile
		return f(r)
	}
}

// Attempt runs what a node does for another reason than the record at hand, and has
// its failures decided on in the same way, as ones without a record.
func (n Node) Attempt(timestamp int64, headers []record.Header, f func() error) (err error) {
	if n.Env.Failed == nil {
		return f()
	}
	defer n.rescue(&err, timestamp, headers, true)
	n.leave()
	return f()
}

// Scheduled runs what a processor has scheduled, and has its failures decided on in
// the same way. It's the unit of work at hand itself, so it can be taken back.
func (n Node) Scheduled(now int64, f func() error) (err error) {
	if n.Env.Failed == nil {
		return f()
	}
	defer n.rescue(&err, now, nil, false)
	n.leave()
	return f()
}

// rescue is the end of what a node does. It must be deferred itself, or there's
// nothing to recover.
func (n Node) rescue(err *error, timestamp int64, headers []record.Header, noRecord bool) {
	if n.Env.InUser {
		if p := recover(); p != nil {
			*err = &plan.UserError{Err: plan.Recovered(p)}
		}
		n.leave()
	}
	if *err == nil || !isUsers(*err) {
		return
	}
	n.at()
	failure := &plan.Failure{Node: n.Name, Timestamp: timestamp, Headers: headers, NoRecord: noRecord, Err: cause(*err)}
	if *err = n.Env.Failed(failure); *err != nil {
		*err = &decided{*err}
	}
}

// isUsers returns whether a handler may decide on an error.
func isUsers(err error) bool {
	if _, ok := errors.AsType[*decided](err); ok {
		return false
	}
	if _, ok := errors.AsType[*plan.UserError](err); ok {
		return true
	}
	_, ok := errors.AsType[*statestore.EncodeError](err)
	return ok
}

// cause leaves out the mark, which says nothing to the handler.
func cause(err error) error {
	if u, ok := err.(*plan.UserError); ok {
		return u.Err
	}
	return err
}

// decided is an error that a handler was asked about: the nodes further up must not
// ask again.
type decided struct{ err error }

// Error returns the text of the cause.
func (d *decided) Error() string { return d.err.Error() }

// Unwrap returns the cause.
func (d *decided) Unwrap() error { return d.err }

// refuse marks an error of the user's serde, or about what the user's code has
// returned.
func (n Node) refuse(err error) error { return &plan.UserError{Err: n.fail(err)} }
