package statestore

import "errors"

// EncodeError is the cause of an error of a call whose key or value a serde
// refused. The call has changed nothing, and the store is sound: the failure is
// that of the record.
type EncodeError struct {
	// Err is what the serde returned.
	Err error
}

// Error returns the serde's text.
func (e *EncodeError) Error() string { return e.Err.Error() }

// Unwrap returns the serde's error.
func (e *EncodeError) Unwrap() error { return e.Err }

// refused names the store in the error of a serde that encodes part, a key or a
// value. A serde that breaks its contract isn't told from other failures by that:
// whatever it returned can't be relied on.
func (s *Store) refused(part string, err error) error {
	if !errors.Is(err, errShortened) {
		err = &EncodeError{err}
	}
	return s.wrap("encode "+part, err)
}
