package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// change is a record of a changelog. The value is nil for a tombstone.
type change struct {
	key       string
	value     []byte
	timestamp int64
}

func (c change) String() string {
	if c.value == nil {
		return fmt.Sprintf("%s!@%d", c.key, c.timestamp)
	}
	return fmt.Sprintf("%s=%s@%d", c.key, c.value, c.timestamp)
}

// changes returns the changes of the open transaction.
func (e *env) changes(s *statestore.Store) []change {
	e.Helper()
	var list []change
	e.check(s.Changes(func(key, value []byte, timestamp int64) error {
		if key == nil {
			e.Error("change with a null key")
		}
		list = append(list, change{string(key), slices.Clone(value), timestamp})
		return nil
	}))
	return list
}

// wantOffset fails the test unless the store is at the offset, -1 for none.
func (e *env) wantOffset(s *statestore.Store, want int64) {
	e.Helper()
	next, ok := s.Offset()
	if ok != (want >= 0) || ok && next != want {
		e.Errorf("store %s-%d: offset %d, %v; want %d", s.Name(), s.Partition(), next, ok, want)
	}
}

func testDiscard(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	e.check(m.Put("a", "1", 10))
	e.check(m.Put("b", "1", 10))
	e.commit(5, s)
	e.check(m.Put("a", "2", 20))
	e.check(m.Delete("b", 30))
	e.check(m.Put("c", "2", 20))
	if s.UncommittedBytes() == 0 || s.StreamTime() != 30 {
		e.Errorf("open transaction: %d bytes, stream time %d", s.UncommittedBytes(), s.StreamTime())
	}
	s.Discard()
	e.wantShown("after Discard", e.show(m.All()), "a=1@10 b=1@10")
	e.wantOffset(s, 5)
	if s.UncommittedBytes() != 0 || s.StreamTime() != 10 || len(e.changes(s)) != 0 {
		e.Errorf("after Discard: %d bytes, stream time %d", s.UncommittedBytes(), s.StreamTime())
	}
	b := e.db.NewBatch()
	e.check(m.Put("a", "3", 40))
	e.check(s.Stage(b, 6))
	e.check(b.Close())
	s.Discard()
	e.check(m.Put("d", "4", 15)) // Discard ends the staging
	e.wantShown("after a batch that wasn't committed", e.show(m.All()), "a=1@10 b=1@10 d=4@15")
	e.wantOffset(s, 5)
}

func testChanges(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	e.check(m.Put("b", "1", 10))
	e.check(m.Put("", "empty key", 10))
	e.check(m.Put("b", "two", 9))
	e.check(m.Delete("c", 11))
	e.check(m.Put("d", "", 12))
	e.check(m.Put("e", "1", 13))
	e.check(m.Delete("e", 14))
	e.wantShown("changes", fmt.Sprint(e.changes(s)), "[b=two@9 =empty key@10 c!@11 d=@12 e!@14]")
	e.check(m.Put("c", "again", 15))
	e.wantShown("changes", fmt.Sprint(e.changes(s)), "[b=two@9 =empty key@10 c=again@15 d=@12 e!@14]")
	calls := 0
	err := s.Changes(func([]byte, []byte, int64) error { calls++; return errSerde })
	if !errors.Is(err, errSerde) || calls != 1 {
		e.Errorf("Changes went on after an error: %d calls, %v", calls, err)
	}
	e.commit(1, s)
	if got := e.changes(s); len(got) != 0 {
		e.Errorf("changes after the commit: %v", got)
	}

	w := e.open(windowSpec("w"), 0)
	e.check(e.window(w).Put("k", 1000, "v", 7))
	e.check(e.window(w).Delete("", 2000, 8))
	// The keys are those of the changelog: record key, start, sequence number.
	e.wantShown("changes", fmt.Sprintf("%q", fmt.Sprint(e.changes(w))),
		`"[k\x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00=v@7 \x00\x00\x00\x00\x00\x00\a\xd0\x00\x00\x00\x00!@8]"`)
}

func testStage(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	e.wantOffset(s, -1)
	if !s.AppliedAt().IsZero() {
		e.Errorf("AppliedAt %v before the first apply", s.AppliedAt())
	}
	before := time.Now().Truncate(time.Millisecond)
	e.check(m.Put("a", "1", 10))
	b := e.db.NewBatch()
	e.check(s.Stage(b, 7))
	if b.Len() == 0 {
		e.Error("a batch with a staged store is empty")
	}
	e.wantOffset(s, -1) // nothing is applied yet
	e.check(b.Commit())
	e.wantOffset(s, -1)
	s.Applied()
	e.wantOffset(s, 7)
	if got := s.AppliedAt(); got.Before(before) || got.After(time.Now()) {
		e.Errorf("AppliedAt %v, want about %v", got, before)
	}
	e.check(b.Close())
	e.check(b.Close())
	e.commit(9, s) // the offset alone
	e.wantOffset(s, 9)
	s.Close()
	s = e.open(keyValueSpec("s"), 0)
	e.wantOffset(s, 9)
	e.want(e.keyValue(s), "a", "1", 10)
	if s.StreamTime() != 10 {
		e.Errorf("stream time %d after opening again, want 10", s.StreamTime())
	}
}

