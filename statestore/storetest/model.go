package storetest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// model is a naive store: maps, copied as a whole for each transaction.
type model struct {
	committed, open modelState
	// log is the changelog of all committed transactions.
	log []change
}

type modelState struct {
	entries map[modelKey]modelValue
	// time is the latest time that an entry expires by.
	time int64
	// sequence is the last number of a store with duplicates.
	sequence int64
}

func (s modelState) clone() modelState {
	s.entries = maps.Clone(s.entries)
	return s
}

// modelKey has only a key in a key-value store.
type modelKey struct {
	key string
	// time is a window's start or a session's end.
	time int64
	// tail is a session's start or the number of a duplicate.
	tail int64
}

type modelValue struct {
	value     string
	timestamp int64
}

func newModel() *model {
	empty := modelState{entries: map[modelKey]modelValue{}, time: -1}
	return &model{committed: empty, open: empty.clone()}
}

func (m *model) commit(changes []change) {
	m.committed = m.open.clone()
	m.log = append(m.log, changes...)
}

func (m *model) discard() { m.open = m.committed.clone() }

// live tells whether an entry is within retention.
func (m *model) live(time int64) bool { return time > m.open.time-retention.Milliseconds() }

// write writes to a store whose entries expire.
func (m *model) write(k modelKey, v modelValue, deleted bool) {
	if !m.live(k.time) {
		return
	}
	m.open.time = max(m.open.time, k.time)
	if deleted {
		delete(m.open.entries, k)
	} else {
		m.open.entries[k] = v
	}
}

// order is the order in which a store shows its entries.
type order func(a, b modelKey) int

// byBytes is the order of the bytes of key and time.
func byBytes(a, b modelKey) int {
	return strings.Compare(
		string(binary.BigEndian.AppendUint64([]byte(a.key), uint64(a.time))),
		string(binary.BigEndian.AppendUint64([]byte(b.key), uint64(b.time))))
}

func bySegment(a, b modelKey) int {
	s := segment.Milliseconds()
	return cmp.Or(cmp.Compare(a.time/s, b.time/s), byBytes(a, b))
}

func byTime(a, b modelKey) int {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.tail, b.tail), cmp.Compare(a.key, b.key))
}

func byKey(a, b modelKey) int {
	return cmp.Or(cmp.Compare(a.key, b.key), byTime(a, b))
}

// show prints the live entries.
func (m *model) show(o order) string {
	var keys []modelKey
	for k := range m.open.entries {
		if m.live(k.time) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, o)
	var parts []string
	for _, k := range keys {
		parts = append(parts, showEntry(k, m.open.entries[k]))
	}
	return strings.Join(parts, " ")
}

func showEntry(k modelKey, v modelValue) string {
	return fmt.Sprintf("%s/%d.%d=%s@%d", k.key, k.time, k.tail, v.value, v.timestamp)
}

// compacted keeps the last record of each key, as the broker may.
func compacted(log []change) []change {
	seen := map[string]bool{}
	var kept []change
	for _, c := range slices.Backward(log) {
		if !seen[c.key] {
			seen[c.key] = true
			kept = append(kept, c)
		}
	}
	slices.Reverse(kept)
	return kept
}

