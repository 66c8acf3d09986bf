package statestore

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"

	"github.com/oncestream/oncestream/topology/serde"
)

// SessionEntry is an entry of a session store.
type SessionEntry[K, V any] struct {
	Key K
	// Start and End are the timestamps of the session's first and last record, both
	// within it, in milliseconds since the Unix epoch.
	Start, End int64
	Value      V
}

// Session gives types to the bytes of a Store of the kind SessionWindow. It's used
// by one goroutine at a time, the one that uses the Store.
//
// A session is gone when its end lies Spec.Retention or more before the latest
// end: reads don't see it. Writes to it go to the changelog alone; see
// [Store.Expired].
type Session[K, V any] struct {
	codec[K, V]
}

// NewSession returns typed access to a session store. A store of another kind and
// a nil serde are errors.
func NewSession[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V]) (*Session[K, V], error) {
	c, err := newCodec(s, k, v, SessionWindow)
	if err != nil {
		return nil, err
	}
	return &Session[K, V]{c}, nil
}

// Get returns the value of a key's session; ok tells whether there is one.
func (w *Session[K, V]) Get(key K, start, end int64) (v V, ok bool, err error) {
	if end < w.s.firstLive(w.s.current.windowTime) {
		return v, false, w.s.readable()
	}
	b, err := w.sessionKey(key, start, end)
	if err != nil {
		return v, false, err
	}
	v, _, ok, err = w.get(b)
	return v, ok, err
}

// Put sets the value of a key's session. The timestamp is that of the record which
// caused it and becomes that of the changelog record. A negative start and an end
// before it are errors.
func (w *Session[K, V]) Put(key K, start, end int64, v V, timestamp int64) error {
	b, err := w.advance(key, start, end)
	if err != nil {
		return err
	}
	return w.put(b, v, timestamp)
}

// Remove deletes a key's session, whether it's there or not; otherwise as Put.
func (w *Session[K, V]) Remove(key K, start, end int64, timestamp int64) error {
	b, err := w.advance(key, start, end)
	if err != nil {
		return err
	}
	return w.delete(b, timestamp)
}

// advance returns the key of a session that's about to be written.
func (w *Session[K, V]) advance(key K, start, end int64) ([]byte, error) {
	if start < 0 || start > end {
		return nil, w.s.wrap("write", fmt.Errorf("session from %d to %d", start, end))
	}
	if err := w.s.admit(end); err != nil {
		return nil, err
	}
	b, err := w.sessionKey(key, start, end)
	if err == nil {
		w.s.advance(end)
	}
	return b, err
}

// sessionKey encodes the key of a session as it's in the engine.
func (w *Session[K, V]) sessionKey(key K, start, end int64) ([]byte, error) {
	b := binary.BigEndian.AppendUint64(w.prefix(), uint64(end/w.s.segment))
	b, err := w.appendKey(b, key)
	if err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(end)), uint64(start)), nil
}

// FindSessions returns the sessions of a key that end at earliestEnd or later and
// start at latestStart or earlier, in the order of their ends and, for one end, of
// their starts. Thus FindSessions(k, t-gap, t+gap) are those that a record at t
// belongs to. The loop may write to the store, as with [KeyValue.Range]. An error
// comes with a zero entry and ends the loop.
func (w *Session[K, V]) FindSessions(key K, earliestEnd, latestStart int64) iter.Seq2[SessionEntry[K, V], error] {
	return func(yield func(SessionEntry[K, V], error) bool) {
		if err := w.find(key, earliestEnd, latestStart, yield); err != nil {
			yield(SessionEntry[K, V]{}, err)
		}
	}
}

// Fetch returns all sessions of a key, as FindSessions does.
func (w *Session[K, V]) Fetch(key K) iter.Seq2[SessionEntry[K, V], error] {
	return w.FindSessions(key, 0, math.MaxInt64)
}

// FetchByEnd returns the sessions of all keys that end between from and to, both
// included, in the order of their ends, then of their starts, then of the keys'
// bytes. A segment's are held in memory: what the loop writes to the segment that
// it's in isn't visited.
func (w *Session[K, V]) FetchByEnd(from, to int64) iter.Seq2[SessionEntry[K, V], error] {
	return func(yield func(SessionEntry[K, V], error) bool) {
		if err := w.s.scanByTime(from, to, w.visit(yield)); err != nil {
			yield(SessionEntry[K, V]{}, err)
		}
	}
}

// All returns all sessions, as FetchByEnd does.
func (w *Session[K, V]) All() iter.Seq2[SessionEntry[K, V], error] {
	return w.FetchByEnd(0, math.MaxInt64)
}

func (w *Session[K, V]) find(key K, earliestEnd, latestStart int64, yield func(SessionEntry[K, V], error) bool) error {
	encoded, err := w.encodeKey(key)
	if err != nil {
		return err
	}
	decode := w.visit(yield)
	return w.s.scanKey(encoded, earliestEnd, math.MaxInt64, func(k timedKey, value []byte) (bool, error) {
		if k.sessionStart() > latestStart {
			return true, nil
		}
		return decode(k, value)
	})
}

// visit returns the visit of a scan that decodes for a loop.
func (w *Session[K, V]) visit(yield func(SessionEntry[K, V], error) bool) timedVisit {
	return func(k timedKey, value []byte) (more bool, err error) {
		e := SessionEntry[K, V]{Start: k.sessionStart(), End: k.time}
		if e.Key, err = w.decodeKey(k.key); err != nil {
			return false, err
		}
		if e.Value, _, err = w.decodeValue(value); err != nil {
			return false, err
		}
		return yield(e, nil), nil
	}
}