func testStageMisuse(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	e.check(m.Put("a", "1", 10))
	s.Applied() // not staged: keeps the writes
	e.want(m, "a", "1", 10)
	b := e.db.NewBatch()
	e.refuse("Stage of a negative offset", s.Stage(b, -1))
	other := statestore.OpenMemory()
	wrong := other.NewBatch()
	e.refuse("Stage into a batch of another DB", s.Stage(wrong, 1))
	e.check(wrong.Close())
	e.check(other.Close())
	e.check(s.Stage(b, 1))
	e.refuse("Put between Stage and Applied", m.Put("b", "2", 11))
	e.refuse("Delete between Stage and Applied", m.Delete("a", 11))
	e.want(m, "a", "1", 10) // reads go on
	e.check(b.Commit())
	s.Applied()
	e.check(m.Put("b", "2", 11))
	e.check(b.Close())
}

func testBatchIsAtomic(e *env) {
	inMemory := keyValueSpec("memory")
	inMemory.InMemory = true
	stores := []*statestore.Store{
		e.open(keyValueSpec("a"), 0), e.open(keyValueSpec("a"), 1), e.open(inMemory, 0),
	}
	stage := func(b *statestore.Batch) {
		for _, s := range stores {
			e.check(e.keyValue(s).Put("k", "v", 10))
			e.check(s.Stage(b, 1))
		}
	}
	b := e.db.NewBatch()
	stage(b)
	e.check(b.Close()) // never committed
	for _, s := range stores {
		s.Discard()
		e.wantNone(e.keyValue(s), "k")
	}
	b = e.db.NewBatch()
	stage(b)
	e.check(b.Commit())
	e.check(b.Close())
	for _, s := range stores {
		s.Applied()
		e.want(e.keyValue(s), "k", "v", 10)
		e.wantOffset(s, 1)
	}
}

func testBatchMisuse(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	b := e.db.NewBatch()
	if b.Len() != 0 {
		e.Errorf("an empty batch has %d bytes", b.Len())
	}
	e.check(b.Commit())
	e.refuse("a second Commit", b.Commit())
	e.refuse("Stage into a committed batch", s.Stage(b, 1))
	e.check(b.Close())
	e.refuse("Restore into a closed batch", s.Restore(b, []byte("k"), []byte("v"), 1))
}

func testRestore(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	b := e.db.NewBatch()
	for _, c := range []change{
		{"a", []byte("1"), 10}, {"b", []byte("1"), 30}, {"a", []byte("2"), 20}, {"b", nil, 25},
		{"", []byte{}, 5}, {"c", nil, 26},
	} {
		e.check(s.Restore(b, []byte(c.key), c.value, c.timestamp))
	}
	e.wantShown("before the commit", e.show(m.All()), "")
	e.check(s.Stage(b, 6))
	e.check(b.Commit())
	e.check(b.Close())
	s.Applied()
	e.wantShown("restored", e.show(m.All()), "=@5 a=2@20")
	e.wantOffset(s, 6)
	if s.StreamTime() != 30 {
		e.Errorf("stream time %d, want 30", s.StreamTime())
	}
	b = e.db.NewBatch()
	e.check(s.Restore(b, []byte("x"), []byte("lost"), 99))
	e.check(b.Close())
	s.Discard()
	e.wantNone(m, "x")
	if s.StreamTime() != 30 {
		e.Errorf("stream time %d after a restore that was dropped, want 30", s.StreamTime())
	}
}

func testRestoreMisuse(e *env) {
	s, ws := e.open(keyValueSpec("s"), 0), e.open(windowSpec("w"), 0)
	b := e.db.NewBatch()
	e.refuse("a null key", s.Restore(b, nil, []byte("v"), 1))
	e.refuse("a window key that's too short", ws.Restore(b, []byte("short"), []byte("v"), 1))
	e.refuse("a negative window start", ws.Restore(b, []byte(strings.Repeat("\xff", 12)), []byte("v"), 1))
	e.check(e.keyValue(s).Put("a", "1", 1))
	e.refuse("Restore with a transaction open", s.Restore(b, []byte("k"), []byte("v"), 1))
	if b.Len() != 0 {
		e.Errorf("refused records are in the batch: %d bytes", b.Len())
	}
	e.check(b.Close())
}

// testProgress checks what Stage persists beside the entries.
func testProgress(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	if s.StreamTime() != -1 {
		e.Errorf("stream time %d of an empty store, want -1", s.StreamTime())
	}
	for i, step := range []struct{ timestamp, want int64 }{{100, 100}, {50, 100}, {0, 100}, {101, 101}} {
		e.check(m.Put("k", "v", step.timestamp))
		if s.StreamTime() != step.want {
			e.Errorf("stream time %d after %d, want %d", s.StreamTime(), step.timestamp, step.want)
		}
		e.commit(int64(i), s)
		s.Close()
		s = e.open(keyValueSpec("s"), 0)
		m = e.keyValue(s)
		if s.StreamTime() != step.want {
			e.Errorf("stream time %d after opening again, want %d", s.StreamTime(), step.want)
		}
	}
	if s.Name() != "s" || s.Partition() != 0 || s.Spec().Kind != statestore.TimestampedKeyValue {
		e.Errorf("store %s-%d, %v", s.Name(), s.Partition(), s.Spec())
	}
}
