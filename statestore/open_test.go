package statestore

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"uuid"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	db, err := Open(dir, Options{})
	must(t, err)
	id := db.ProcessID()
	if _, err := uuid.Parse(id); err != nil {
		t.Errorf("process id %q: %v", id, err)
	}
	c := openCounters(t, db)
	for n := range int64(50) {
		c.transaction(n + 1)
	}
	must(t, db.Close())

	db, err = Open(dir, Options{})
	must(t, err)
	if db.ProcessID() != id {
		t.Errorf("process id %s, before %s", db.ProcessID(), id)
	}
	c = openCounters(t, db)
	if n := c.verify(); n != 50 {
		t.Errorf("opened at %d, want 50: Close flushes", n)
	}
	must(t, db.Close())
	b, err := os.ReadFile(filepath.Join(dir, "kafka-streams-process-metadata"))
	must(t, err)
	if got, want := string(b), `{"processId":"`+id+`"}`; got != want {
		t.Errorf("process metadata %s, want %s", got, want)
	}
}

func TestLocked(t *testing.T) {
	fs := vfs.NewMem()
	db := mustOpen(t, Options{fs: fs})
	_, err := Open("state", Options{fs: fs})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "own state directory") {
		t.Errorf("a second Open: %v", err)
	}
	must(t, db.Close())
	must(t, mustOpen(t, Options{fs: fs}).Close())
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	if _, err := Open(file, Options{}); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("Open of a file: %v", err)
	}
	for _, o := range []Options{{CacheBytes: -1}, {MemTableBytes: -1}, {MemTableBytes: 2 << 30}} {
		if _, err := Open(t.TempDir(), o); err == nil {
			t.Errorf("Open with %+v: no error", o)
		}
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, metadataFile), []byte(`{"processId":"x"}`), 0o644))
	for range 2 { // the failure gives the lock back
		if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "remove the file") {
			t.Errorf("Open with bad metadata: %v", err)
		}
	}
}

// TestOpenWriteErrors lets every write on the way of Open fail, one after another,
// up to the first flush, which the engine tries again by itself.
// The next Open, without a failure, must succeed: nothing is left locked or half.
func TestOpenWriteErrors(t *testing.T) {
	errDisk := errors.New("disk")
	failures := 0
	for failAt := int64(1); ; failAt++ {
		var writes atomic.Int64
		var flushing atomic.Bool
		mem := vfs.NewMem()
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if strings.HasSuffix(op.Path, ".sst") {
				flushing.Store(true)
			}
			if !flushing.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && writes.Add(1) == failAt {
				return errDisk
			}
			return nil
		}))
		db, err := Open("state", Options{fs: fs})
		if err != nil {
			failures++
			if !errors.Is(err, errDisk) {
				t.Errorf("write %d: %v", failAt, err)
			}
			db = mustOpen(t, Options{fs: mem})
		}
		done := writes.Load() < failAt
		must(t, db.Close())
		if done {
			break
		}
	}
	if failures == 0 {
		t.Error("no write failed")
	}
}

func TestLayoutVersion(t *testing.T) {
	fs := vfs.NewMem()
	db := mustOpen(t, Options{fs: fs})
	must(t, db.disk.writeSynced([]byte{spaceFormat}, []byte{formatVersion + 1}))
	must(t, db.Close())
	_, err := Open("state", Options{fs: fs})
	if err == nil || !strings.Contains(err.Error(), "version 02") {
		t.Errorf("Open of a later layout: %v", err)
	}
}

// TestSegmentIntervalStays opens a window store with another retention: what's
// there must still be found.
func TestSegmentIntervalStays(t *testing.T) {
	fs := vfs.NewMem()
	spec := windowSpec
	for i, retention := range []time.Duration{4 * time.Minute, time.Hour, 5 * time.Minute} {
		db := mustOpen(t, Options{fs: fs})
		spec.Retention = retention
		s, err := db.Store(spec, 0)
		must(t, err)
		w, err := NewWindow[int64, int64](s, number{}, number{})
		must(t, err)
		now := (time.Duration(i) * 4 * time.Minute).Milliseconds()
		must(t, w.Put(1, now, int64(i), now))
		// What starts four minutes ago is out of the first retention only.
		found := 0
		for _, err := range w.Fetch(1, 0, now) {
			must(t, err)
			found++
		}
		if want := min(i, 1) + 1; found != want {
			t.Errorf("retention %v: %d windows, want %d", retention, found, want)
		}
		apply(t, db, s, int64(i))
		must(t, db.Close())
	}
}

// TestExpiryDeletes looks into the engine: what's expired takes no space.
func TestExpiryDeletes(t *testing.T) {
	db := OpenMemory()
	c := openCounters(t, db)
	s := c.stores[counterPartitions]
	for n := range int64(200) {
		c.transaction(n + 1)
	}
	entries := 0
	must(t, db.memory.scan(s.prefix, s.end, func(_, _ []byte) bool { entries++; return true }))
	perSegment := int(s.segment/20_000) * counterKeys
	if live := int(s.retention/20_000) * counterKeys; entries < live || entries > live+perSegment {
		t.Errorf("%d entries in the engine, want %d and at most a segment's %d more", entries, live, perSegment)
	}
	must(t, db.Close())
}

func TestInMemoryOnDisk(t *testing.T) {
	fs := vfs.NewMem()
	spec := kvSpec
	spec.InMemory = true
	for range 2 {
		db := mustOpen(t, Options{fs: fs})
		s, err := db.Store(spec, 0)
		must(t, err)
		if next, ok := s.Offset(); ok {
			t.Errorf("a store in memory is at %d after opening", next)
		}
		m, err := NewKeyValue[int64, int64](s, number{}, number{})
		must(t, err)
		must(t, m.Put(1, 1, 1))
		apply(t, db, s, 5)
		must(t, db.Close())
	}
}

func TestFlush(t *testing.T) {
	db, s, m := openNumbers(t)
	e := db.disk.engine.(*pebbleEngine)
	flushes := func() int64 { return e.db.Metrics().Flush.Count }
	must(t, db.Flush())
	before := flushes()
	must(t, db.Flush())
	must(t, db.FlushAsync())
	if n := flushes(); n != before {
		t.Errorf("%d flushes of nothing", n-before)
	}
	must(t, m.Put(1, 1, 1))
	apply(t, db, s, 1)
	must(t, db.FlushAsync())
	must(t, db.Flush()) // waits for the one that's running
	if n := flushes(); n != before+1 {
		t.Errorf("%d flushes, want 1", n-before)
	}
}

func TestLogger(t *testing.T) {
	var got []string
	l := pebbleLogger{func(level slog.Level, message string) { got = append(got, level.String()+" "+message) }}
	l.Infof("a %d", 1)
	l.Errorf("b %d", 2)
	func() {
		defer func() {
			if r := recover(); fmt.Sprint(r) != "state store: c 3" {
				t.Errorf("Fatalf panics with %v", r)
			}
		}()
		l.Fatalf("c %d", 3)
	}()
	if want := "DEBUG a 1,ERROR b 2,ERROR c 3"; strings.Join(got, ",") != want {
		t.Errorf("%v, want %s", got, want)
	}
}
