package statestore

import (
	"errors"
	"fmt"
	"hash/fnv"
	"time"
)

// Store is the state of one store's partition, with the writes of the open
// transaction on top. It's used by one goroutine at a time. [NewKeyValue] and its
// like give access to its entries.
type Store struct {
	db        *DB
	backend   *backend
	spec      Spec
	partition int32
	// topic is the checkpoint's, of the next one.
	topic uint64
	// prefix and end bound the store's keys in the engine; meta is the key of the
	// checkpoint.
	prefix, end, meta []byte
	// segment and retention are in milliseconds. A segment of 0 means that entries
	// don't expire.
	segment, retention int64

	overlay overlay
	// current is the state with the open transaction, staged the one that's in a
	// batch, and applied the one that's in the engine.
	current, staged, applied progress
	isStaged, closed         bool
	// reader says that the partition is another store's, which this one only reads.
	reader  bool
	expired int64
	// merges and visits are those of scans that aren't in use.
	merges []*merge
	visits []*segmentVisit
	// value holds what was read from the engine until the next read.
	value []byte
	// scratch is for keys and values on their way into a batch.
	scratch []byte
}

// progress is how far a store's partition has come.
type progress struct {
	checkpoint
	// expiredBefore is the segment id below which all segments were deleted. It isn't
	// persisted: after opening they are deleted once more.
	expiredBefore int64
}

func newStore(db *DB, be *backend, r registration, spec Spec, partition int32) (*Store, error) {
	s := &Store{
		db: db, backend: be, spec: spec, partition: partition,
		prefix:    appendPrefix(nil, spaceData, r.id, partition),
		meta:      appendPrefix(nil, spaceCheckpoint, r.id, partition),
		segment:   r.segment,
		retention: int64(spec.Retention / time.Millisecond),
		applied:   progress{checkpoint: newCheckpoint()},
	}
	s.end = prefixEnd(s.prefix)
	b, ok, err := be.get(s.meta, nil)
	if err != nil {
		return nil, s.wrap("read checkpoint", err)
	}
	if ok {
		if s.applied.checkpoint, err = decodeCheckpoint(b); err != nil {
			return nil, s.wrap("read checkpoint", err)
		}
	}
	s.current = s.applied
	return s, nil
}

// Name returns the store's name.
func (s *Store) Name() string { return s.spec.Name }

// Spec returns the specification that the store was opened with.
func (s *Store) Spec() Spec { return s.spec }

// Partition returns the number of the partition.
func (s *Store) Partition() int32 { return s.partition }

// Offset returns the changelog offset to apply next: up to it the engine's state
// is complete. It's not ok where nothing is known and the state is empty.
func (s *Store) Offset() (next int64, ok bool) { return max(s.applied.next, 0), s.applied.next >= 0 }

// Follow says which topic the offsets of the store are those of from now on. It
// returns false if the engine's state is at an offset of another one, from which it
// can't be continued: it has to be wiped.
func (s *Store) Follow(topic string) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(topic)) // never fails
	was := s.applied.topic
	s.topic = h.Sum64()
	return s.applied.next < 0 || was == 0 || was == s.topic
}

// AppliedAt returns the wall clock of the apply that Offset belongs to, with
// millisecond precision, or the zero time.
func (s *Store) AppliedAt() time.Time { return s.applied.appliedTime() }

// StreamTime returns the highest timestamp that was put, deleted with or restored,
// in milliseconds, or -1. It survives restarts, and takes the open transaction's
// writes into account until they are discarded.
func (s *Store) StreamTime() int64 { return s.current.streamTime }

// Expired returns how many writes since opening were dropped because they were
// past their retention. As in Kafka Streams, a store on disk takes, and hides,
// what falls into a segment that isn't past it as a whole, and doesn't count it.
func (s *Store) Expired() int64 { return s.expired }

// UncommittedBytes returns about how much memory the writes of the open
// transaction take.
func (s *Store) UncommittedBytes() int { return s.overlay.bytes() }

// SizeBytes estimates how many bytes the state takes in the engine. What has not
// been flushed to disk yet isn't in the estimate.
func (s *Store) SizeBytes() (uint64, error) {
	if err := s.readable(); err != nil {
		return 0, err
	}
	n, err := s.backend.size(s.prefix, s.end)
	return n, s.wrap("estimate size", err)
}

// Close drops the open transaction and gives up the ownership of the partition,
// which may then be opened again. It may be called more than once.
func (s *Store) Close() {
	if s.closed {
		return
	}
	s.Discard()
	s.closed = true
	s.overlay = overlay{}
	if !s.reader {
		s.db.release(storeKey{s.spec.Name, s.partition})
	}
}

// wrap adds the store's coordinates to an error.
func (s *Store) wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Store: s.spec.Name, Partition: s.partition, Action: action, Err: err}
}

func (s *Store) readable() error {
	if s.closed {
		return s.wrap("use", ErrClosed)
	}
	return nil
}

var (
	errStaged = errors.New("between Stage and Applied or Discard")
	errReader = errors.New("a global store is written by its own topic alone: send a record to it")
)

// owned refuses what only the owner of the partition may do.
func (s *Store) owned() error {
	if s.reader {
		return s.wrap("write", errReader)
	}
	return s.readable()
}

// writable refuses writes that Applied would drop.
func (s *Store) writable() error {
	if s.isStaged {
		return s.wrap("write", errStaged)
	}
	return s.owned()
}

// engineKey returns the key in the engine.
func (s *Store) engineKey(key []byte) []byte {
	b := make([]byte, 0, prefixLen+len(key))
	return append(append(b, s.prefix...), key...)
}

// get returns the timestamp and value of a key, which comes with the partition's
// prefix. The value is valid until the next call.
func (s *Store) get(key []byte) (value []byte, ok bool, err error) {
	if err := s.readable(); err != nil {
		return nil, false, err
	}
	if e := s.overlay.find(key[prefixLen:]); e != nil {
		return e.value, !e.deleted, nil
	}
	s.value, ok, err = s.backend.get(key, s.value[:0])
	if err != nil {
		return nil, false, s.wrap("get", err)
	}
	if ok && len(s.value) < timestampLen {
		return nil, false, s.wrap("get", fmt.Errorf("value %x is too short for its timestamp", s.value))
	}
	return s.value, ok, nil
}

// put writes a key, which comes with the partition's prefix. The value starts with
// its timestamp, a tombstone has nothing else.
func (s *Store) put(key, value []byte, timestamp int64, deleted bool) error {
	if err := s.writable(); err != nil {
		return err
	}
	s.current.streamTime = max(s.current.streamTime, timestamp)
	s.overlay.put(key[prefixLen:], value, deleted)
	return nil
}
