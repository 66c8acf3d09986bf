package statestore

import "encoding/binary"

// Row returns the bytes of a row: its timestamp, then its value. A row that the
// open transaction has deleted isn't ok, and has the deletion's timestamp alone.
// The key is as RowKey and LastKey return it. The bytes are valid until the store
// is used again, and must not be written.
func (s *Store) Row(key []byte) (row []byte, ok bool, err error) {
	if e := s.overlay.find(key); e != nil {
		return e.value, !e.deleted, s.readable()
	}
	s.scratch = append(append(s.scratch[:0], s.prefix...), key...)
	return s.get(s.scratch)
}

// Forget takes back the deletion of a row that the open transaction has made: if
// the row isn't in the engine either, the changelog doesn't get the deletion. It's
// for rows that no one has seen.
func (s *Store) Forget(key []byte) error {
	e := s.overlay.find(key)
	if e == nil || !e.deleted {
		return s.readable()
	}
	s.scratch = append(append(s.scratch[:0], s.prefix...), key...)
	var err error
	s.value, e.silent, err = s.backend.get(s.scratch, s.value[:0])
	e.silent = err == nil && !e.silent
	return s.wrap("get", err)
}

// LastKey returns the engine's key, without the partition's prefix, of the row
// that was last read, written or deleted through this access to the store by its
// key. It's valid until the access is used again.
func (c *codec[K, V]) LastKey() []byte { return c.key[prefixLen:] }

// DecodeRow returns the value and the timestamp of a row's bytes.
func (c *codec[K, V]) DecodeRow(row []byte) (v V, timestamp int64, err error) {
	return c.decodeValue(row)
}

// RowKey returns the engine's key of a row as LastKey does.
func (m *KeyValue[K, V]) RowKey(key K) ([]byte, error) { return m.encodeKey(key) }

// DecodeKey is the inverse of RowKey.
func (m *KeyValue[K, V]) DecodeKey(key []byte) (K, error) { return m.decodeKey(key) }

// RowKey returns the engine's key of a row as LastKey does.
func (w *Window[K, V]) RowKey(key K, start int64) ([]byte, error) {
	return w.keep(w.windowKey(key, start))
}

// DecodeKey is the inverse of RowKey.
func (w *Window[K, V]) DecodeKey(b []byte) (key K, start int64, err error) {
	k, err := w.s.splitSegmentKey(b)
	if err != nil {
		return key, 0, w.s.wrap("decode key", err)
	}
	key, err = w.decodeKey(k.key)
	return key, k.time, err
}

// RowKey returns the engine's key of a row as LastKey does.
func (w *Session[K, V]) RowKey(key K, start, end int64) ([]byte, error) {
	return w.keep(w.sessionKey(key, start, end))
}

// DecodeKey is the inverse of RowKey.
func (w *Session[K, V]) DecodeKey(b []byte) (key K, start, end int64, err error) {
	k, err := w.s.splitSegmentKey(b)
	if err != nil {
		return key, 0, 0, w.s.wrap("decode key", err)
	}
	key, err = w.decodeKey(k.key)
	return key, k.sessionStart(), k.time, err
}

// keep makes an encoded key with its prefix the last one.
func (c *codec[K, V]) keep(key []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	c.key = key
	return key[prefixLen:], nil
}

// RowTimeLen is the length of the timestamp in front of a row's value.
const RowTimeLen = timestampLen

// RowTime returns the timestamp of a row's bytes, or of those of a deletion.
func RowTime(row []byte) int64 { return int64(binary.BigEndian.Uint64(row)) }
