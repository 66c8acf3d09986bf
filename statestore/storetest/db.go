package storetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oncestream/oncestream/statestore"
)

func testWipe(e *env) {
	for _, spec := range []statestore.Spec{keyValueSpec("s"), windowSpec("w")} {
		s, neighbour := e.open(spec, 1), e.open(spec, 2)
		put := func(s *statestore.Store) {
			if spec.Kind == statestore.TimestampedWindow {
				e.check(e.window(s).Put("k", at(0), "v", at(0)))
			} else {
				e.check(e.keyValue(s).Put("k", "v", at(0)))
			}
		}
		put(s)
		put(neighbour)
		e.commit(4, s, neighbour)
		put(s)
		e.check(s.Wipe())
		if len(e.changes(s)) != 0 || s.StreamTime() != -1 || !s.AppliedAt().IsZero() {
			e.Errorf("%s: traces after Wipe: stream time %d", spec.Name, s.StreamTime())
		}
		e.wantOffset(s, -1)
		e.wantOffset(neighbour, 4)
		e.wantShown("left", e.showAny(s), "")
		e.wantShown("neighbour", e.showAny(neighbour), fmt.Sprintf("k=v@%d", at(0)))
		s.Close()
		e.wantOffset(e.open(spec, 1), -1)
	}
}

// showAny prints the entries of a store of either kind, those of a window store
// without their starts.
func (e *env) showAny(s *statestore.Store) string {
	e.Helper()
	if s.Spec().Kind == statestore.TimestampedKeyValue {
		return e.show(e.keyValue(s).All())
	}
	var parts []string
	for x, err := range e.window(s).All() {
		e.check(err)
		parts = append(parts, fmt.Sprintf("%s=%s@%d", x.Key, x.Value, x.Timestamp))
	}
	return strings.Join(parts, " ")
}

func testPartitionsIsolated(e *env) {
	partitions := []int32{0, 1, 2, 127, 128, 255, 256, 65535, 65536, 1<<31 - 1}
	stores := make([]*statestore.Store, len(partitions))
	for i, p := range partitions {
		stores[i] = e.open(keyValueSpec("s"), p)
		m := e.keyValue(stores[i])
		e.check(m.Put("k", fmt.Sprint(p), int64(i)))
		e.check(m.Put("\xff\xff\xff\xff\xff", "last", int64(i)))
	}
	e.commit(1, stores...)
	for i, p := range partitions {
		want := fmt.Sprintf("k=%d@%d \xff\xff\xff\xff\xff=last@%d", p, i, i)
		e.wantShown("partition", e.showAny(stores[i]), want)
	}
}

func testNamesIsolated(e *env) {
	names := []string{"s", "st", "store", "store-1", "store\x00", "s\x00\x00"}
	for i, name := range names {
		s := e.open(keyValueSpec(name), 0)
		e.check(e.keyValue(s).Put("k", name, int64(i)))
		e.commit(int64(i), s)
	}
	for i, name := range names {
		s, err := e.db.Store(keyValueSpec(name), 0)
		e.refuse("a second owner", err)
		if s != nil {
			e.Errorf("store %q and an error", name)
		}
		e.wantShown("store", e.showPartition(name), fmt.Sprintf("%d", i))
	}
}

// showPartition prints the offset of the only partition of a store.
func (e *env) showPartition(name string) string {
	e.Helper()
	list, err := e.db.Partitions()
	e.check(err)
	var offsets []string
	for _, p := range list {
		if p.Store == name {
			offsets = append(offsets, fmt.Sprint(p.Offset))
		}
	}
	return strings.Join(offsets, " ")
}

func testPartitionsList(e *env) {
	list, err := e.db.Partitions()
	e.check(err)
	if len(list) != 0 {
		e.Errorf("partitions of an empty DB: %v", list)
	}
	inMemory := keyValueSpec("memory")
	inMemory.InMemory = true
	e.commit(3, e.open(keyValueSpec("b"), 7), e.open(keyValueSpec("b"), 0))
	e.commit(9, e.open(keyValueSpec("a"), 1))
	e.commit(2, e.open(inMemory, 5))
	e.open(keyValueSpec("never committed"), 0)
	list, err = e.db.Partitions()
	e.check(err)
	got := map[statestore.StorePartition]bool{}
	for _, p := range list {
		got[p] = true
	}
	for _, p := range []statestore.StorePartition{
		{Store: "b", Partition: 7, Offset: 3},
		{Store: "b", Partition: 0, Offset: 3},
		{Store: "a", Partition: 1, Offset: 9},
		{Store: "memory", Partition: 5, Offset: 2},
	} {
		if !got[p] {
			e.Errorf("%v is missing in %v", p, list)
		}
	}
	if len(list) != 4 {
		e.Errorf("partitions %v, want 4", list)
	}
}

