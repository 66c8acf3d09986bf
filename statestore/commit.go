package statestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Changes calls yield for each key that the open transaction has changed, once,
// with its last write in changelog form: for a window store the key has window
// start and sequence number behind it, for a session store end and start; the
// value is raw and nil for a tombstone; the timestamp is the value's own, or what
// the delete was given. The order is that of the first writes. A versioned store's
// writes all come, in their order: each is a version of its own. Key and value are
// valid during the call and must not be written. An error of yield ends it and is
// returned as it is.
func (s *Store) Changes(yield func(key, value []byte, timestamp int64) error) error {
	if err := s.readable(); err != nil {
		return err
	}
	entries, skip := s.overlay.entries, 0
	if s.spec.Kind == VersionedKeyValue {
		entries = s.overlay.log
	} else if s.segment > 0 {
		skip = segmentLen
	}
	for i := range entries {
		e := &entries[i]
		if e.silent {
			continue
		}
		key, value := unsafeBytes(e.key)[skip:], e.value[timestampLen:]
		if e.deleted {
			value = nil
		}
		if err := yield(key, value, e.timestamp()); err != nil {
			return err
		}
	}
	return nil
}

// Stage puts the writes of the open transaction into a batch, together with the
// changelog offset to apply next, stream time and the wall clock. A store without
// writes may be staged as well, for its offset. Until Applied or Discard the store
// takes no writes.
func (s *Store) Stage(b *Batch, next int64) error {
	if err := s.owned(); err != nil {
		return err
	}
	if next < 0 {
		return s.wrap("stage", fmt.Errorf("negative changelog offset %d", next))
	}
	part, err := b.on(s.db, s.backend)
	if err != nil {
		return s.wrap("stage", err)
	}
	s.staged = s.current
	s.staged.next, s.staged.appliedAt = next, time.Now().UnixMilli()
	if err := s.stage(part, &s.staged); err != nil {
		return s.wrap("stage", err)
	}
	s.isStaged = true
	return nil
}

func (s *Store) stage(part engineBatch, p *progress) error {
	if err := s.expire(part, p); err != nil {
		return err
	}
	for i := range s.overlay.entries {
		e := &s.overlay.entries[i]
		if s.segment > 0 && segmentOf(e.key) < p.expiredBefore {
			continue // the range delete has come before
		}
		if e.deleted && s.spec.Kind == DuplicateWindow {
			continue // its number is its own: there's nothing to delete
		}
		s.scratch = append(append(s.scratch[:0], s.prefix...), e.key...)
		var err error
		if e.deleted {
			err = part.delete(s.scratch)
		} else {
			err = part.set(s.scratch, e.value)
		}
		if err != nil {
			return err
		}
	}
	p.topic = s.topic
	s.scratch = p.checkpoint.append(s.scratch[:0])
	return part.set(s.meta, s.scratch)
}

// segmentOf returns the segment id of an overlay's key.
func segmentOf(key string) int64 {
	return int64(binary.BigEndian.Uint64(unsafeBytes(key)))
}

// expire deletes the segments whose entries are all past their retention.
func (s *Store) expire(part engineBatch, p *progress) error {
	if s.segment == 0 {
		return nil
	}
	before := s.firstLive(p.windowTime) / s.segment
	if before <= p.expiredBefore {
		return nil
	}
	lower := binary.BigEndian.AppendUint64(s.engineKey(nil), uint64(p.expiredBefore))
	upper := binary.BigEndian.AppendUint64(s.engineKey(nil), uint64(before))
	p.expiredBefore = before
	return part.deleteRange(lower, upper)
}

// firstLive returns the earliest time of an entry within retention. As in Kafka
// Streams, retention counts from the latest window start and leaves out its end, which
// the history of a versioned store includes.
func (s *Store) firstLive(windowTime int64) int64 {
	if s.spec.Kind == VersionedKeyValue {
		return max(windowTime-s.retention, 0)
	}
	return max(windowTime-s.retention+1, 0)
}

// Applied ends the transaction after the batch with its writes was committed. It
// does nothing unless the store was staged.
func (s *Store) Applied() {
	if !s.isStaged {
		return
	}
	s.applied, s.current, s.isStaged = s.staged, s.staged, false
	s.trim()
	s.overlay.reset()
}

// Discard drops the writes of the open transaction, and what was restored into a
// batch that wasn't committed: the store is what its engine holds.
func (s *Store) Discard() {
	s.current, s.isStaged = s.applied, false
	s.trim()
	s.overlay.reset()
}

// maxScratch is how much memory for values is kept from one transaction to the
// next.
const maxScratch = 64 << 10

func (s *Store) trim() {
	if cap(s.value) > maxScratch {
		s.value = nil
	}
	if cap(s.scratch) > maxScratch {
		s.scratch = nil
	}
}

// Wipe drops all state of the store's partition, its offset and the open
// transaction. It doesn't wait for the disk: after a crash the state may be back as
// it was before, with its offset, and whatever spoke against it still does.
func (s *Store) Wipe() error {
	if err := s.owned(); err != nil {
		return err
	}
	b := s.db.NewBatch()
	err := s.stageWipe(b)
	if err == nil {
		err = b.Commit()
	}
	if err = errors.Join(err, b.Close()); err != nil {
		return s.wrap("wipe", err)
	}
	s.wiped()
	return nil
}

// stageWipe puts the deletion of all state into a batch. After its commit comes
// wiped.
func (s *Store) stageWipe(b *Batch) error {
	part, err := b.on(s.db, s.backend)
	if err != nil {
		return err
	}
	return errors.Join(part.deleteRange(s.prefix, s.end), part.delete(s.meta))
}

func (s *Store) wiped() {
	s.applied = progress{checkpoint: newCheckpoint()}
	s.Discard()
}
