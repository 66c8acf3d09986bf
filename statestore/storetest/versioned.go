package storetest

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

type versioned = statestore.Versioned[string, string]

func versionedSpec(name string) statestore.Spec {
	return statestore.Spec{Name: name, Kind: statestore.VersionedKeyValue, Retention: retention, SegmentInterval: segment}
}

func (e *env) versioned(s *statestore.Store) *versioned {
	e.Helper()
	m, err := statestore.NewVersioned[string, string](s, text{}, text{})
	e.check(err)
	return m
}

// putVersion puts a value, or a tombstone for "", and wants the end of the version,
// 0 where it's to be refused. Times are relative to at(0).
func (e *env) putVersion(m *versioned, key, value string, timestamp, want time.Duration) {
	e.Helper()
	var validTo int64
	var stored bool
	var err error
	if value == "" {
		validTo, stored, err = m.Delete(key, at(timestamp))
	} else {
		validTo, stored, err = m.Put(key, value, at(timestamp))
	}
	e.check(err)
	end := at(want)
	if want == forever {
		end = statestore.EndOfTime
	}
	if stored != (want != 0) || stored && validTo != end {
		e.Errorf("%q=%q at %v: valid to %v, %v; want %v", key, value, timestamp, validTo-at(0), stored, want)
	}
}

const forever time.Duration = math.MaxInt64

// history prints the versions of a key, each when it begins, from one time to
// another.
func (e *env) history(m *versioned, key string, from, to int64) string {
	e.Helper()
	var parts []string
	seen := int64(-1)
	for t := from; t <= to; t += 1000 {
		v, ok, err := m.GetAsOf(key, t)
		e.check(err)
		switch {
		case !ok && seen != 0:
			parts = append(parts, "-")
			seen = 0
		case ok && v.ValidFrom != seen:
			parts = append(parts, fmt.Sprintf("%s[%s,%s)", v.Value, seconds(v.ValidFrom), seconds(v.ValidTo)))
			seen = v.ValidFrom
		}
		if ok && (v.ValidFrom > t || v.ValidTo <= t) {
			e.Errorf("GetAsOf(%q, %s) = %v", key, seconds(t), v)
		}
	}
	return strings.Join(parts, " ")
}

// seconds prints a time relative to at(0).
func seconds(t int64) string {
	if t == statestore.EndOfTime {
		return ""
	}
	return fmt.Sprint((t - at(0)) / 1000)
}

const sec = time.Second

func testVersioned(e *env) {
	s := e.open(versionedSpec("v"), 0)
	m := e.versioned(s)
	e.putVersion(m, "a", "v30", 30*sec, forever)
	e.putVersion(m, "a", "v10", 10*sec, 30*sec)
	e.putVersion(m, "a", "v20", 20*sec, 30*sec)
	for next := range int64(2) {
		e.wantShown("history", e.history(m, "a", at(0), at(time.Minute)), "- v10[10,20) v20[20,30) v30[30,)")
		e.commit(next, s)
	}
	e.putVersion(m, "a", "v20x", 20*sec, 30*sec) // replaces
	e.putVersion(m, "a", "", 25*sec, 30*sec)
	e.putVersion(m, "a", "", 40*sec, forever)
	e.wantShown("history", e.history(m, "a", at(0), at(time.Minute)), "- v10[10,20) v20x[20,25) - v30[30,40) -")
	_, ok, err := m.Get("a")
	e.check(err)
	if ok {
		e.Error("Get of a deleted key is ok")
	}
	e.putVersion(m, "a", "v35", 35*sec, 40*sec)
	e.putVersion(m, "a", "v50", 50*sec, forever)
	e.commit(3, s)
	e.wantShown("history", e.history(m, "a", at(0), at(time.Minute)), "- v10[10,20) v20x[20,25) - v30[30,35) v35[35,40) - v50[50,)")
	v, ok, err := m.Get("a")
	e.check(err)
	if !ok || v != (statestore.Version[string]{Value: "v50", ValidFrom: at(50 * sec), ValidTo: statestore.EndOfTime}) {
		e.Errorf("Get = %v, %v", v, ok)
	}
	e.putVersion(m, "a", "", 50*sec, forever) // a tombstone replaces the latest
	e.putVersion(m, "a", "v45", 45*sec, 50*sec)
	e.putVersion(m, "a", "empty follows", 60*sec, forever)
	_, _, err = m.Put("a", "", at(70*sec)) // an empty value is a value
	e.check(err)
	e.wantShown("history", e.history(m, "a", at(40*sec), at(time.Minute+10*sec)), "- v45[45,50) - empty follows[60,70) [70,)")
	_, _, err = m.Put("a", "v", -1)
	e.refuse("a negative timestamp", err)
}

