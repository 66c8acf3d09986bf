package statestore

import (
	"errors"
	"fmt"
)

// Batch collects the writes of any number of stores, which Commit applies at
// once.
type Batch struct {
	db     *DB
	disk   engineBatch
	memory engineBatch
	done   bool
}

// NewBatch returns an empty batch. Close it.
func (db *DB) NewBatch() *Batch { return &Batch{db: db} }

// on returns the part of the batch for a backend.
func (b *Batch) on(db *DB, be *backend) (engineBatch, error) {
	if b.done {
		return nil, fmt.Errorf("batch: %w", ErrClosed)
	}
	if b.db != db {
		return nil, errors.New("batch of another DB")
	}
	part := &b.memory
	if be == db.disk {
		part = &b.disk
	}
	if *part == nil {
		*part = be.newBatch()
	}
	return *part, nil
}

// Commit applies the batch: of all stores in it, and of their offsets, everything
// or nothing. It doesn't wait for the disk: after a crash the batch may be gone,
// and then all later ones are as well. A batch is committed once.
func (b *Batch) Commit() error {
	if b.done {
		return fmt.Errorf("commit state: batch: %w", ErrClosed)
	}
	b.done = true
	// A commit to memory fails only on a closed DB, so no failure comes between the
	// two. A crash takes the memory with it.
	for _, part := range [...]engineBatch{b.disk, b.memory} {
		if part == nil {
			continue
		}
		if err := part.commit(); err != nil {
			return fmt.Errorf("commit state: %w", err)
		}
	}
	return nil
}

// Len returns the size of the batch in bytes, 0 when it's empty.
func (b *Batch) Len() int {
	n := 0
	if b.disk != nil {
		n += b.disk.len()
	}
	if b.memory != nil {
		n += b.memory.len()
	}
	return n
}

// Close gives the batch's memory back. What wasn't committed is dropped. It may be
// called more than once.
func (b *Batch) Close() error {
	b.done = true
	var errs []error
	for _, part := range [...]*engineBatch{&b.disk, &b.memory} {
		if *part != nil {
			errs = append(errs, (*part).close())
			*part = nil
		}
	}
	return errors.Join(errs...)
}

// closeAfter closes a batch and joins its error to one that came before.
func closeAfter(b engineBatch, err error) error { return errors.Join(err, b.close()) }
