package storetest

import (
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
	committed, open map[modelKey]modelValue
	// committedTime and openTime are the latest window start.
	committedTime, openTime int64
	// log is the changelog of all committed transactions.
	log []change
}

// modelKey has start 0 in a key-value store.
type modelKey struct {
	key   string
	start int64
}

type modelValue struct {
	value     string
	timestamp int64
}

func newModel() *model {
	return &model{committed: map[modelKey]modelValue{}, open: map[modelKey]modelValue{}, committedTime: -1, openTime: -1}
}

func (m *model) commit(changes []change) {
	m.committed, m.committedTime = maps.Clone(m.open), m.openTime
	m.log = append(m.log, changes...)
}

func (m *model) discard() { m.open, m.openTime = maps.Clone(m.committed), m.committedTime }

// live tells whether a window is within retention.
func (m *model) live(start int64) bool { return start > m.openTime-retention.Milliseconds() }

// bytes returns what the order within a segment goes by.
func (k modelKey) bytes() string {
	return string(binary.BigEndian.AppendUint64([]byte(k.key), uint64(k.start)))
}

// show prints the live entries by segment, then by the bytes of key and start; a
// key-value store is one segment.
func (m *model) show(segment int64) string {
	var keys []modelKey
	for k := range m.open {
		if segment == 0 || m.live(k.start) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b modelKey) int {
		if segment > 0 && a.start/segment != b.start/segment {
			return int(a.start/segment - b.start/segment)
		}
		return strings.Compare(a.bytes(), b.bytes())
	})
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s/%d=%s@%d", k.key, k.start, m.open[k].value, m.open[k].timestamp))
	}
	return strings.Join(parts, " ")
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
func testModel(e *env, spec statestore.Spec, segment int64, write func(*rand.Rand, *statestore.Store, *model), show func(*statestore.Store) string) {
	r := e.random()
	s, m := e.open(spec, 0), newModel()
	for step := range 2000 {
		switch n := r.IntN(100); {
		case n < 90:
			write(r, s, m)
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
			if got, want := show(s), m.show(segment); got != want {
				e.Fatalf("step %d:\ngot  %q\nwant %q", step, got, want)
			}
		}
	}
	s.Discard()
	m.discard()
	want := m.show(segment)
	e.wantShown("committed", show(s), want)
	for name, log := range map[string][]change{"replayed": m.log, "compacted": compacted(m.log)} {
		spec.Name = name
		e.wantShown(name, show(e.replay(r, spec, log)), want)
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
			delete(m.open, modelKey{key: k})
			return
		}
		v := strings.Repeat("v", r.IntN(50))
		e.check(kv.Put(k, v, ts))
		m.open[modelKey{key: k}] = modelValue{v, ts}
		e.want(kv, k, v, ts)
	}
	show := func(s *statestore.Store) string {
		var parts []string
		for x, err := range e.keyValue(s).All() {
			e.check(err)
			parts = append(parts, fmt.Sprintf("%s/0=%s@%d", x.Key, x.Value, x.Timestamp))
		}
		return strings.Join(parts, " ")
	}
	testModel(e, keyValueSpec("s"), 0, write, show)
}

func testWindowModel(e *env) {
	now := at(0)
	write := func(r *rand.Rand, s *statestore.Store, m *model) {
		w := e.window(s)
		now += r.Int64N((10 * time.Second).Milliseconds())
		k := modelKey{modelKeys[r.IntN(len(modelKeys))], now - r.Int64N(retention.Milliseconds()*5/4)}
		ts := k.start + r.Int64N(1000)
		deleted, v := r.IntN(4) == 0, fmt.Sprint(r.Uint32())
		if deleted {
			e.check(w.Delete(k.key, k.start, ts))
		} else {
			e.check(w.Put(k.key, k.start, v, ts))
		}
		if !m.live(k.start) {
			return
		}
		m.openTime = max(m.openTime, k.start)
		if deleted {
			delete(m.open, k)
		} else {
			m.open[k] = modelValue{v, ts}
		}
	}
	show := func(s *statestore.Store) string {
		var parts []string
		for x, err := range e.window(s).All() {
			e.check(err)
			parts = append(parts, fmt.Sprintf("%s/%d=%s@%d", x.Key, x.Start, x.Value, x.Timestamp))
		}
		return strings.Join(parts, " ")
	}
	testModel(e, windowSpec("w"), segment.Milliseconds(), write, show)
}
