package statestore

import (
	"math/rand/v2"
	"testing"
	"time"
)

func openKind(t testing.TB, spec Spec) (*DB, *Store) {
	t.Helper()
	db, err := Open(t.TempDir(), Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	s, err := db.Store(spec, 0)
	must(t, err)
	return db, s
}

// TestVersionedNoAllocations guards the record path of a versioned table: an update
// in order and a lookup at the time of the last one.
func TestVersionedNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	db, s := openKind(t, Spec{Name: "v", Kind: VersionedKeyValue, Retention: time.Hour})
	m, err := NewVersioned[int64, int64](s, number{}, number{})
	must(t, err)
	const keys = 1000
	now := int64(0)
	transaction := func() {
		for k := range int64(keys) {
			now++
			_, _, err := m.Put(k, now, now)
			must(t, err)
			v, ok, err := m.GetAsOf(k, now)
			must(t, err)
			if !ok || v.ValidFrom != now {
				t.Fatalf("GetAsOf(%d, %d) = %v, %v", k, now, v, ok)
			}
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
}

// TestScanAllocations guards what a join does for each of its records. A loop over
// records takes closures for itself and the decoding, but nothing for the scan.
func TestScanAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	db, s := openKind(t, Spec{Name: "j", Kind: DuplicateWindow, Retention: time.Hour})
	w, err := NewJoinWindow[int64, int64](s, number{}, number{})
	must(t, err)
	for k := range int64(100) {
		must(t, w.Put(k%10, k, k))
		if k == 50 {
			apply(t, db, s, 1)
		}
	}
	sum := int64(0)
	visit := func(e Entry[int64, int64], err error) bool {
		must(t, err)
		sum += e.Value
		return true
	}
	perScan := testing.AllocsPerRun(1000, func() { w.Fetch(7, 0, 100)(visit) })
	if sum == 0 {
		t.Error("no record was visited")
	}
	if perScan > 2 {
		t.Errorf("%v allocations per scan, want those of two closures", perScan)
	}
}

// BenchmarkJoinWindow is the work of one side of a join per record: a probe and a
// put, in transactions of 20,000 records over 100,000 keys.
func BenchmarkJoinWindow(b *testing.B) {
	db, s := openKind(b, Spec{Name: "j", Kind: DuplicateWindow, Retention: 10 * time.Minute})
	w, err := NewJoinWindow[int64, int64](s, number{}, number{})
	must(b, err)
	r := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range int64(b.N) {
		k := r.Int64N(100_000)
		for _, err := range w.Fetch(k, i-60_000, i+60_000) {
			must(b, err)
		}
		if err := w.Put(k, i, i); err != nil {
			b.Fatal(err)
		}
		if i%20_000 == 19_999 {
			apply(b, db, s, i)
		}
	}
}

// BenchmarkSession is the work of a session count per record: its sessions are
// found and merged.
func BenchmarkSession(b *testing.B) {
	db, s := openKind(b, Spec{Name: "s", Kind: SessionWindow, Retention: 10 * time.Minute})
	w, err := NewSession[int64, int64](s, number{}, number{})
	must(b, err)
	r := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range int64(b.N) {
		k, start, end, n := r.Int64N(100_000), i, i, int64(1)
		for x, err := range w.FindSessions(k, i-60_000, i+60_000) {
			must(b, err)
			must(b, w.Remove(k, x.Start, x.End, i))
			start, n = min(start, x.Start), n+x.Value
		}
		if err := w.Put(k, start, end, n, i); err != nil {
			b.Fatal(err)
		}
		if i%20_000 == 19_999 {
			apply(b, db, s, i)
		}
	}
}

// BenchmarkVersioned is an update of a versioned table and a lookup in it per
// record.
func BenchmarkVersioned(b *testing.B) {
	db, s := openKind(b, Spec{Name: "v", Kind: VersionedKeyValue, Retention: 10 * time.Minute})
	m, err := NewVersioned[int64, int64](s, number{}, number{})
	must(b, err)
	r := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range int64(b.N) {
		if _, _, err := m.GetAsOf(r.Int64N(100_000), i); err != nil {
			b.Fatal(err)
		}
		if _, _, err := m.Put(r.Int64N(100_000), i, i); err != nil {
			b.Fatal(err)
		}
		if i%20_000 == 19_999 {
			apply(b, db, s, i)
		}
	}
}