// testVersionedTombstones checks that the beginnings of tombstones aren't
// forgotten: what's put before one ends there.
func testVersionedTombstones(e *env) {
	m := e.versioned(e.open(versionedSpec("v"), 0))
	e.putVersion(m, "first", "", 50*sec, forever)
	e.putVersion(m, "first", "v", 10*sec, 50*sec)
	e.putVersion(m, "first", "", 60*sec, forever) // behind another
	e.putVersion(m, "first", "v", 55*sec, 60*sec)
	e.putVersion(m, "first", "", 70*sec, forever)
	e.putVersion(m, "first", "", 20*sec, 50*sec)
	e.putVersion(m, "first", "", 30*sec, 50*sec)
	e.putVersion(m, "first", "v", 25*sec, 30*sec)
	e.wantShown("history", e.history(m, "first", at(0), at(time.Minute)), "- v[10,20) - v[25,30) - v[55,60) -")
	e.putVersion(m, "first", "", 25*sec, 30*sec) // a tombstone replaces a value
	e.putVersion(m, "first", "v", 22*sec, 25*sec)
	e.putVersion(m, "first", "v", 28*sec, 30*sec)
	e.putVersion(m, "first", "x", 50*sec, 55*sec) // a value replaces a tombstone
	e.wantShown("history", e.history(m, "first", at(0), at(time.Minute)),
		"- v[10,20) - v[22,25) - v[28,30) - x[50,55) v[55,60) -")
}

func testVersionedRetention(e *env) {
	s := e.open(versionedSpec("v"), 0)
	m := e.versioned(s)
	e.putVersion(m, "a", "1", 0, forever)
	e.putVersion(m, "a", "2", time.Minute, forever)
	e.putVersion(m, "old", "forever", 0, forever)
	e.commit(1, s)
	e.putVersion(m, "b", "v", retention, forever)
	e.wantShown("at the edge", e.history(m, "a", at(-sec), at(sec)), "- 1[0,60)")
	e.putVersion(m, "c", "at the edge", 0, forever)
	e.putVersion(m, "b", "v", retention+sec, forever)
	// Time zero isn't in the history any more, except for who has it as the latest.
	e.wantShown("past the edge", e.history(m, "a", at(0), at(time.Minute)), "- 1[0,60) 2[60,)")
	e.wantShown("the latest", e.history(m, "old", at(-sec), at(sec)), "- forever[0,)")
	e.putVersion(m, "a", "late", 0, 0)
	e.putVersion(m, "new", "late", 0, 0)
	e.putVersion(m, "new", "", 0, 0)
	if s.Expired() != 3 || len(e.changes(s)) != 6 {
		e.Errorf("%d expired, %d changes; want 3 and 6: refused versions are logged", s.Expired(), len(e.changes(s)))
	}
	e.putVersion(m, "a", "3", 3*retention, forever)
	e.commit(2, s)
	s.Close()
	m = e.versioned(e.open(versionedSpec("v"), 0))
	e.wantShown("after opening again", e.history(m, "a", at(0), at(3*retention)), "- 2[60,1800) 3[1800,)")
	e.wantShown("the latest", e.history(m, "old", at(-sec), at(sec)), "- forever[0,)")
}

