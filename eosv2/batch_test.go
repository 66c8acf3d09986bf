package eosv2

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/internal/record"
)

// FuzzBatch packs records of all shapes and reads them back.
func FuzzBatch(f *testing.F) {
	f.Add([]byte("key"), []byte("value"), int64(5), int64(3), uint8(2))
	f.Add([]byte{}, []byte(nil), int64(0), int64(maxTimestamp), uint8(0))
	f.Add(bytes.Repeat([]byte("x"), chunkBytes), []byte("v"), int64(maxTimestamp), int64(0), uint8(255))
	f.Fuzz(func(t *testing.T, a, b []byte, t1, t2 int64, shape uint8) {
		t1, t2 = t1&math.MaxInt64%maxTimestamp, t2&math.MaxInt64%maxTimestamp
		p := &Producer{}
		in := shapes(a, b, t1, t2, shape)
		got := &batch{}
		for _, r := range in {
			need := bodySize(r.Key, r.Value, r.Headers)
			if !got.room(need) {
				got.chunks = append(got.chunks, p.takeChunkLocked(need))
			}
			got.append(r.Key, r.Value, r.Timestamp, r.Headers)
		}
		cur := cursor{chunks: got.chunks}
		for i, want := range in {
			delta, key, value, n := cur.next()
			r := record.Record{Key: key, Value: value, Timestamp: got.base + delta, Headers: cur.headers(n)}
			if !equal(&r, &want) {
				t.Fatalf("record %d: got %+v, want %+v", i, r, want)
			}
		}
		if got.max != max(t1, t2) || int(got.count) != len(in) {
			t.Fatalf("latest %d of %d records", got.max, got.count)
		}
	})
}

// shapes makes records with and without keys, values and headers.
func shapes(a, b []byte, t1, t2 int64, shape uint8) []record.Record {
	rs := []record.Record{{Key: a, Value: b, Timestamp: t1}, {Key: b, Value: a, Timestamp: t2}, {Timestamp: t1}}
	for i := range rs {
		if shape&(1<<i) != 0 {
			rs[i].Headers = []record.Header{{Key: string(a), Value: b}, {Key: "null"}}
		}
	}
	for range shape {
		rs = append(rs, rs[1])
	}
	return rs
}

func equal(a, b *record.Record) bool {
	same := func(x, y []byte) bool { return bytes.Equal(x, y) && (x == nil) == (y == nil) }
	return same(a.Key, b.Key) && same(a.Value, b.Value) && a.Timestamp == b.Timestamp &&
		slices.EqualFunc(a.Headers, b.Headers, func(x, y record.Header) bool { return x.Key == y.Key && same(x.Value, y.Value) })
}

func TestNextSequence(t *testing.T) {
	for _, tc := range []struct{ seq, count, want int32 }{
		{0, 1, 1},
		{0, math.MaxInt32, math.MaxInt32},
		{math.MaxInt32, 1, 0},
		{math.MaxInt32 - 1, 1, math.MaxInt32},
		{math.MaxInt32 - 1, 3, 1},
	} {
		if got := nextSequence(tc.seq, tc.count); got != tc.want {
			t.Errorf("%d records after %d: %d, want %d", tc.count, tc.seq, got, tc.want)
		}
	}
}

// TestAckLocked: batches that were sent again are acknowledged late.
func TestAckLocked(t *testing.T) {
	type ack struct {
		offset int64
		last   bool
	}
	for _, tc := range []struct {
		name string
		acks []ack
		want int64
	}{
		{"in order", []ack{{0, true}, {10, true}}, 20},
		{"earlier one later", []ack{{10, true}, {0, false}}, 20},
		{"last one unknown", []ack{{0, true}, {-1, true}}, -1},
		{"earlier one unknown", []ack{{-1, false}, {10, true}}, 20},
		{"earlier one unknown, later", []ack{{10, true}, {-1, false}}, 20},
		{"known again", []ack{{-1, true}, {10, true}}, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var pt part
			for _, a := range tc.acks {
				pt.ackLocked(7, a.offset, 10, a.last)
			}
			if pt.next != tc.want {
				t.Errorf("next %d, want %d", pt.next, tc.want)
			}
		})
	}
}
