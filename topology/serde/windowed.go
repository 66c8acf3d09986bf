package serde

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// Windowed is the key of a windowed result: the record's key and the window it
// belongs to.
type Windowed[K any] struct {
	Key K
	// Start is the window's first millisecond since the Unix epoch.
	Start int64
	// End is the millisecond behind the window's last one. For sliding windows and
	// sessions it's the last one itself.
	End int64
}

// WindowedKey returns the serde of windowed keys: the inner key's bytes, then
// the window's start in 8 bytes, big-endian, as Java's TimeWindowedSerializer.
// It's for all windows but sessions, which [SessionKey] writes. The end isn't written: reading takes size, the length of the windows.
func WindowedKey[K any](inner Serde[K], size time.Duration) Serde[Windowed[K]] {
	return windowedSerde[K]{inner: inner, size: size.Milliseconds()}
}

const startLength = 8

type windowedSerde[K any] struct {
	inner Serde[K]
	size  int64 // milliseconds
}

// Append appends the inner key and the window's start.
func (s windowedSerde[K]) Append(dst []byte, w Windowed[K]) ([]byte, error) {
	dst, err := s.inner.Append(dst, w.Key)
	if err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint64(dst, uint64(w.Start)), nil
}

// Decode reads the inner key and the window's start. Its end is the start and
// the window size, at most the highest int64.
func (s windowedSerde[K]) Decode(b []byte) (w Windowed[K], err error) {
	n := len(b) - startLength
	if n < 0 {
		return w, fmt.Errorf("a windowed key has at least %d bytes, got %d", startLength, len(b))
	}
	start := int64(binary.BigEndian.Uint64(b[n:]))
	if start < 0 {
		return w, fmt.Errorf("a window starts at %d ms, before the epoch", start)
	}
	end := int64(math.MaxInt64)
	if start <= end-s.size {
		end = start + s.size
	}
	key, err := s.inner.Decode(b[:n])
	return Windowed[K]{Key: key, Start: start, End: end}, err
}

// PartitionKey returns the inner key: all windows of a key share a partition.
func (s windowedSerde[K]) PartitionKey(key []byte) []byte {
	return key[:max(0, len(key)-startLength)]
}
