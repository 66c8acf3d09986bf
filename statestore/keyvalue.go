package statestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/oncestream/oncestream/topology/serde"
)

// Entry is an entry of a key-value store.
type Entry[K, V any] struct {
	Key   K
	Value V
	// Timestamp is that of the value, in milliseconds since the Unix epoch.
	Timestamp int64
}

// KeyValue gives types to the bytes of a Store of the kind TimestampedKeyValue or
// PlainKeyValue. It's used by one goroutine at a time, the one that uses the Store.
//
// In a plain store a timestamp is that of the record which caused the write, and
// becomes that of the changelog record: after a restore it's the same.
type KeyValue[K, V any] struct {
	codec[K, V]
}

// NewKeyValue returns typed access to a key-value store. A store of another kind
// and a nil serde are errors.
func NewKeyValue[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V]) (*KeyValue[K, V], error) {
	c, err := newCodec(s, k, v, TimestampedKeyValue, PlainKeyValue)
	if err != nil {
		return nil, err
	}
	return &KeyValue[K, V]{c}, nil
}

// Get returns the value of a key and its timestamp; ok tells whether there is one.
func (m *KeyValue[K, V]) Get(key K) (v V, timestamp int64, ok bool, err error) {
	b, err := m.appendKey(m.prefix(), key)
	if err != nil {
		return v, 0, false, err
	}
	return m.get(b)
}

// Put sets the value of a key. The timestamp is the value's own.
func (m *KeyValue[K, V]) Put(key K, v V, timestamp int64) error {
	b, err := m.appendKey(m.prefix(), key)
	if err != nil {
		return err
	}
	return m.put(b, v, timestamp)
}

// Delete deletes a key, whether it's there or not. The timestamp becomes that of
// the tombstone in the changelog.
func (m *KeyValue[K, V]) Delete(key K, timestamp int64) error {
	b, err := m.appendKey(m.prefix(), key)
	if err != nil {
		return err
	}
	return m.delete(b, timestamp)
}

// Range returns the entries with keys between from and to, both included, in the
// order of the keys' bytes; nil leaves a side open. The loop may write to the
// store: it sees later writes to keys it hasn't reached yet. An error comes with a
// zero entry and ends the loop.
func (m *KeyValue[K, V]) Range(from, to *K) iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		if err := m.scan(from, to, yield); err != nil {
			yield(Entry[K, V]{}, err)
		}
	}
}

// All returns all entries in the order of the keys' bytes, as Range does.
func (m *KeyValue[K, V]) All() iter.Seq2[Entry[K, V], error] { return m.Range(nil, nil) }

func (m *KeyValue[K, V]) scan(from, to *K, yield func(Entry[K, V], error) bool) error {
	lower, err := m.bound(from)
	if err != nil {
		return err
	}
	upper, err := m.bound(to)
	if err != nil {
		return err
	}
	if upper != nil {
		upper = append(upper, 0) // the first key behind the bound
	}
	var bad error
	err = m.s.scan(lower, upper, func(k, v []byte) bool {
		var e Entry[K, V]
		if e, bad = m.entry(k, v); bad != nil {
			return false
		}
		return yield(e, nil)
	})
	return errors.Join(err, bad)
}

func (m *KeyValue[K, V]) bound(key *K) ([]byte, error) {
	if key == nil {
		return nil, nil
	}
	return m.appendKey([]byte{}, *key)
}

func (m *KeyValue[K, V]) entry(key, value []byte) (e Entry[K, V], err error) {
	if e.Key, err = m.decodeKey(key); err != nil {
		return e, err
	}
	e.Value, e.Timestamp, err = m.decodeValue(value)
	return e, err
}

// codec holds what typed stores have in common: serdes, and buffers that are
// reused from call to call.
type codec[K, V any] struct {
	s     *Store
	k     serde.Serde[K]
	v     serde.Serde[V]
	key   []byte
	value []byte
}

func newCodec[K, V any](s *Store, k serde.Serde[K], v serde.Serde[V], kinds ...Kind) (codec[K, V], error) {
	if !slices.Contains(kinds, s.spec.Kind) {
		return codec[K, V]{}, fmt.Errorf("store %q is a %v, not a %v", s.spec.Name, s.spec.Kind, kinds[0])
	}
	if k == nil || v == nil {
		return codec[K, V]{}, fmt.Errorf("store %q needs a key and a value serde", s.spec.Name)
	}
	return codec[K, V]{s: s, k: k, v: v, key: append([]byte(nil), s.prefix...)}, nil
}

// errShortened tells of a serde that breaks its contract. Without the check its
// keys would end up among those of another store.
var errShortened = errors.New("the serde didn't append to the slice it was given")

// prefix returns the key buffer with the partition's prefix in it.
func (c *codec[K, V]) prefix() []byte { return c.key[:prefixLen] }

// appendKey encodes a record key behind dst.
func (c *codec[K, V]) appendKey(dst []byte, key K) ([]byte, error) {
	b, err := c.k.Append(dst, key)
	if err == nil && len(b) < len(dst) {
		err = errShortened
	}
	if err != nil {
		return nil, c.s.refused("key", err)
	}
	return b, nil
}

// encodeKey encodes a record key into the key buffer, behind the prefix. It's valid
// until the next call.
func (c *codec[K, V]) encodeKey(key K) ([]byte, error) {
	b, err := c.appendKey(c.prefix(), key)
	if err != nil {
		return nil, err
	}
	c.key = b
	return b[prefixLen:], nil
}

func (c *codec[K, V]) get(key []byte) (v V, timestamp int64, ok bool, err error) {
	c.key = key
	b, ok, err := c.s.get(key)
	if err != nil || !ok {
		return v, 0, false, err
	}
	v, timestamp, err = c.decodeValue(b)
	return v, timestamp, err == nil, err
}

func (c *codec[K, V]) put(key []byte, v V, timestamp int64) error {
	c.key = key
	b, err := c.v.Append(binary.BigEndian.AppendUint64(c.value[:0], uint64(timestamp)), v)
	if err == nil && len(b) < timestampLen {
		err = errShortened
	}
	if err != nil {
		return c.s.refused("value", err)
	}
	if cap(b) <= maxScratch {
		c.value = b
	}
	return c.s.put(key, b, timestamp, false)
}

func (c *codec[K, V]) delete(key []byte, timestamp int64) error {
	c.key = key
	c.value = binary.BigEndian.AppendUint64(c.value[:0], uint64(timestamp))
	return c.s.put(key, c.value, timestamp, true)
}

func (c *codec[K, V]) decodeKey(b []byte) (K, error) {
	k, err := c.k.Decode(b)
	return k, c.s.wrap("decode key", err)
}

// decodeValue decodes a value with its timestamp in front.
func (c *codec[K, V]) decodeValue(b []byte) (v V, timestamp int64, err error) {
	if len(b) < timestampLen {
		return v, 0, c.s.wrap("decode value", fmt.Errorf("%x is too short for its timestamp", b))
	}
	v, err = c.v.Decode(b[timestampLen:])
	return v, int64(binary.BigEndian.Uint64(b)), c.s.wrap("decode value", err)
}
