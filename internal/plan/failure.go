package plan

import (
	"fmt"
	"runtime/debug"

	"github.com/oncestream/oncestream/internal/record"
)

// Failure is what went wrong with a record at a node.
type Failure struct {
	Node string
	// Timestamp and Headers are those of the record that the node got, which operators
	// before it may have changed.
	Timestamp int64
	Headers   []record.Header
	// NoRecord says that what failed isn't the record or the punctuation at hand, but
	// something that waited for its time.
	NoRecord bool
	// Output is the topic of a record that couldn't be written. It's empty for other
	// failures, and where the topic wasn't chosen yet.
	Output string
	Err    error
}

// UserError marks an error as one of the user's code: it's about a record, and not
// about the framework around it. Handlers decide on these errors and on panics of
// the user's code alone; all others stop the task.
type UserError struct{ Err error }

// Error returns the text of the cause.
func (e *UserError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UserError) Unwrap() error { return e.Err }

// Refused marks the error of an Output about the one record that it was given: the
// record wasn't taken, and nothing else has changed.
type Refused struct{ Err error }

// Error returns the text of the cause.
func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Refused) Unwrap() error { return e.Err }

// PanicError is a panic as an error.
type PanicError struct {
	// Value is what the code panicked with.
	Value any
	// Stack is the stack of the goroutine at the panic.
	Stack []byte
}

// Recovered returns what recover has returned as an error. It's to be called by the
// deferred function, where the stack is still there.
func Recovered(value any) *PanicError { return &PanicError{Value: value, Stack: debug.Stack()} }

// Error tells the value and the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Unwrap returns the value if it's an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Memory is what an operator keeps beside its stores.
type Memory struct {
	// Mark notes it as it is when a record begins.
	Mark func()
	// Undo brings back what the last Mark has noted. The stores are back already.
	Undo func() error
}

// LateError says why a record was dropped as late.
type LateError struct {
	// Start and End are those of the window that the record was too late for, as its
	// key has them, in milliseconds since the Unix epoch.
	Start, End int64
	// StreamTime is what it was late against.
	StreamTime int64
}

// Error tells all three.
func (e *LateError) Error() string {
	return fmt.Sprintf("the record is late: its window from %d to %d had closed by stream time %d", e.Start, e.End, e.StreamTime)
}