func testOneOwner(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	_, err := e.db.Store(keyValueSpec("s"), 0)
	e.refuse("a second owner", err)
	e.check(m.Put("k", "lost", 1))
	s.Close()
	s.Close()
	_, _, _, err = m.Get("k")
	if !errors.Is(err, statestore.ErrClosed) {
		e.Errorf("Get of a closed store: %v", err)
	}
	e.refuse("Put to a closed store", m.Put("k", "v", 1))
	e.refuse("Wipe of a closed store", s.Wipe())
	for _, err := range m.All() {
		e.refuse("All of a closed store", err)
	}
	b := e.db.NewBatch()
	e.refuse("Stage of a closed store", s.Stage(b, 1))
	e.check(b.Close())
	e.wantNone(e.keyValue(e.open(keyValueSpec("s"), 0)), "k")
}

func testInvalidSpec(e *env) {
	for what, change := range map[string]func(*statestore.Spec){
		"no name":         func(s *statestore.Spec) { s.Name = "" },
		"no kind":         func(s *statestore.Spec) { s.Kind = 0 },
		"unknown kind":    func(s *statestore.Spec) { s.Kind = 200 },
		"no window size":  func(s *statestore.Spec) { s.WindowSize = 0 },
		"short retention": func(s *statestore.Spec) { s.Retention = s.WindowSize - 1 },
	} {
		spec := windowSpec("s")
		change(&spec)
		_, err := e.db.Store(spec, 0)
		e.refuse(what, err)
	}
	for _, spec := range []statestore.Spec{sessionSpec("s"), joinSpec("s")} {
		spec.Retention = 0
		e.refuse("no retention", spec.Validate())
	}
	history := versionedSpec("s")
	history.Retention = 0
	e.check(history.Validate())
	history.Retention = -1
	e.refuse("a negative retention", history.Validate())
	_, err := e.db.Store(keyValueSpec("s"), -1)
	e.refuse("a negative partition", err)
	spec := windowSpec("s")
	spec.Retention = spec.WindowSize
	e.check(spec.Validate())
}

func testClosedDB(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	e.check(m.Put("a", "1", 1))
	b := e.db.NewBatch()
	e.check(s.Stage(b, 1))
	e.check(e.db.Close())
	e.closed = true
	for what, call := range map[string]func() error{
		"Close":  e.db.Close,
		"Commit": b.Commit,
		"Get":    func() error { _, _, _, err := m.Get("b"); return err },
		"Store":  func() error { _, err := e.db.Store(keyValueSpec("t"), 0); return err },
		"All": func() (err error) {
			for _, err = range m.All() {
			}
			return err
		},
		"Partitions": func() error { _, err := e.db.Partitions(); return err },
		"SizeBytes":  func() error { _, err := s.SizeBytes(); return err },
	} {
		if err := call(); !errors.Is(err, statestore.ErrClosed) {
			e.Errorf("%s after Close: %v", what, err)
		}
	}
	e.check(b.Close())
}

func testSizeBytes(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	size := func() uint64 {
		e.Helper()
		e.check(e.db.Flush())
		n, err := s.SizeBytes()
		e.check(err)
		byName, err := e.db.SizeBytes("s", 0)
		e.check(err)
		if byName != n {
			e.Errorf("the DB says %d bytes, the store %d", byName, n)
		}
		return n
	}
	if n := size(); n != 0 {
		e.Errorf("an empty store has %d bytes", n)
	}
	e.check(m.Put("k", strings.Repeat("v", 10_000), 1))
	e.commit(1, s)
	// Compression may make it smaller.
	if n := size(); n == 0 || n > 20_000 {
		e.Errorf("a value of 10,000 bytes takes %d bytes", n)
	}
	if n, err := e.db.SizeBytes("unknown", 0); n != 0 || err != nil {
		e.Errorf("an unknown store has %d bytes, %v", n, err)
	}
	e.check(e.db.FlushAsync())
}
