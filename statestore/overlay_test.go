package statestore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestArena(t *testing.T) {
	var a arena
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		var all [][]byte
		want := 0
		for i := range 2000 {
			n := r.IntN(300)
			if i%500 == 0 {
				n = largeAlloc + i
			}
			b := a.alloc(n)
			if len(b) != n || cap(b) != n {
				t.Fatalf("alloc(%d) has length %d, capacity %d", n, len(b), cap(b))
			}
			for j := range b {
				b[j] = byte(i)
			}
			all, want = append(all, b), want+n
		}
		for i, b := range all { // no two share memory
			if !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, len(b))) {
				t.Fatalf("allocation %d was overwritten", i)
			}
		}
		if a.bytes != want {
			t.Errorf("%d bytes, want %d", a.bytes, want)
		}
		a.reset()
		if a.bytes != 0 {
			t.Errorf("%d bytes after reset", a.bytes)
		}
	}
}

func (a *arena) capacity() int {
	n := 0
	for _, c := range a.chunks {
		n += cap(c)
	}
	return n
}

// TestOverlayShrinks runs one large transaction among small ones.
func TestOverlayShrinks(t *testing.T) {
	var o overlay
	transaction := func(n int) {
		for i := range n {
			o.put(fmt.Appendf(nil, "key %d", i), make([]byte, 100), false)
		}
		o.reset()
	}
	transaction(10)
	small, smallEntries := o.arena.capacity(), cap(o.entries)
	transaction(100_000)
	if o.arena.capacity() < 10_000_000 || cap(o.entries) < 100_000 {
		t.Fatalf("after the large transaction: %d bytes, %d entries", o.arena.capacity(), cap(o.entries))
	}
	for range 150 {
		transaction(10)
	}
	if o.arena.capacity() > small || cap(o.entries) > 4*smallEntries+64 {
		t.Errorf("%d bytes, %d entries; before the large transaction %d, %d", o.arena.capacity(), cap(o.entries), small, smallEntries)
	}
}

func TestOverlayInPlace(t *testing.T) {
	var o overlay
	key := []byte("key")
	o.put(key, []byte("12345678value"), false)
	used := o.arena.bytes
	for _, v := range []string{"12345678other", "12345678", "12345678value"} {
		o.put(key, []byte(v), v == "12345678")
		e := o.find(key)
		if string(e.value) != v || e.deleted != (v == "12345678") {
			t.Errorf("value %q, deleted %v after %q", e.value, e.deleted, v)
		}
	}
	if o.arena.bytes != used {
		t.Errorf("overwriting took %d bytes", o.arena.bytes-used)
	}
	key[0] = 'x' // the overlay has its own copy
	if o.find([]byte("key")) == nil || o.find([]byte("xey")) != nil {
		t.Error("the overlay shares the caller's key")
	}
}

func openNumbers(t testing.TB) (*DB, *Store, *KeyValue[int64, int64]) {
	t.Helper()
	db, err := Open(t.TempDir(), Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	s, err := db.Store(kvSpec, 0)
	must(t, err)
	m, err := NewKeyValue[int64, int64](s, number{}, number{})
	must(t, err)
	return db, s, m
}

// apply ends the transaction of a store.
func apply(t testing.TB, db *DB, s *Store, next int64) {
	t.Helper()
	b := db.NewBatch()
	must(t, s.Stage(b, next))
	must(t, b.Commit())
	must(t, b.Close())
	s.Applied()
}

// TestNoAllocations guards the hot path: a get and a put of a record.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	db, s, m := openNumbers(t)
	const keys = 1000
	transaction := func() {
		for k := range int64(keys) {
			n, _, _, err := m.Get(k)
			must(t, err)
			must(t, m.Put(k, n+1, k))
		}
	}
	for n := range int64(3) { // the memory grows
		transaction()
		apply(t, db, s, n)
	}
	perTransaction := testing.AllocsPerRun(10, func() {
		transaction()
		s.Discard()
	})
	// Pebble's pools may lose an object to the garbage collector now and then.
	if perTransaction > 10 {
		t.Errorf("%v allocations in a transaction of %d records", perTransaction, keys)
	}
	missing := testing.AllocsPerRun(1000, func() {
		if _, _, ok, err := m.Get(1 << 40); ok || err != nil {
			t.Errorf("Get of a missing key: %v, %v", ok, err)
		}
	})
	if missing != 0 {
		t.Errorf("%v allocations for a missing key", missing)
	}
}

// BenchmarkCount is the work of a count per record: a get and a put, in
// transactions of 20,000 records over 100,000 keys.
func BenchmarkCount(b *testing.B) {
	db, s, m := openNumbers(b)
	r := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range int64(b.N) {
		k := r.Int64N(100_000)
		n, _, _, err := m.Get(k)
		if err == nil {
			err = m.Put(k, n+1, i)
		}
		if err != nil {
			b.Fatal(err)
		}
		if i%20_000 == 19_999 {
			apply(b, db, s, i)
		}
	}
}

// BenchmarkOverlayPut is the overlay's part of it.
func BenchmarkOverlayPut(b *testing.B) {
	var o overlay
	r := rand.New(rand.NewPCG(1, 2))
	key, value := make([]byte, 8), make([]byte, 16)
	b.ReportAllocs()
	for i := range b.N {
		key, _ = number{}.Append(key[:0], r.Int64N(100_000))
		o.find(key)
		o.put(key, value, false)
		if i%20_000 == 19_999 {
			o.reset()
		}
	}
}
