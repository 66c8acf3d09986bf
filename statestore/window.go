package statestore

import (
	"encoding/binary"
	"iter"
	"math"

	"github.com/oncestream/oncestream/topology/serde"
)

// WindowEntry is an entry of a window store.
type WindowEntry[K, V any] struct {
	Key K
	// Start is the window's start in milliseconds since the Unix epoch.
	Start int64
	Value V
	// Timestamp is that of the value, in milliseconds since the Unix epoch.
	Timestamp int64
}

// Window gives types to the bytes of a Store of the kind TimestampedWindow. It's
// used by one goroutine at a time, the one that uses the Store.
//
// A window is gone when its start lies Spec.Retention or more before the latest
// start: reads don't see it. Writes to it go to the changelog alone; see
// [Store.Expired].
type Window[K, V any] struct {
	codec[K, V]
}

// NewWindow returns typed access to a window store. A store of another kind and a
// nil serde are errors.
func NewWindow[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V]) (*Window[K, V], error) {
	c, err := newCodec(s, k, v, TimestampedWindow)
	if err != nil {
		return nil, err
	}
	return &Window[K, V]{c}, nil
}

// Get returns the value of a key's window and its timestamp; ok tells whether
// there is one.
func (w *Window[K, V]) Get(key K, start int64) (v V, timestamp int64, ok bool, err error) {
	if start < w.s.firstLive(w.s.current.windowTime) {
		return v, 0, false, w.s.readable()
	}
	b, err := w.windowKey(key, start)
	if err != nil {
		return v, 0, false, err
	}
	return w.get(b)
}

// Put sets the value of a key's window. The timestamp is the value's own. A
// negative start is an error.
func (w *Window[K, V]) Put(key K, start int64, v V, timestamp int64) error {
	b, err := w.advance(key, start)
	if err != nil {
		return err
	}
	return w.put(b, v, timestamp)
}

// Delete deletes a key's window, whether it's there or not. The timestamp becomes
// that of the tombstone in the changelog. A negative start is an error.
func (w *Window[K, V]) Delete(key K, start int64, timestamp int64) error {
	b, err := w.advance(key, start)
	if err != nil {
		return err
	}
	return w.delete(b, timestamp)
}

// advance returns the key of a window that's about to be written.
func (w *Window[K, V]) advance(key K, start int64) ([]byte, error) {
	if err := w.s.admit(start); err != nil {
		return nil, err
	}
	b, err := w.windowKey(key, start)
	if err == nil {
		w.s.advance(start)
	}
	return b, err
}

// windowKey encodes the key of a window as it's in the engine.
func (w *Window[K, V]) windowKey(key K, start int64) ([]byte, error) {
	b := binary.BigEndian.AppendUint64(w.prefix(), uint64(start/w.s.segment))
	b, err := w.appendKey(b, key)
	if err != nil {
		return nil, err
	}
	return appendWindowSuffix(b, uint64(start)), nil
}

// Fetch returns the windows of a key that start between from and to, both
// included, in the order of their starts. The loop may write to the store, as with
// [KeyValue.Range]. An error comes with a zero entry and ends the loop.
func (w *Window[K, V]) Fetch(key K, from, to int64) iter.Seq2[WindowEntry[K, V], error] {
	return func(yield func(WindowEntry[K, V], error) bool) {
		if err := w.fetch(key, from, to, yield); err != nil {
			yield(WindowEntry[K, V]{}, err)
		}
	}
}

// FetchAll returns the windows of all keys that start between from and to, both
// included. They come segment by segment, within a segment in the order of the
// bytes of key and start together, and thus for each key in the order of their
// starts; otherwise as Fetch.
func (w *Window[K, V]) FetchAll(from, to int64) iter.Seq2[WindowEntry[K, V], error] {
	return func(yield func(WindowEntry[K, V], error) bool) {
		if err := w.s.scanAll(from, to, w.visit(yield)); err != nil {
			yield(WindowEntry[K, V]{}, err)
		}
	}
}

// FetchByTime returns the windows that FetchAll does in the order of their starts,
// those of one start in the order of the keys' bytes. A segment's are held in
// memory: what the loop writes to the segment that it's in isn't visited.
func (w *Window[K, V]) FetchByTime(from, to int64) iter.Seq2[WindowEntry[K, V], error] {
	return func(yield func(WindowEntry[K, V], error) bool) {
		if err := w.s.scanByTime(from, to, w.visit(yield)); err != nil {
			yield(WindowEntry[K, V]{}, err)
		}
	}
}

// All returns all windows, as FetchAll does.
func (w *Window[K, V]) All() iter.Seq2[WindowEntry[K, V], error] {
	return w.FetchAll(0, math.MaxInt64)
}

func (w *Window[K, V]) fetch(key K, from, to int64, yield func(WindowEntry[K, V], error) bool) error {
	encoded, err := w.encodeKey(key)
	if err != nil {
		return err
	}
	return w.s.scanKey(encoded, from, to, w.visit(yield))
}

// visit returns the visit of a scan that decodes for a loop.
func (w *Window[K, V]) visit(yield func(WindowEntry[K, V], error) bool) timedVisit {
	return func(k timedKey, value []byte) (more bool, err error) {
		e := WindowEntry[K, V]{Start: k.time}
		if e.Key, err = w.decodeKey(k.key); err != nil {
			return false, err
		}
		if e.Value, e.Timestamp, err = w.decodeValue(value); err != nil {
			return false, err
		}
		return yield(e, nil), nil
	}
}
