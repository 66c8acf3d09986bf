package wire

import (
	"bytes"
	"testing"
)

// What is read can be written, and is then read as the same. Bytes that aren't
// canonical (a latest byte, a longer varint) may be written shorter.
func FuzzSplitChange(f *testing.F) {
	for _, s := range []string{"4e01", "4f00", "024e4f02", "4f0103", "024e4f0105", "02"} {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := SplitChange(b)
		if err != nil {
			return
		}
		again, err := appendChange(nil, c)
		if err != nil || len(again) > len(b) {
			t.Fatalf("%x was read as %q and written as %x, %v", b, c, again, err)
		}
		if back, err := SplitChange(again); err != nil || !same(back.New, c.New) || !same(back.Old, c.Old) {
			t.Fatalf("%x was read as %q, and then as %q, %v", b, c, back, err)
		}
	})
}

// A subscription has one encoding.
func FuzzReadSubscription(f *testing.F) {
	for _, s := range []string{"0103797bd076b7cd29925a654930c34e17d26b3100000000", "81016b3100000000", "80026b31", "8000"} {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadSubscription(b)
		if err != nil {
			return
		}
		if again := AppendSubscription(nil, s); !bytes.Equal(again, b) {
			t.Fatalf("%x was read as %+v and written as %x", b, s, again)
		}
	})
}

// An answer has one encoding.
func FuzzReadAnswer(f *testing.F) {
	for _, s := range []string{"00797bd076b7cd29925a654930c34e17d252", "80", "8052"} {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ReadAnswer(b)
		if err != nil {
			return
		}
		if again := AppendAnswer(nil, a); !bytes.Equal(again, b) {
			t.Fatalf("%x was read as %+v and written as %x", b, a, again)
		}
	})
}
