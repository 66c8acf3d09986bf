package statestore

import "errors"

// ErrClosed is the error of using a DB or a Store after its Close.
var ErrClosed = errors.New("closed")

// engine is an ordered map of bytes with atomic batches. Its methods may be
// called by several goroutines at once.
type engine interface {
	// get appends the key's value to dst. Without the key it returns dst as it was.
	get(key, dst []byte) (value []byte, ok bool, err error)
	// scan visits the entries of [lower, upper) in key order, as they were when it
	// was called, until visit returns false. Key and value are valid during the
	// visit.
	scan(lower, upper []byte, visit func(key, value []byte) bool) error
	// newBatch returns an empty batch, which its user closes.
	newBatch() engineBatch
	// size estimates the bytes that the entries of [lower, upper) take.
	size(lower, upper []byte) (uint64, error)
	// flush returns when all that was committed survives a crash.
	flush() error
	// flushAsync starts a flush, unless one is running.
	flushAsync() error
	close() error
}

// engineBatch collects writes; the later of two writes to a key wins.
type engineBatch interface {
	set(key, value []byte) error
	delete(key []byte) error
	// deleteRange deletes [lower, upper) as it is at this point of the batch.
	deleteRange(lower, upper []byte) error
	// len is the size of the batch in bytes.
	len() int
	commit() error
	close() error
}
