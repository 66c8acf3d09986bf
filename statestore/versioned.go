package statestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/oncestream/oncestream/topology/serde"
)

// Version is a value of a versioned store and when it's valid: from ValidFrom,
// which is its timestamp, until just before ValidTo, both in milliseconds since
// the Unix epoch. ValidTo is EndOfTime where no later version is known.
type Version[V any] struct {
	Value              V
	ValidFrom, ValidTo int64
}

// Versioned gives types to the bytes of a Store of the kind VersionedKeyValue
// (KIP-889). It's used by one goroutine at a time, the one that uses the Store.
//
// The store answers for times up to Spec.Retention before the latest timestamp that
// it has seen, which is its history. The latest value of a key it has for ever.
type Versioned[K, V any] struct {
	codec[K, V]
}

// NewVersioned returns typed access to a versioned store. A store of another kind
// and a nil serde are errors.
func NewVersioned[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V]) (*Versioned[K, V], error) {
	c, err := newCodec(s, k, v, VersionedKeyValue)
	if err != nil {
		return nil, err
	}
	return &Versioned[K, V]{c}, nil
}

// Put inserts the version of a key that begins at a timestamp; it replaces one
// that begins there already. It returns the end of the version: EndOfTime unless a
// later version is there. A version that's older than the history isn't stored,
// only written to the changelog, and is counted in [Store.Expired]. A negative
// timestamp is an error.
func (m *Versioned[K, V]) Put(key K, v V, timestamp int64) (validTo int64, stored bool, err error) {
	b, err := m.v.Append(binary.BigEndian.AppendUint64(m.value[:0], uint64(timestamp)), v)
	if err == nil && len(b) < timestampLen {
		err = errShortened
	}
	if err != nil {
		return 0, false, m.s.refused("value", err)
	}
	return m.write(key, b, timestamp, false)
}

// Delete inserts a tombstone: from its timestamp to the next version the key has
// no value. Otherwise it does what Put does.
func (m *Versioned[K, V]) Delete(key K, timestamp int64) (validTo int64, stored bool, err error) {
	return m.write(key, binary.BigEndian.AppendUint64(m.value[:0], uint64(timestamp)), timestamp, true)
}

func (m *Versioned[K, V]) write(key K, value []byte, timestamp int64, deleted bool) (validTo int64, stored bool, err error) {
	if cap(value) <= maxScratch {
		m.value = value
	}
	if err := m.s.writable(); err != nil {
		return 0, false, err
	}
	if timestamp < 0 {
		return 0, false, m.s.wrap("write", fmt.Errorf("negative timestamp %d", timestamp))
	}
	encoded, err := m.encodeKey(key)
	if err != nil {
		return 0, false, err
	}
	m.s.overlay.record(encoded, value, deleted)
	validTo, stored, err = m.s.putVersion(encoded, value, timestamp, deleted)
	if !stored && err == nil {
		m.s.expired++
	}
	return validTo, stored, err
}

// Get returns the latest version of a key; ok tells whether there's one, that is
// whether it has a value now.
func (m *Versioned[K, V]) Get(key K) (v Version[V], ok bool, err error) {
	encoded, err := m.encodeKey(key)
	if err != nil {
		return v, false, err
	}
	latest, _, err := m.s.latest(encoded)
	if err != nil || !latest.known {
		return v, false, err
	}
	return m.version(latest)
}

// GetAsOf returns the version of a key that was valid at a time; ok tells whether
// there was one. Times before the history get an answer only from a latest version
// that's older still.
func (m *Versioned[K, V]) GetAsOf(key K, at int64) (v Version[V], ok bool, err error) {
	encoded, err := m.encodeKey(key)
	if err != nil {
		return v, false, err
	}
	found, _, err := m.s.latest(encoded)
	if err == nil && (!found.known || found.from > at) {
		if at < m.s.historyStart() {
			return v, false, nil
		}
		found, _, err = m.s.older(encoded, at)
	}
	if err != nil || !found.known {
		return v, false, err
	}
	return m.version(found)
}

// History returns the versions of a key that were valid at some time between from
// and to, both included, the earliest first (KIP-968). Those that ended before the
// history are there as long as their segment isn't dropped as a whole, unless to lies
// before the history. An error comes with a zero version and ends the loop.
func (m *Versioned[K, V]) History(key K, from, to int64) iter.Seq2[Version[V], error] {
	return func(yield func(Version[V], error) bool) {
		if err := m.history(key, from, to, yield); err != nil {
			yield(Version[V]{}, err)
		}
	}
}

func (m *Versioned[K, V]) history(key K, from, to int64, yield func(Version[V], error) bool) error {
	encoded, err := m.appendKey([]byte{}, key)
	if err != nil {
		return err
	}
	if from <= to && to < m.s.historyStart() {
		// It all lies before the history, where only a latest version is left.
		v, ok, err := m.GetAsOf(key, to)
		if ok {
			yield(v, nil)
		}
		return err
	}
	// What was valid just before the first segment began ends in it, or later.
	for at := max(from, m.s.historyStart()/m.s.segment*m.s.segment-1, 0); at <= to; {
		found, err := m.s.lookup(encoded, at)
		if err != nil {
			return err
		}
		if found.known {
			v, _, err := m.version(found)
			if err != nil || !yield(v, nil) {
				return err
			}
		}
		if found.to == EndOfTime {
			return nil
		}
		at = found.to
	}
	return m.s.readable()
}

// All returns the latest versions of all keys that have one, in the order of the
// keys' bytes. The loop may write to the store, as with [KeyValue.Range]. An error
// comes with a zero entry and ends the loop.
func (m *Versioned[K, V]) All() iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		if err := m.all(yield); err != nil {
			yield(Entry[K, V]{}, err)
		}
	}
}

func (m *Versioned[K, V]) all(yield func(Entry[K, V], error) bool) error {
	var bad error
	err := m.s.scan(appendLatestKey(nil, nil), nil, func(k, value []byte) bool {
		var e Entry[K, V]
		if e.Key, bad = m.decodeKey(k[segmentLen:]); bad == nil {
			e.Value, e.Timestamp, bad = m.decodeValue(value)
		}
		return bad == nil && yield(e, nil)
	})
	return errors.Join(err, bad)
}

func (m *Versioned[K, V]) version(found span) (v Version[V], ok bool, err error) {
	v = Version[V]{ValidTo: found.to}
	if v.Value, v.ValidFrom, err = m.decodeValue(found.value); err != nil {
		return Version[V]{}, false, err
	}
	return v, true, nil
}
