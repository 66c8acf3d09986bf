package storetest

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

type session = statestore.Session[string, string]

func sessionSpec(name string) statestore.Spec {
	return statestore.Spec{Name: name, Kind: statestore.SessionWindow, Retention: retention}
}

func (e *env) session(s *statestore.Store) *session {
	e.Helper()
	w, err := statestore.NewSession[string, string](s, text{}, text{})
	e.check(err)
	return w
}

// showSessions prints the entries of an iteration, start and end in seconds since
// at(0).
func (e *env) showSessions(seq iter.Seq2[statestore.SessionEntry[string, string], error]) string {
	e.Helper()
	var parts []string
	for x, err := range seq {
		e.check(err)
		parts = append(parts, fmt.Sprintf("%s/%d-%d=%s", x.Key, (x.Start-at(0))/1000, (x.End-at(0))/1000, x.Value))
	}
	return strings.Join(parts, " ")
}

// putSession puts a session from and to seconds since at(0).
func (e *env) putSession(w *session, key string, from, to time.Duration, value string) {
	e.Helper()
	e.check(w.Put(key, at(from*time.Second), at(to*time.Second), value, at(to*time.Second)))
}

func testSession(e *env) {
	s := e.open(sessionSpec("s"), 0)
	w := e.session(s)
	e.putSession(w, "a", 0, 10, "1")
	e.putSession(w, "a", 5, 10, "2")
	e.putSession(w, "a", 0, 20, "3")
	for range 2 {
		e.wantShown("Fetch", e.showSessions(w.Fetch("a")), "a/0-10=1 a/5-10=2 a/0-20=3")
		v, ok, err := w.Get("a", at(5*time.Second), at(10*time.Second))
		e.check(err)
		if v != "2" || !ok {
			e.Errorf("Get = %q, %v; want 2", v, ok)
		}
		_, ok, err = w.Get("a", at(5*time.Second), at(11*time.Second))
		e.check(err)
		if ok {
			e.Error("Get of a session that isn't there is ok")
		}
		e.commit(1, s)
	}
	e.check(w.Remove("a", at(5*time.Second), at(10*time.Second), at(7*time.Second)))
	e.check(w.Remove("b", at(time.Second), at(2*time.Second), at(7*time.Second)))
	e.putSession(w, "a", 0, 10, "4")
	e.wantShown("after Remove", e.showSessions(w.All()), "a/0-10=4 a/0-20=3")
	// End comes before start in the changelog.
	e.check(w.Put("k", 2, at(0), "v", 7))
	want := "k" + string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(at(0))), 2))
	got := e.changes(s)
	if last := got[len(got)-1]; last.key != want || string(last.value) != "v" || last.timestamp != 7 {
		e.Errorf("change %v, want key %q at 7", last, want)
	}
	if got[0].value != nil || got[0].timestamp != at(7*time.Second) {
		e.Errorf("change %v, want a tombstone at %d", got[0], at(7*time.Second))
	}
	e.refuse("a negative start", w.Put("a", -1, 0, "v", 0))
	e.refuse("an end before the start", w.Remove("a", 2, 1, 0))
}

func testSessionFind(e *env) {
	s := e.open(sessionSpec("s"), 0)
	w := e.session(s)
	inside := string(binary.BigEndian.AppendUint64([]byte("a"), uint64(at(time.Minute))))
	for i, k := range []string{"a", inside, "b", inside[:5], ""} {
		e.putSession(w, k, 0, 60, "1")
		e.putSession(w, k, 100, 200, "2")
		e.putSession(w, k, 290, 310, "3") // over the edge of a segment
		e.putSession(w, k, 400, 400, "4")
		if i == 1 {
			e.commit(1, s)
		}
	}
	for _, c := range []struct {
		earliestEnd, latestStart int64
		want                     string
	}{
		{0, 1000, "1 2 3 4"},
		{60, 290, "1 2 3"},
		{61, 289, "2"},
		{200, 300, "2 3"},
		{310, 400, "3 4"},
		{311, 399, ""},
		{1000, 0, ""},
		{401, 1000, ""},
	} {
		var got []string
		for x, err := range w.FindSessions("a", at(0)+c.earliestEnd*1000, at(0)+c.latestStart*1000) {
			e.check(err)
			if x.Key != "a" {
				e.Errorf("session of %q", x.Key)
			}
			got = append(got, x.Value)
		}
		e.wantShown(fmt.Sprint(c), strings.Join(got, " "), c.want)
	}
	e.wantShown("another key", e.showSessions(w.Fetch("c")), "")
	var got []string
	for x, err := range w.FetchByEnd(at(200*time.Second), at(310*time.Second)) {
		e.check(err)
		got = append(got, x.Value+x.Key)
	}
	want := []string{"2", "2a", "2" + inside[:5], "2" + inside, "2b", "3", "3a", "3" + inside[:5], "3" + inside, "3b"}
	e.wantShown("FetchByEnd", fmt.Sprintf("%q", got), fmt.Sprintf("%q", want))
}

