package statestore

import (
	"encoding/binary"
	"errors"

	"github.com/oncestream/oncestream/internal/fault"
)

var (
	errOpenTransaction = errors.New("the open transaction has writes")
	errNullKey         = errors.New("the key is null")
)

// Restore puts a record of the store's changelog into a batch, a tombstone where
// value is nil. The batch has to end with Stage, so that the offset is written with
// the records, and Applied follows its commit. There must be no writes in the open
// transaction.
func (s *Store) Restore(b *Batch, key, value []byte, timestamp int64) error {
	if err := s.writable(); err != nil {
		return err
	}
	if s.hasWrites() && !fault.Mutation("overlay") {
		return s.wrap("restore", errOpenTransaction)
	}
	if key == nil {
		return s.wrap("restore", errNullKey)
	}
	part, err := b.on(s.db, s.backend)
	if err != nil {
		return s.wrap("restore", err)
	}
	s.current.streamTime = max(s.current.streamTime, timestamp)
	switch {
	case s.spec.Kind == VersionedKeyValue:
		err = s.restoreVersion(key, value, timestamp)
	case s.segment > 0:
		err = s.restoreSegmented(part, key, value, timestamp)
	default:
		s.scratch = append(append(s.scratch[:0], s.prefix...), key...)
		err = s.restore(part, value, timestamp)
	}
	return s.wrap("restore", err)
}

// hasWrites tells whether the open transaction has writes. Restored versions are
// in the overlay, but not in its log.
func (s *Store) hasWrites() bool {
	if s.spec.Kind == VersionedKeyValue {
		return len(s.overlay.log) > 0
	}
	return !s.overlay.empty()
}

// restoreSegmented passes over entries past their retention, and deletes segments
// as stream time goes on, so that a long changelog doesn't pile up.
func (s *Store) restoreSegmented(part engineBatch, key, value []byte, timestamp int64) error {
	k, err := s.splitKey(key)
	if err != nil {
		return err
	}
	if s.spec.Kind == DuplicateWindow {
		s.current.sequence = k.sequence()
		if value == nil && !s.spec.InMemory {
			return nil // its number is all that's left of it
		}
	}
	if k.time < s.firstLive(s.current.windowTime) {
		return nil
	}
	if k.time > s.current.windowTime {
		s.current.windowTime = k.time
		if err := s.expire(part, &s.current); err != nil {
			return err
		}
	}
	if s.spec.Kind == DuplicateWindow && value == nil {
		return nil // its number and its time are
	}
	s.scratch = append(s.scratch[:0], s.prefix...)
	s.scratch = binary.BigEndian.AppendUint64(s.scratch, uint64(k.time/s.segment))
	s.scratch = append(s.scratch, key...)
	return s.restore(part, value, timestamp)
}

// restore writes the key in scratch.
func (s *Store) restore(part engineBatch, value []byte, timestamp int64) error {
	if value == nil {
		return part.delete(s.scratch)
	}
	n := len(s.scratch)
	s.scratch = binary.BigEndian.AppendUint64(s.scratch, uint64(timestamp))
	s.scratch = append(s.scratch, value...)
	return part.set(s.scratch[:n:n], s.scratch[n:])
}
