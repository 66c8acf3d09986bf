package statestore

import "fmt"

// Error is what went wrong with a store. Unless its cause is an [EncodeError], a
// record isn't to blame for it: the state can't be relied on.
type Error struct {
	// Store and Partition name the state.
	Store     string
	Partition int32
	// Action is what was tried.
	Action string
	Err    error
}

// Error names the store and the action.
func (e *Error) Error() string {
	return fmt.Sprintf("store %q partition %d: %s: %v", e.Store, e.Partition, e.Action, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
