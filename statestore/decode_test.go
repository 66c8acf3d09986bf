package statestore

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// FuzzTimedKey decodes keys of all kinds that expire, in both forms.
func FuzzTimedKey(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("k\x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00"))
	f.Add([]byte("a\x00\x00\x00\x00\x00\x00\x03\xf2\x00\x00\x00\x00\x00\x00\x03\xe8"))
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []Kind{TimestampedWindow, SessionWindow, DuplicateWindow} {
			s := &Store{spec: Spec{Kind: kind}}
			k, err := s.splitKey(b)
			inSegment, segmentErr := s.splitSegmentKey(append(make([]byte, segmentLen), b...))
			if (err == nil) != (segmentErr == nil) {
				t.Errorf("%v %x: %v, with a segment %v", kind, b, err, segmentErr)
			}
			if err != nil {
				continue
			}
			if k.time < 0 || kind == SessionWindow && (k.sessionStart() < 0 || k.sessionStart() > k.time) {
				t.Errorf("%v %x: time %d, tail %x", kind, b, k.time, k.tail)
			}
			again := append(binary.BigEndian.AppendUint64(bytes.Clone(k.key), uint64(k.time)), k.tail...)
			if !bytes.Equal(again, b) {
				t.Errorf("%v: %x became %x", kind, b, again)
			}
			if !bytes.Equal(inSegment.key, k.key) || inSegment.time != k.time || !bytes.Equal(inSegment.tail, k.tail) {
				t.Errorf("%v: %v with a segment, want %v", kind, inSegment, k)
			}
		}
	})
}

func FuzzJoinList(f *testing.F) {
	one, err := appendToList(nil, nil, true, []byte("L1"))
	must(f, err)
	two, err := appendToList(nil, one, true, []byte("L2"))
	must(f, err)
	f.Add(one)
	f.Add(two)
	f.Add([]byte{listVariableSize, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := listCount(b)
		if err != nil {
			return
		}
		var again []byte
		rest := b[listHeaderLen:]
		for range n {
			var left bool
			var value []byte
			if left, value, rest, err = listEntry(rest); err != nil {
				return
			}
			if again, err = appendToList(nil, again, left, value); err != nil {
				t.Fatal(err)
			}
		}
		if n > 0 && !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(newCheckpoint().append(nil))
	f.Add(checkpoint{next: 7, appliedAt: 8, streamTime: 9, windowTime: 10, sequence: 11, note: Note{12, 13}, topic: 14}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCheckpoint(b)
		if err != nil {
			return
		}
		if c.next < 0 || c.streamTime < -1 || c.windowTime < -1 || c.sequence < 0 || c.sequence > maxSequence {
			t.Errorf("%x: %+v", b, c)
		}
		if again := c.append(nil); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

func FuzzRegistration(f *testing.F) {
	f.Add(registration{id: 1, kind: TimestampedKeyValue}.append(nil))
	f.Add(registration{id: 65535, kind: TimestampedWindow, segment: 60_000}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRegistration(b)
		if err != nil {
			return
		}
		if r.kind.segmented() && r.segment <= 0 {
			t.Errorf("%x: %+v", b, r)
		}
		if again := r.append(nil); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

func FuzzProcessMetadata(f *testing.F) {
	f.Add([]byte(`{"processId":"239962c1-d7eb-4477-873f-89c9f0886358"}`))
	f.Add([]byte(`{"processId":"239962c1-d7eb-4477-873f-89c9f0886358","later":1}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := decodeMetadata(b)
		if err == nil && len(id) != 36 {
			t.Errorf("%q: process id %q", b, id)
		}
	})
}

// TestLayout pins the bytes that are on disk.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want []byte
	}{
		{"prefix", appendPrefix(nil, spaceData, 0x0102, 0x03040506), []byte{0x10, 1, 2, 3, 4, 5, 6}},
		{"prefix end", prefixEnd(appendPrefix(nil, spaceData, 0xffff, 1<<31-1)), []byte{0x10, 0xff, 0xff, 0x80, 0, 0, 0}},
		{"window suffix", appendWindowSuffix([]byte("a"), 1000), []byte("a\x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00")},
		{"segment key", appendSegmentKey(nil, 2, []byte("a"), 1000), []byte("\x00\x00\x00\x00\x00\x00\x00\x02a\x00\x00\x00\x00\x00\x00\x03\xe8")},
		{"latest version", appendLatestKey(nil, []byte("a")), []byte("\x7f\xff\xff\xff\xff\xff\xff\xffa")},
		{"older version", appendVersionKey(nil, 2, []byte("a"), 1005), []byte("\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00\x03\xed")},
		{"checkpoint", checkpoint{1, 2, 3, -1, 5, Note{6, 7}, 8}.append(nil), []byte("\x03\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02" +
			"\x00\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x05" +
			"\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x08")},
		{"registration", registration{0x0102, TimestampedWindow, 60_000}.append(nil), []byte("\x01\x01\x02\x02\x00\x00\x00\x00\x00\x00\xea\x60")},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", c.what, c.got, c.want)
		}
	}
}

func TestSegmentInterval(t *testing.T) {
	for _, c := range []struct{ retention, want time.Duration }{
		{time.Second, time.Minute},
		{2 * time.Minute, time.Minute},
		{15 * time.Minute, 450 * time.Second},
	} {
		if got := (Spec{Retention: c.retention}).segmentInterval(); got != c.want {
			t.Errorf("retention %v: %v, want %v", c.retention, got, c.want)
		}
	}
	for _, c := range []struct{ history, want time.Duration }{
		{time.Second, 2 * time.Second},
		{time.Minute, 20 * time.Second},
		{time.Minute + time.Millisecond, 20 * time.Second},
		{2 * time.Minute, 24 * time.Second},
		{10 * time.Minute, time.Minute},
		{time.Hour, 5 * time.Minute},
		{24 * time.Hour, time.Hour},
	} {
		if got := (Spec{Kind: VersionedKeyValue, Retention: c.history}).segmentInterval(); got != c.want {
			t.Errorf("history %v: %v, want %v", c.history, got, c.want)
		}
	}
}

func TestSplitCheckpointKey(t *testing.T) {
	key := appendPrefix(nil, spaceCheckpoint, 7, 9)
	if id, p, err := splitCheckpointKey(key); id != 7 || p != 9 || err != nil {
		t.Errorf("%x: %d, %d, %v", key, id, p, err)
	}
	for _, bad := range [][]byte{nil, key[:6], append(key, 0), binary.BigEndian.AppendUint32([]byte{2, 0, 0}, 1<<31)} {
		if _, _, err := splitCheckpointKey(bad); err == nil {
			t.Errorf("%x: no error", bad)
		}
	}
}