// testSessionMerge is what an aggregation does: it removes what it finds.
func testSessionMerge(e *env) {
	s := e.open(sessionSpec("s"), 0)
	w := e.session(s)
	e.putSession(w, "a", 0, 10, "1")
	e.commit(1, s)
	e.putSession(w, "a", 20, 30, "2")
	for x, err := range w.FindSessions("a", at(0), at(time.Minute)) {
		e.check(err)
		e.check(w.Remove("a", x.Start, x.End, at(0)))
	}
	e.putSession(w, "a", 0, 30, "12")
	e.wantShown("merged", e.showSessions(w.Fetch("a")), "a/0-30=12")
	s.Discard()
	e.wantShown("discarded", e.showSessions(w.Fetch("a")), "a/0-10=1")
}

func testSessionExpiry(e *env) {
	s := e.open(sessionSpec("s"), 0)
	w := e.session(s)
	end := func(d time.Duration) int64 { return at(retention + d) }
	e.check(w.Put("a", at(0), end(0), "old", 0))
	e.check(w.Put("a", at(0), end(time.Millisecond), "young", 0))
	e.check(w.Put("b", end(0), end(retention), "new", 0))
	var left []string
	for x, err := range w.All() {
		e.check(err)
		left = append(left, x.Value)
	}
	e.wantShown("left", strings.Join(left, " "), "young new")
	_, ok, err := w.Get("a", at(0), end(0))
	e.check(err)
	if ok {
		e.Error("Get of an expired session is ok")
	}
	e.check(w.Put("a", 0, at(0), "late", 0))
	if s.Expired() != 1 || len(e.changes(s)) != 4 {
		e.Errorf("%d expired, %d changes; want 1 and 4", s.Expired(), len(e.changes(s)))
	}
	e.commit(1, s)
	s.Close()
	s = e.open(sessionSpec("s"), 0)
	for x, err := range e.session(s).FindSessions("a", 0, end(0)) {
		e.check(err)
		if x.Value != "young" {
			e.Errorf("%v after opening again", x)
		}
	}

	inMemory := sessionSpec("memory")
	inMemory.InMemory = true
	s = e.open(inMemory, 0)
	e.check(e.session(s).Put("b", end(0), end(retention), "new", 0))
	e.check(e.session(s).Put("a", end(0), end(0), "late", 0))
	if s.Expired() != 1 {
		e.Errorf("%d expired in memory, want 1", s.Expired())
	}
}

func testSessionModel(e *env) {
	now := at(0)
	write := func(r *rand.Rand, s *statestore.Store, m *model) {
		w := e.session(s)
		now += r.Int64N((10 * time.Second).Milliseconds())
		k := modelKey{key: modelKeys[r.IntN(len(modelKeys))], time: now - r.Int64N(retention.Milliseconds()*5/4)/1000*1000}
		k.tail = k.time - r.Int64N(3)*1000
		deleted, v := r.IntN(4) == 0, fmt.Sprint(r.Uint32())
		if deleted {
			e.check(w.Remove(k.key, k.tail, k.time, now))
		} else {
			e.check(w.Put(k.key, k.tail, k.time, v, now))
		}
		m.write(k, modelValue{value: v}, deleted)
	}
	show := func(s *statestore.Store) string {
		var parts []string
		for x, err := range e.session(s).All() {
			e.check(err)
			parts = append(parts, showEntry(modelKey{x.Key, x.End, x.Start}, modelValue{value: x.Value}))
		}
		return strings.Join(parts, " ")
	}
	testModel(e, sessionSpec("s"), byTime, write, show)
}
