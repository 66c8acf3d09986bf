package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/oncestream/oncestream/statestore"
)

func (e *env) global(name string, partitions int32) *statestore.Global {
	e.Helper()
	g, err := e.db.Global(keyValueSpec(name), partitions)
	e.check(err)
	return g
}

func (e *env) reader(name string) *statestore.Store {
	e.Helper()
	s, err := e.db.GlobalReader(keyValueSpec(name))
	e.check(err)
	return s
}

// wantPositions checks the offsets of a global store, -1 for one that's not known.
func (e *env) wantPositions(g *statestore.Global, want ...int64) {
	e.Helper()
	for p, w := range want {
		next, ok := g.Offset(int32(p))
		if !ok {
			next = -1
		}
		if next != w || ok == g.AppliedAt(int32(p)).IsZero() {
			e.Errorf("partition %d is at %d (applied at %v), want %d", p, next, g.AppliedAt(int32(p)), w)
		}
	}
}

// testGlobal keeps the rows of several partitions in one store, and each one's
// position.
func testGlobal(e *env) {
	g := e.global("g", 2)
	rows, reader := e.keyValue(g.Rows()), e.keyValue(e.reader("g"))
	e.wantPositions(g, -1, -1)
	e.check(rows.Put("a", "1", 10))
	e.wantShown("before the commit", e.show(reader.All()), "")
	e.check(g.Commit(1, 5))
	e.wantShown("after the commit", e.show(reader.All()), "a=1@10")
	e.wantPositions(g, -1, 5)
	e.check(rows.Put("a", "2", 20))
	e.check(rows.Put("b", "3", 30))
	e.check(g.Commit(0, 7))
	e.check(rows.Delete("a", 40))
	e.check(g.Commit(1, 6))
	e.check(g.Commit(1, 9)) // markers alone
	e.wantShown("of both partitions", e.show(reader.All()), "b=3@30")
	e.wantPositions(g, 7, 9)
	e.check(rows.Put("c", "4", 50))
	g.Discard()
	e.check(g.Commit(0, 8))
	g.Close()

	g = e.global("g", 3) // the topic has grown
	defer g.Close()
	e.wantPositions(g, 8, 9, -1)
	e.wantShown("opened again", e.show(e.keyValue(g.Rows()).All()), "b=3@30")
}

// testGlobalWipe drops rows and positions together.
func testGlobalWipe(e *env) {
	g, other := e.global("g", 2), e.global("other", 1)
	e.check(e.keyValue(g.Rows()).Put("a", "1", 10))
	e.check(g.Commit(0, 5))
	e.check(g.Commit(1, 6))
	e.check(e.keyValue(other.Rows()).Put("a", "1", 10))
	e.check(other.Commit(0, 5))
	e.check(g.Wipe())
	e.wantPositions(g, -1, -1)
	e.wantPositions(other, 5)
	e.wantShown("wiped", e.show(e.keyValue(e.reader("g")).All()), "")
	e.wantShown("the other", e.show(e.keyValue(e.reader("other")).All()), "a=1@10")
}

// testGlobalOwner asserts that there's one writer, that readers are none, and that
// a task's store of the same name is another one.
func testGlobalOwner(e *env) {
	g := e.global("g", 1)
	_, err := e.db.Global(keyValueSpec("g"), 1)
	e.refuse("a second writer", err)
	s := e.open(keyValueSpec("g"), 0)
	e.check(e.keyValue(s).Put("a", "of a task", 1))
	e.commit(3, s)
	e.wantPositions(g, -1)

	r := e.reader("g")
	e.wantShown("rows", e.show(e.keyValue(r).All()), "")
	e.refuse("put of a reader", e.keyValue(r).Put("a", "1", 1))
	e.refuse("delete of a reader", e.keyValue(r).Delete("a", 1))
	b := e.db.NewBatch()
	e.refuse("stage of a reader", r.Stage(b, 1))
	e.refuse("restore of a reader", r.Restore(b, []byte("a"), nil, 1))
	e.check(b.Close())
	e.refuse("wipe of a reader", r.Wipe())
	r.Close()
	_, err = e.db.Global(keyValueSpec("g"), 1)
	e.refuse("a second writer after the close of a reader", err)
	g.Close()
	e.global("g", 1).Close()
}

func testGlobalMisuse(e *env) {
	for _, spec := range []statestore.Spec{windowSpec("w"), {}} {
		_, err := e.db.Global(spec, 1)
		e.refuse("a global "+spec.Kind.String(), err)
		_, err = e.db.GlobalReader(spec)
		e.refuse("a reader of a global "+spec.Kind.String(), err)
	}
	g := e.global("g", 1)
	e.check(e.keyValue(g.Rows()).Put("a", "1", 1))
	e.refuse("a negative offset", g.Commit(0, -1))
	e.check(g.Commit(0, 1))
	e.wantShown("after a failed commit", e.show(e.keyValue(g.Rows()).All()), "")
	e.check(e.db.Close())
	e.closed = true
	if err := g.Commit(0, 2); !errors.Is(err, statestore.ErrClosed) {
		e.Errorf("commit after the close: %v", err)
	}
	_, err := e.db.GlobalReader(keyValueSpec("g"))
	e.refuse("a reader after the close", err)
}

// testGlobalConcurrent reads while the writer commits batches in which all keys have
// the same value: a range is of one batch, and no key goes back.
func testGlobalConcurrent(e *env) {
	const keys, rounds, readers = 8, 50, 3
	g := e.global("g", 1)
	rows := e.keyValue(g.Rows())
	var wg sync.WaitGroup
	for range readers {
		view := e.keyValue(e.reader("g"))
		wg.Go(func() { readRounds(e.T, view, keys, fmt.Sprintf("%03d", rounds)) })
	}
	for round := 1; round <= rounds; round++ {
		for k := range keys {
			e.check(rows.Put(fmt.Sprint(k), fmt.Sprintf("%03d", round), int64(round)))
		}
		e.check(g.Commit(0, int64(round)))
	}
	wg.Wait()
}

// readRounds reads until it sees the last round.
func readRounds(t *testing.T, view *keyValue, keys int, last string) {
	for seen := ""; seen != last; {
		n := 0
		var value string
		for entry, err := range view.All() {
			if err != nil || n > 0 && entry.Value != value || entry.Value < seen {
				t.Errorf("%v after round %s: %v", entry, seen, err)
				return
			}
			value = entry.Value
			n++
		}
		if n != 0 && n != keys {
			t.Errorf("%d of %d keys", n, keys)
			return
		}
		seen = value
		got, _, ok, err := view.Get("0")
		if err != nil || ok && got < seen {
			t.Errorf("key 0 is of round %q after %q: %v", got, seen, err)
			return
		}
	}
}