// random is a source of test data whose seed is printed when the test fails.
func (e *env) random() *rand.Rand {
	seed := rand.Uint64()
	e.Cleanup(func() {
		if e.Failed() {
			e.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// modelKeys is small enough for collisions and has the edges of the byte order.
var modelKeys = []string{"", "\x00", "a", "a\x00", "a\x00\x00\x00\x00\x00\x00\x00\x00", "aa", "b", "\xff", "\xff\xff"}

// testModel runs random operations and compares with the model all along. At the
// end it rebuilds the store from its changelog, whole and compacted.
func testModel(e *env, spec statestore.Spec, o order, write func(*rand.Rand, *statestore.Store, *model), show func(*statestore.Store) string) {
	r := e.random()
	s, m := e.open(spec, 0), newModel()
	for step := range 2000 {
		switch n := r.IntN(100); {
		case n < 85:
			write(r, s, m)
		case n < 90:
			e.takenBack(r, s, func() { write(r, s, m) }, func() string { return show(s) }, m)
		case n < 95:
			changes := e.changes(s)
			e.commit(int64(len(m.log)+len(changes)), s)
			m.commit(changes)
		case n < 97:
			s.Discard()
			m.discard()
		case n < 98:
			s.Close()
			s = e.open(spec, 0)
			m.discard()
		default:
			if got, want := show(s), m.show(o); got != want {
				e.Fatalf("step %d:\ngot  %q\nwant %q", step, got, want)
			}
		}
	}
	s.Discard()
	m.discard()
	want := m.show(o)
	e.wantShown("committed", show(s), want)
	for name, log := range map[string][]change{"replayed": m.log, "compacted": compacted(m.log)} {
		spec.Name = name
		e.wantShown(name, show(e.replay(r, spec, log)), want)
	}
}

// takenBack writes some entries, and takes the writes behind a mark back.
func (e *env) takenBack(r *rand.Rand, s *statestore.Store, write func(), show func() string, m *model) {
	e.Helper()
	s.Mark()
	if r.IntN(2) == 0 {
		write() // of a record that stays
		s.Mark()
	}
	before, shown := m.open.clone(), ""
	if r.IntN(4) == 0 {
		shown = show()
	}
	changes, time, expired := e.changes(s), s.StreamTime(), s.Expired()
	for range r.IntN(5) {
		write()
	}
	s.Rollback()
	m.open = before
	if got, want := fmt.Sprint(e.changes(s)), fmt.Sprint(changes); got != want {
		e.Fatalf("changes after a rollback:\ngot  %q\nwant %q", got, want)
	}
	if s.StreamTime() != time || s.Expired() != expired {
		e.Fatalf("stream time %d and %d expired writes after a rollback, want %d and %d", s.StreamTime(), s.Expired(), time, expired)
	}
	if shown != "" {
		e.wantShown("rolled back", show(), shown)
	}
}

// replay restores a store from a changelog, in batches of random size.
func (e *env) replay(r *rand.Rand, spec statestore.Spec, log []change) *statestore.Store {
	e.Helper()
	s := e.open(spec, 0)
	for done := 0; done < len(log); {
		b := e.db.NewBatch()
		for range min(1+r.IntN(200), len(log)-done) {
			c := log[done]
			e.check(s.Restore(b, []byte(c.key), c.value, c.timestamp))
			done++
		}
		e.check(s.Stage(b, int64(done)))
		e.check(b.Commit())
		e.check(b.Close())
		s.Applied()
	}
	e.wantOffset(s, int64(len(log)))
	return s
}

func testKeyValueModel(e *env) {
	write := func(r *rand.Rand, s *statestore.Store, m *model) {
		kv := e.keyValue(s)
		k, ts := modelKeys[r.IntN(len(modelKeys))], r.Int64N(1000)
		if r.IntN(3) == 0 {
			e.check(kv.Delete(k, ts))
			delete(m.open.entries, modelKey{key: k})
			return
		}
		v := strings.Repeat("v", r.IntN(50))
		e.check(kv.Put(k, v, ts))
		m.open.entries[modelKey{key: k}] = modelValue{v, ts}
		e.want(kv, k, v, ts)
	}
	show := func(s *statestore.Store) string {
		var parts []string
		for x, err := range e.keyValue(s).All() {
			e.check(err)
			parts = append(parts, showEntry(modelKey{key: x.Key}, modelValue{x.Value, x.Timestamp}))
		}
		return strings.Join(parts, " ")
	}
	testModel(e, keyValueSpec("s"), byBytes, write, show)
}

func testWindowModel(e *env) {
	now := at(0)
	write := func(r *rand.Rand, s *statestore.Store, m *model) {
		w := e.window(s)
		now += r.Int64N((10 * time.Second).Milliseconds())
		k := modelKey{key: modelKeys[r.IntN(len(modelKeys))], time: now - r.Int64N(retention.Milliseconds()*5/4)}
		ts := k.time + r.Int64N(1000)
		deleted, v := r.IntN(4) == 0, fmt.Sprint(r.Uint32())
		if deleted {
			e.check(w.Delete(k.key, k.time, ts))
		} else {
			e.check(w.Put(k.key, k.time, v, ts))
		}
		m.write(k, modelValue{v, ts}, deleted)
	}
	show := func(s *statestore.Store) string {
		var parts []string
		for x, err := range e.window(s).All() {
			e.check(err)
			parts = append(parts, showEntry(modelKey{key: x.Key, time: x.Start}, modelValue{x.Value, x.Timestamp}))
		}
		return strings.Join(parts, " ")
	}
	testModel(e, windowSpec("w"), bySegment, write, show)
}
