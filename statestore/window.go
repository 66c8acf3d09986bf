package statestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
// start: reads don't see it, and writes to it are dropped and counted in
// [Store.Expired].
type Window[K, V any] struct {
	codec[K, V]
}

// NewWindow returns typed access to a window store. A store of another kind and a
// nil serde are errors.
func NewWindow[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V]) (*Window[K, V], error) {
	c, err := newCodec(s, TimestampedWindow, k, v)
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
	if err != nil || b == nil {
		return err
	}
	return w.put(b, v, timestamp)
}

// Delete deletes a key's window, whether it's there or not. The timestamp becomes
// that of the tombstone in the changelog. A negative start is an error.
func (w *Window[K, V]) Delete(key K, start int64, timestamp int64) error {
	b, err := w.advance(key, start)
	if err != nil || b == nil {
		return err
	}
	return w.delete(b, timestamp)
}

// advance returns the key of a window that's about to be written, or nil where
// it's past its retention.
func (w *Window[K, V]) advance(key K, start int64) ([]byte, error) {
	if err := w.s.writable(); err != nil {
		return nil, err
	}
	if start < 0 {
		return nil, w.s.wrap("write", fmt.Errorf("negative window start %d", start))
	}
	if start < w.s.firstLive(w.s.current.windowTime) {
		w.s.expired++
		return nil, nil
	}
	b, err := w.windowKey(key, start)
	if err == nil {
		w.s.current.windowTime = max(w.s.current.windowTime, start)
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
		if err := w.fetchAll(from, to, yield); err != nil {
			yield(WindowEntry[K, V]{}, err)
		}
	}
}

// All returns all windows, as FetchAll does.
func (w *Window[K, V]) All() iter.Seq2[WindowEntry[K, V], error] {
	return w.FetchAll(0, math.MaxInt64)
}

// clamp narrows a range of starts to those that there may be windows of.
func (w *Window[K, V]) clamp(from, to int64) (int64, int64) {
	now := w.s.current.windowTime
	return max(from, w.s.firstLive(now)), min(to, now)
}

func (w *Window[K, V]) fetch(key K, from, to int64, yield func(WindowEntry[K, V], error) bool) error {
	encoded, err := w.appendKey([]byte{}, key)
	if err != nil {
		return err
	}
	from, to = w.clamp(from, to)
	if from > to {
		return w.s.readable()
	}
	v := windowVisit[K, V]{w: w, key: encoded, from: from, to: to, yield: yield}
	for segment := from / w.s.segment; segment <= to/w.s.segment; segment++ {
		lower := segmentKey(segment, encoded, uint64(from))
		more, err := v.run(lower, segmentKey(segment, encoded, uint64(to)+1))
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// segmentKey returns the first key of a window as it's in the engine, without
// the partition's prefix.
func segmentKey(segment int64, key []byte, start uint64) []byte {
	b := make([]byte, 0, segmentLen+len(key)+windowSuffixLen)
	b = append(binary.BigEndian.AppendUint64(b, uint64(segment)), key...)
	return appendWindowSuffix(b, start)
}

func (w *Window[K, V]) fetchAll(from, to int64, yield func(WindowEntry[K, V], error) bool) error {
	from, to = w.clamp(from, to)
	if from > to {
		return w.s.readable()
	}
	v := windowVisit[K, V]{w: w, from: from, to: to, yield: yield}
	lower := binary.BigEndian.AppendUint64(nil, uint64(from/w.s.segment))
	upper := binary.BigEndian.AppendUint64(nil, uint64(to/w.s.segment+1))
	_, err := v.run(lower, upper)
	return err
}

// windowVisit picks the windows of a scan that were asked for.
type windowVisit[K, V any] struct {
	w *Window[K, V]
	// key is the record key asked for, nil for all.
	key      []byte
	from, to int64
	yield    func(WindowEntry[K, V], error) bool
}

// run scans a range of keys. It reports whether the loop wants more.
func (v *windowVisit[K, V]) run(lower, upper []byte) (more bool, err error) {
	var bad error
	more = true
	err = v.w.s.scan(lower, upper, func(k, value []byte) bool {
		more, bad = v.visit(k, value)
		return more
	})
	return more, errors.Join(err, bad)
}

// visit yields one hit. Record keys have any length, so the bytes of other keys'
// windows may lie between those of the key asked for.
func (v *windowVisit[K, V]) visit(k, value []byte) (more bool, err error) {
	hit, err := splitSegmentKey(k)
	if err != nil {
		return false, v.w.s.wrap("fetch", err)
	}
	if hit.start < v.from || hit.start > v.to || v.key != nil && !bytes.Equal(hit.key, v.key) {
		return true, nil
	}
	e := WindowEntry[K, V]{Start: hit.start}
	if e.Key, err = v.w.decodeKey(hit.key); err != nil {
		return false, err
	}
	if e.Value, e.Timestamp, err = v.w.decodeValue(value); err != nil {
		return false, err
	}
	return v.yield(e, nil), nil
}
