package storetest

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

type joinWindow = statestore.JoinWindow[string, string]

func joinSpec(name string) statestore.Spec {
	return statestore.Spec{Name: name, Kind: statestore.DuplicateWindow, Retention: retention}
}

func (e *env) joinWindow(s *statestore.Store) *joinWindow {
	e.Helper()
	w, err := statestore.NewJoinWindow[string, string](s, text{}, text{})
	e.check(err)
	return w
}

// values prints the values of an iteration.
func (e *env) values(seq iter.Seq2[statestore.Entry[string, string], error]) string {
	e.Helper()
	var parts []string
	for x, err := range seq {
		e.check(err)
		parts = append(parts, x.Value)
	}
	return strings.Join(parts, " ")
}

// joinChange is the key of a change of a store with duplicates.
func joinChange(key string, timestamp int64, sequence uint32) string {
	b := binary.BigEndian.AppendUint64([]byte(key), uint64(timestamp))
	return string(binary.BigEndian.AppendUint32(b, sequence))
}

func testJoinWindow(e *env) {
	s := e.open(joinSpec("j"), 0)
	w := e.joinWindow(s)
	e.check(w.Put("a", at(2*ms), "1"))
	e.check(w.Put("a", at(ms), "2"))
	e.check(w.PutNull("a", at(ms)))
	e.check(w.Put("a", at(ms), "3"))
	e.check(w.Put("a", at(2*ms), "4"))
	e.check(w.Put("b", at(2*ms), "b"))
	e.check(w.PutNull("a", at(time.Hour))) // doesn't move the store's time
	for i, want := range []string{
		joinChange("a", at(2*ms), 1), joinChange("a", at(ms), 2), joinChange("a", at(ms), 3), joinChange("a", at(ms), 4),
		joinChange("a", at(2*ms), 5), joinChange("b", at(2*ms), 6), joinChange("a", at(time.Hour), 7),
	} {
		if got := e.changes(s)[i]; got.key != want || (got.value == nil) != (i == 2 || i == 6) {
			e.Errorf("change %d: %q, want %q", i, got, want)
		}
	}
	for next := range int64(2) {
		e.wantShown("Fetch", e.values(w.Fetch("a", 0, math.MaxInt64)), "2 3 1 4")
		e.wantShown("Fetch", e.values(w.Fetch("a", at(2*ms), at(3*ms))), "1 4")
		e.wantShown("Fetch", e.values(w.Fetch("a", at(3*ms), at(2*ms))), "")
		e.wantShown("Fetch", e.values(w.Fetch("c", 0, math.MaxInt64)), "")
		e.commit(next, s)
	}
	e.refuse("a negative timestamp", w.Put("a", -1, "v"))
}

// testJoinWindowInMemory checks that records without a value move the time on of a store
// in memory, after a restore too.
func testJoinWindowInMemory(e *env) {
	spec := joinSpec("m")
	spec.InMemory = true
	s := e.open(spec, 0)
	w := e.joinWindow(s)
	e.check(w.Put("a", at(0), "1"))
	e.check(w.PutNull("a", at(time.Hour)))
	e.wantShown("behind its retention", e.values(w.Fetch("a", 0, math.MaxInt64)), "")
	e.check(w.PutNull("a", at(0)))
	if s.Expired() != 1 {
		e.Errorf("%d writes are past their retention, want 1", s.Expired())
	}

	spec = joinSpec("restored")
	spec.InMemory = true
	r := e.open(spec, 0)
	b := e.db.NewBatch()
	e.check(r.Restore(b, []byte(joinChange("a", at(0), 1)), []byte("1"), at(0)))
	e.check(r.Restore(b, []byte(joinChange("a", at(time.Hour), 2)), nil, at(time.Hour)))
	e.check(r.Stage(b, 2))
	e.check(b.Commit())
	e.check(b.Close())
	r.Applied()
	e.wantShown("restored", e.values(e.joinWindow(r).Fetch("a", 0, math.MaxInt64)), "")
	if got := r.StreamTime(); got != at(time.Hour) {
		e.Errorf("the time is %d after a restore, want %d", got, at(time.Hour))
	}
}

// ms is the unit of timestamps.
const ms = time.Millisecond

// testJoinWindowSequence checks that no number is used twice.
func testJoinWindowSequence(e *env) {
	s := e.open(joinSpec("j"), 0)
	w := e.joinWindow(s)
	e.check(w.Put("a", at(0), "1"))
	e.commit(1, s)
	e.check(w.Put("a", at(0), "aborted"))
	s.Discard()
	e.check(w.Put("a", at(0), "2"))
	if got := e.changes(s); got[0].key != joinChange("a", at(0), 2) {
		e.Errorf("change %q after an abort, want number 2", got[0])
	}
	e.commit(2, s)
	s.Close()
	s = e.open(joinSpec("j"), 0)
	w = e.joinWindow(s)
	e.check(w.PutNull("a", at(0)))
	e.check(w.Put("a", at(0), "4"))
	e.commit(4, s)
	e.wantShown("after opening again", e.values(w.Fetch("a", at(0), at(0))), "1 2 4")

	r := e.open(joinSpec("restored"), 0)
	b := e.db.NewBatch()
	e.check(r.Restore(b, []byte(joinChange("a", at(0), 1<<31-2)), []byte("1"), at(0)))
	e.check(r.Restore(b, []byte(joinChange("a", at(0), 1<<31-2)), nil, at(0))) // deletes nothing
	e.check(r.Stage(b, 2))
	e.check(b.Commit())
	e.check(b.Close())
	r.Applied()
	w = e.joinWindow(r)
	e.check(w.Put("b", at(0), "2"))
	e.check(w.Put("b", at(0), "3"))
	e.check(w.Put("b", at(0), "4"))
	var got []string
	for _, c := range e.changes(r) {
		got = append(got, fmt.Sprintf("%x", c.key[len(c.key)-4:]))
	}
	e.wantShown("numbers after a restore", strings.Join(got, " "), "7fffffff 00000000 00000001")
	e.wantShown("restored", e.values(w.Fetch("a", 0, math.MaxInt64)), "1")
}

func testJoinWindowModel(e *env) {
	now := at(0)
	write := func(r *rand.Rand, s *statestore.Store, m *model) {
		w := e.joinWindow(s)
		now += r.Int64N((10 * time.Second).Milliseconds())
		k := modelKey{key: modelKeys[r.IntN(len(modelKeys))], time: now - r.Int64N(retention.Milliseconds()*5/4)/1000*1000}
		m.open.sequence++
		if r.IntN(4) == 0 {
			e.check(w.PutNull(k.key, k.time))
			return
		}
		k.tail = m.open.sequence
		v := fmt.Sprint(k.tail)
		e.check(w.Put(k.key, k.time, v))
		m.write(k, modelValue{v, k.time}, false)
	}
	show := func(s *statestore.Store) string {
		var parts []string
		for _, key := range slices.Sorted(slices.Values(modelKeys)) {
			for x, err := range e.joinWindow(s).Fetch(key, 0, math.MaxInt64) {
				e.check(err)
				n, err := strconv.ParseInt(x.Value, 10, 64)
				e.check(err)
				parts = append(parts, showEntry(modelKey{x.Key, x.Timestamp, n}, modelValue{x.Value, x.Timestamp}))
			}
		}
		return strings.Join(parts, " ")
	}
	testModel(e, joinSpec("j"), byKey, write, show)
}