// testVersionedChanges checks that each version is a record of its own.
func testVersionedChanges(e *env) {
	s := e.open(versionedSpec("v"), 0)
	m := e.versioned(s)
	e.putVersion(m, "a", "1", 10*sec, forever)
	e.putVersion(m, "a", "2", 20*sec, forever)
	e.putVersion(m, "b", "", 15*sec, forever)
	e.putVersion(m, "a", "3", 10*sec, 20*sec)
	want := fmt.Sprintf("[a=1@%d a=2@%d b!@%d a=3@%d]", at(10*sec), at(20*sec), at(15*sec), at(10*sec))
	e.wantShown("changes", fmt.Sprint(e.changes(s)), want)
	b := e.db.NewBatch()
	e.refuse("Restore with a transaction open", s.Restore(b, []byte("k"), []byte("v"), 1))
	s.Discard()
	if len(e.changes(s)) != 0 || s.UncommittedBytes() != 0 {
		e.Errorf("changes %v, %d bytes after Discard", e.changes(s), s.UncommittedBytes())
	}
	e.wantShown("after Discard", e.history(m, "a", at(0), at(time.Minute)), "-")
	// Records restored in one batch see each other.
	e.check(s.Restore(b, []byte("a"), []byte("2"), at(20*sec)))
	e.check(s.Restore(b, []byte("a"), []byte("1"), at(10*sec)))
	e.refuse("a negative timestamp", s.Restore(b, []byte("a"), nil, -1))
	if got := e.changes(s); len(got) != 0 {
		e.Errorf("restored records are changes: %v", got)
	}
	e.check(s.Stage(b, 2))
	e.check(b.Commit())
	e.check(b.Close())
	s.Applied()
	e.wantShown("restored", e.history(m, "a", at(0), at(time.Minute)), "- 1[10,20) 2[20,)")
}

// versionModel is a naive versioned store that never forgets: each key's values by
// timestamp, nil for a tombstone.
type versionModel struct {
	versions map[string]map[int64]*string
	now      int64
}

func (m versionModel) clone() versionModel {
	c := versionModel{map[string]map[int64]*string{}, m.now}
	for k, v := range m.versions {
		c.versions[k] = maps.Clone(v)
	}
	return c
}

// put returns the end of the version, 0 where it's refused.
func (m *versionModel) put(key string, value *string, timestamp int64) (validTo int64) {
	if timestamp < m.now-retention.Milliseconds() {
		return 0
	}
	m.now = max(m.now, timestamp)
	if m.versions[key] == nil {
		m.versions[key] = map[int64]*string{}
	}
	m.versions[key][timestamp] = value
	return m.end(key, timestamp)
}

// end returns when the version that's valid at a time ends.
func (m *versionModel) end(key string, timestamp int64) int64 {
	end := statestore.EndOfTime
	for t := range m.versions[key] {
		if t > timestamp {
			end = min(end, t)
		}
	}
	return end
}

// valid returns what was valid at a time, whether the store still knows it or not.
func (m *versionModel) valid(key string, asOf int64) (v statestore.Version[string], ok bool) {
	v.ValidFrom = -1
	for t := range m.versions[key] {
		if t <= asOf {
			v.ValidFrom = max(v.ValidFrom, t)
		}
	}
	value := m.versions[key][v.ValidFrom]
	v.ValidTo = m.end(key, asOf)
	if value == nil {
		return statestore.Version[string]{}, false
	}
	v.Value = *value
	return v, true
}

// historyStart returns the earliest time that the store answers for.
func (m *versionModel) historyStart() int64 { return m.now - retention.Milliseconds() }

func (m *versionModel) get(key string, asOf int64) (statestore.Version[string], bool) {
	v, ok := m.valid(key, asOf)
	if !ok || v.ValidTo != statestore.EndOfTime && asOf < m.historyStart() {
		return statestore.Version[string]{}, false
	}
	return v, true
}

// shown returns whether a version is still in the history until a time: in a segment
// that isn't dropped.
func (m *versionModel) shown(v statestore.Version[string], to int64) bool {
	first := m.historyStart() / segment.Milliseconds() * segment.Milliseconds()
	return v.ValidTo == statestore.EndOfTime || to >= m.historyStart() && v.ValidTo >= first
}

// compareAll looks at the latest versions of all keys.
func (m *versionModel) compareAll(e *env, store *versioned) {
	e.Helper()
	var want, got []statestore.Entry[string, string]
	for _, key := range slices.Sorted(maps.Keys(m.versions)) {
		if v, ok := m.get(key, math.MaxInt64); ok {
			want = append(want, statestore.Entry[string, string]{Key: key, Value: v.Value, Timestamp: v.ValidFrom})
		}
	}
	for entry, err := range store.All() {
		e.check(err)
		got = append(got, entry)
	}
	if !slices.Equal(got, want) {
		e.Fatalf("All() = %v, want %v", got, want)
	}
}

