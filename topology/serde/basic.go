package serde

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The serdes of the basic types. They hold no state: each is the only value of
// its type.
var (
	// String writes the bytes of a string, which are UTF-8 by convention. It
	// doesn't check them, so any bytes survive a round trip.
	String stringSerde
	// Bytes writes the slice's bytes as they are and reads them into a new slice.
	Bytes bytesSerde
	// Int64 writes 8 bytes, big-endian, as Java's LongSerializer. Decoding another
	// length is an error.
	Int64 int64Serde
	// Int32 writes 4 bytes, big-endian, as Java's IntegerSerializer. Decoding
	// another length is an error.
	Int32 int32Serde
	// Float64 writes the 8 bytes of the IEEE 754 bits, big-endian, as Java's
	// DoubleSerializer. Decoding another length is an error.
	Float64 float64Serde
)

type stringSerde struct{}

// Append appends the bytes of v.
func (stringSerde) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

// Decode returns b as a string.
func (stringSerde) Decode(b []byte) (string, error) { return string(b), nil }

type bytesSerde struct{}

// Append appends v.
func (bytesSerde) Append(dst, v []byte) ([]byte, error) { return append(dst, v...), nil }

// Decode returns a copy of b, which isn't nil even where b is empty.
func (bytesSerde) Decode(b []byte) ([]byte, error) { return append(make([]byte, 0, len(b)), b...), nil }

type int64Serde struct{}

// Append appends v in 8 bytes.
func (int64Serde) Append(dst []byte, v int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

// Decode reads 8 bytes.
func (int64Serde) Decode(b []byte) (int64, error) {
	if err := wantLength("an int64", b, 8); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

type int32Serde struct{}

// Append appends v in 4 bytes.
func (int32Serde) Append(dst []byte, v int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(v)), nil
}

// Decode reads 4 bytes.
func (int32Serde) Decode(b []byte) (int32, error) {
	if err := wantLength("an int32", b, 4); err != nil {
		return 0, err
	}
	return int32(binary.BigEndian.Uint32(b)), nil
}

type float64Serde struct{}

// Append appends the bits of v in 8 bytes.
func (float64Serde) Append(dst []byte, v float64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), nil
}

// Decode reads 8 bytes.
func (float64Serde) Decode(b []byte) (float64, error) {
	if err := wantLength("a float64", b, 8); err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

func wantLength(what string, b []byte, n int) error {
	if len(b) != n {
		return fmt.Errorf("%s has %d bytes, got %d", what, n, len(b))
	}
	return nil
}
