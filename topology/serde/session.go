package serde

import (
	"encoding/binary"
	"fmt"
)

// SessionKey returns the serde of the keys of sessions: the inner key's bytes,
// then the session's end and its start in 8 bytes each, big-endian, as Java's
// SessionWindowedSerializer.
func SessionKey[K any](inner Serde[K]) Serde[Windowed[K]] { return sessionSerde[K]{inner: inner} }

const sessionLength = 8 + 8

type sessionSerde[K any] struct{ inner Serde[K] }

// Append appends the inner key, the session's end and its start.
func (s sessionSerde[K]) Append(dst []byte, w Windowed[K]) ([]byte, error) {
	dst, err := s.inner.Append(dst, w.Key)
	if err != nil {
		return dst, err
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(w.End))
	return binary.BigEndian.AppendUint64(dst, uint64(w.Start)), nil
}

// Decode reads the inner key, the session's end and its start.
func (s sessionSerde[K]) Decode(b []byte) (w Windowed[K], err error) {
	n := len(b) - sessionLength
	if n < 0 {
		return w, fmt.Errorf("a session's key has at least %d bytes, got %d", sessionLength, len(b))
	}
	end, start := int64(binary.BigEndian.Uint64(b[n:])), int64(binary.BigEndian.Uint64(b[n+8:]))
	if start < 0 || start > end {
		return w, fmt.Errorf("a session goes from %d ms to %d ms", start, end)
	}
	key, err := s.inner.Decode(b[:n])
	return Windowed[K]{Key: key, Start: start, End: end}, err
}

// PartitionKey returns the inner key: all sessions of a key share a partition.
func (s sessionSerde[K]) PartitionKey(key []byte) []byte {
	return key[:max(0, len(key)-sessionLength)]
}