// compare reads at random times, and at those of all versions.
func (m *versionModel) compare(e *env, r *rand.Rand, s *statestore.Store) {
	e.Helper()
	store := e.versioned(s)
	m.compareAll(e, store)
	for _, key := range modelKeys {
		times := append(slices.Collect(maps.Keys(m.versions[key])), statestore.EndOfTime, m.now-retention.Milliseconds())
		for range 20 {
			times = append(times, m.now-r.Int64N(retention.Milliseconds()*5/4))
		}
		for _, t := range times {
			got, ok, err := store.GetAsOf(key, t)
			e.check(err)
			if want, wantOK := m.get(key, t); got != want || ok != wantOK {
				e.Fatalf("GetAsOf(%q, %s) = %v, %v; want %v, %v", key, seconds(t), got, ok, want, wantOK)
			}
		}
		from := m.now - r.Int64N(retention.Milliseconds()*2)
		for _, to := range []int64{from - 1, from, from + r.Int64N(retention.Milliseconds()), math.MaxInt64} {
			m.compareHistory(e, store, key, from, to)
		}
		got, ok, err := store.Get(key)
		e.check(err)
		if want, wantOK := m.get(key, math.MaxInt64); got != want || ok != wantOK {
			e.Fatalf("Get(%q) = %v, %v; want %v, %v", key, got, ok, want, wantOK)
		}
	}
}

// compareHistory looks at each of the times at which something changes.
func (m *versionModel) compareHistory(e *env, store *versioned, key string, from, to int64) {
	e.Helper()
	times := append(slices.Collect(maps.Keys(m.versions[key])), from, to)
	slices.Sort(times)
	var want []statestore.Version[string]
	for _, t := range times {
		if v, ok := m.valid(key, t); ok && from <= t && t <= to && m.shown(v, to) && !slices.Contains(want, v) {
			want = append(want, v)
		}
	}
	var got []statestore.Version[string]
	for v, err := range store.History(key, from, to) {
		e.check(err)
		got = append(got, v)
	}
	if !slices.Equal(got, want) {
		e.Fatalf("History(%q, %s, %s) = %v, want %v", key, seconds(from), seconds(to), got, want)
	}
}

// step writes at a random time and compares the answers.
func (m *versionModel) step(e *env, r *rand.Rand, s *statestore.Store, now int64) {
	e.Helper()
	store, key := e.versioned(s), modelKeys[r.IntN(len(modelKeys))]
	ts := now - r.Int64N(retention.Milliseconds()*5/4)/10_000*10_000
	if r.IntN(3) == 0 {
		ts = now
	}
	var value *string
	var validTo int64
	var stored bool
	var err error
	if r.IntN(3) == 0 {
		validTo, stored, err = store.Delete(key, ts)
	} else {
		text := fmt.Sprint(r.Uint32())
		value = &text
		validTo, stored, err = store.Put(key, text, ts)
	}
	e.check(err)
	if want := m.put(key, value, ts); validTo != want || stored != (want != 0) {
		e.Fatalf("write of %q at %s: %d, %v; want %d", key, seconds(ts), validTo, stored, want)
	}
}

func testVersionedModel(e *env) {
	r := e.random()
	spec := versionedSpec("v")
	s := e.open(spec, 0)
	open := versionModel{map[string]map[int64]*string{}, -1}
	committed := open.clone()
	var log []change
	now := at(0)
	for range 1000 {
		switch n := r.IntN(100); {
		case n < 80:
			now += r.Int64N(3) * 10_000
			open.step(e, r, s, now)
		case n < 85:
			s.Mark()
			before := open.clone()
			for range r.IntN(5) {
				open.step(e, r, s, now+r.Int64N(3)*10_000)
			}
			s.Rollback()
			open = before
		case n < 91:
			changes := e.changes(s)
			e.commit(int64(len(log)+len(changes)), s)
			committed, log = open.clone(), append(log, changes...)
		case n < 94:
			s.Discard()
			open = committed.clone()
		case n < 95:
			s.Close()
			s = e.open(spec, 0)
			open = committed.clone()
		default:
			open.compare(e, r, s)
		}
	}
	s.Discard()
	committed.compare(e, r, s)
	spec.Name = "replayed"
	committed.compare(e, r, e.replay(r, spec, log))
}
