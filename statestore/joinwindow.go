package statestore

import (
	"encoding/binary"
	"iter"

	"github.com/oncestream/oncestream/topology/serde"
)

// JoinWindow gives types to the bytes of a Store of the kind DuplicateWindow, in
// which a join of two streams keeps the records of one side. It's used by one
// goroutine at a time, the one that uses the Store.
//
// A record is gone when its timestamp lies Spec.Retention or more before the
// latest one: reads don't see it. Writes of it go to the changelog alone; see
// [Store.Expired].
type JoinWindow[K, V any] struct {
	codec[K, V]
}

// NewJoinWindow returns typed access to a window store with duplicates. A store of
// another kind and a nil serde are errors.
func NewJoinWindow[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V]) (*JoinWindow[K, V], error) {
	c, err := newCodec(s, k, v, DuplicateWindow)
	if err != nil {
		return nil, err
	}
	return &JoinWindow[K, V]{c}, nil
}

// Put adds a record, also where there's one of the same key and timestamp already.
// A negative timestamp is an error.
func (w *JoinWindow[K, V]) Put(key K, timestamp int64, v V) error {
	b, err := w.next(key, timestamp)
	if err != nil {
		return err
	}
	if err := w.put(b, v, timestamp); err != nil {
		return err
	}
	w.s.advance(timestamp)
	return nil
}

// PutNull adds a record without a value: to the changelog, as Kafka Streams does,
// but not to what reads see. It's among the latest timestamps of a store in memory
// alone, as there.
func (w *JoinWindow[K, V]) PutNull(key K, timestamp int64) error {
	b, err := w.next(key, timestamp)
	if err != nil {
		return err
	}
	if w.s.spec.InMemory {
		w.s.advance(timestamp)
	}
	return w.delete(b, timestamp)
}

// next returns the key of a new record as it's in the engine. Its number outlives
// a restart: with one used twice, the second record of a key and timestamp would
// replace the first.
func (w *JoinWindow[K, V]) next(key K, timestamp int64) ([]byte, error) {
	if err := w.s.admit(timestamp); err != nil {
		return nil, err
	}
	b := binary.BigEndian.AppendUint64(w.prefix(), uint64(timestamp/w.s.segment))
	b, err := w.appendKey(b, key)
	if err != nil {
		return nil, err
	}
	w.s.current.sequence = (w.s.current.sequence + 1) & maxSequence
	b = binary.BigEndian.AppendUint64(b, uint64(timestamp))
	return binary.BigEndian.AppendUint32(b, uint32(w.s.current.sequence)), nil
}

// Fetch returns the records of a key with timestamps between from and to, both
// included, in the order of their timestamps, those of one timestamp in the order
// of their puts. The loop may write to the store, as with [KeyValue.Range]. An
// error comes with a zero entry and ends the loop.
func (w *JoinWindow[K, V]) Fetch(key K, from, to int64) iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		if err := w.fetch(key, from, to, yield); err != nil {
			yield(Entry[K, V]{}, err)
		}
	}
}

func (w *JoinWindow[K, V]) fetch(key K, from, to int64, yield func(Entry[K, V], error) bool) error {
	encoded, err := w.encodeKey(key)
	if err != nil {
		return err
	}
	return w.s.scanKey(encoded, from, to, func(_ timedKey, value []byte) (bool, error) {
		e := Entry[K, V]{Key: key}
		var err error
		if e.Value, e.Timestamp, err = w.decodeValue(value); err != nil {
			return false, err
		}
		return yield(e, nil), nil
	})
}
