package statestore

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// number is a serde of 8 bytes.
type number struct{}

// Append implements serde.Serde.
func (number) Append(dst []byte, v int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

// Decode implements serde.Serde.
func (number) Decode(b []byte) (int64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("%d bytes, want 8", len(b))
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t testing.TB, o Options) *DB {
	t.Helper()
	if o.Logger == nil {
		o.Logger = func(l slog.Level, message string) {
			if l >= slog.LevelError {
				t.Error(message)
			}
		}
	}
	db, err := Open("state", o)
	must(t, err)
	return db
}

var (
	kvSpec     = Spec{Name: "kv", Kind: TimestampedKeyValue}
	windowSpec = Spec{Name: "w", Kind: TimestampedWindow, WindowSize: minSegmentInterval, Retention: 4 * minSegmentInterval}
)

// counters are the stores of the crash tests: each transaction writes its number
// under every key, so a state that holds two numbers is a mixture.
type counters struct {
	t      testing.TB
	db     *DB
	stores []*Store
	kv     []*KeyValue[int64, int64]
	window *Window[int64, int64]
}

const (
	counterPartitions = 3
	counterKeys       = 20
)

func openCounters(t testing.TB, db *DB) *counters {
	t.Helper()
	c := &counters{t: t, db: db}
	for p := range int32(counterPartitions) {
		s, err := db.Store(kvSpec, p)
		must(t, err)
		m, err := NewKeyValue[int64, int64](s, number{}, number{})
		must(t, err)
		c.stores, c.kv = append(c.stores, s), append(c.kv, m)
	}
	s, err := db.Store(windowSpec, 0)
	must(t, err)
	c.window, err = NewWindow[int64, int64](s, number{}, number{})
	must(t, err)
	c.stores = append(c.stores, s)
	return c
}

// transaction commits number n to all stores.
func (c *counters) transaction(n int64) {
	c.t.Helper()
	for k := range int64(counterKeys) {
		for _, m := range c.kv {
			must(c.t, m.Put(k, n, n))
		}
		must(c.t, c.window.Put(k, n*20_000, n, n))
	}
	b := c.db.NewBatch()
	for _, s := range c.stores {
		must(c.t, s.Stage(b, n))
	}
	must(c.t, b.Commit())
	must(c.t, b.Close())
	for _, s := range c.stores {
		s.Applied()
	}
}

// verify checks that the state is that of one transaction, and returns which: 0
// for none.
func (c *counters) verify() int64 {
	c.t.Helper()
	n := max(c.stores[0].applied.next, 0)
	for _, s := range c.stores {
		if next, _ := s.Offset(); next != n {
			c.t.Fatalf("store %s-%d is at %d, another at %d", s.Name(), s.Partition(), next, n)
		}
		if n > 0 && s.StreamTime() != n {
			c.t.Errorf("store %s-%d: stream time %d at %d", s.Name(), s.Partition(), s.StreamTime(), n)
		}
	}
	for p, m := range c.kv {
		found := 0
		for e, err := range m.All() {
			must(c.t, err)
			found++
			if e.Value != n || e.Timestamp != n {
				c.t.Errorf("partition %d at %d: key %d has %d@%d", p, n, e.Key, e.Value, e.Timestamp)
			}
		}
		if want := counterKeys * int(min(n, 1)); found != want {
			c.t.Errorf("partition %d at %d: %d keys, want %d", p, n, found, want)
		}
	}
	c.verifyWindows(n)
	return n
}

func (c *counters) verifyWindows(n int64) {
	c.t.Helper()
	live, found := int(min(n, windowSpec.Retention.Milliseconds()/20_000)), 0
	for e, err := range c.window.All() {
		must(c.t, err)
		found++
		if e.Start != e.Value*20_000 || e.Value > n || e.Value <= n-int64(live) {
			c.t.Errorf("window at %d: start %d has %d", n, e.Start, e.Value)
		}
	}
	if found != live*counterKeys {
		c.t.Errorf("window at %d: %d entries, want %d", n, found, live*counterKeys)
	}
}

// TestCrash stops at random moments with any part of what wasn't synced, opens
// what's left and goes on from there.
func TestCrash(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	fs, committed, flushed, recovered := vfs.NewCrashableMem(), int64(0), int64(0), 0
	processID := ""
	for range 30 {
		// A small memtable, so that some flushes come by themselves.
		db := mustOpen(t, Options{fs: fs, MemTableBytes: 32 << 10, CacheBytes: 1 << 20})
		if id := db.ProcessID(); processID == "" {
			processID = id
		} else if id != processID {
			t.Fatalf("process id %s, before the crash %s", id, processID)
		}
		c := openCounters(t, db)
		n := c.verify()
		if n > committed || n < flushed {
			t.Fatalf("recovered transaction %d, committed %d, flushed %d", n, committed, flushed)
		}
		if n > 0 {
			recovered++
		}
		committed, flushed = n, n
		for range 1 + r.IntN(40) {
			committed++
			c.transaction(committed)
			switch r.IntN(15) {
			case 0:
				must(t, db.Flush())
				flushed = committed
			case 1:
				must(t, db.FlushAsync())
			}
		}
		crash := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		must(t, db.Close())
		fs = crash
	}
	if recovered == 0 {
		t.Error("nothing was ever recovered")
	}
}
