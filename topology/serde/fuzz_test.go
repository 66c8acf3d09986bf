package serde_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology/serde"
)

// roundTrip decodes b, and where that works writes what was read: the bytes are
// the same, as each value has one encoding.
func roundTrip[T any](t *testing.T, s serde.Serde[T], b []byte) {
	t.Helper()
	v, err := s.Decode(b)
	if err != nil {
		return
	}
	again, err := s.Append(nil, v)
	if err != nil {
		t.Fatalf("%x was read as %v, which can't be written: %v", b, v, err)
	}
	if !bytes.Equal(again, b) {
		t.Fatalf("%x was read as %v and written as %x", b, v, again)
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range []string{"", "a", "1234", "12345678", "\x7f\xf8\x00\x00\x00\x00\x00\x01", "key\x00\x00\x00\x00\x00\x00\x03\xe8",
		"\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01"} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		roundTrip(t, serde.String, b)
		roundTrip(t, serde.Bytes, b)
		roundTrip(t, serde.Int64, b)
		roundTrip(t, serde.Int32, b)
		roundTrip(t, serde.Float64, b)
		roundTrip(t, serde.WindowedKey(serde.Bytes, time.Minute), b)
		roundTrip(t, serde.WindowedKey(serde.Int64, time.Minute), b)
		roundTrip(t, serde.SessionKey(serde.Bytes), b)
	})
}

// What JSON reads it can write and read again.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`null`, `{"X":1}`, `{"x":2,"Y":3}`, `[`, `{"X":1e400}`} {
		f.Add([]byte(s))
	}
	s := serde.JSON[point]()
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := s.Decode(b)
		if err != nil {
			return
		}
		again, err := s.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := s.Decode(again); err != nil || back != v {
			t.Fatalf("%q was read as %v, and then as %v, %v", b, v, back, err)
		}
	})
}
