package storetest

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// showWindows prints the entries of an iteration, the starts in seconds since at(0).
func (e *env) showWindows(seq iter.Seq2[statestore.WindowEntry[string, string], error]) string {
	e.Helper()
	var parts []string
	for x, err := range seq {
		e.check(err)
		parts = append(parts, fmt.Sprintf("%s/%d=%s", x.Key, (x.Start-at(0))/1000, x.Value))
	}
	return strings.Join(parts, " ")
}

func (e *env) wantWindow(w *window, key string, start int64, want string) {
	e.Helper()
	v, ts, ok, err := w.Get(key, start)
	e.check(err)
	if !ok || v != want || ts != start+1 {
		e.Errorf("Get(%q, %d) = %q, %d, %v; want %q, %d", key, start, v, ts, ok, want, start+1)
	}
}

func (e *env) wantNoWindow(w *window, key string, start int64) {
	e.Helper()
	v, _, ok, err := w.Get(key, start)
	e.check(err)
	if ok {
		e.Errorf("Get(%q, %d) = %q, want nothing", key, start, v)
	}
}

// putWindow puts a value with a timestamp within the window.
func (e *env) putWindow(w *window, key string, start int64, value string) {
	e.Helper()
	e.check(w.Put(key, start, value, start+1))
}

func testWindow(e *env) {
	s := e.open(windowSpec("w"), 0)
	w := e.window(s)
	e.wantNoWindow(w, "a", at(0))
	e.putWindow(w, "a", at(0), "1")
	e.putWindow(w, "a", at(time.Minute), "2")
	e.wantWindow(w, "a", at(0), "1")
	e.commit(1, s)
	e.wantWindow(w, "a", at(0), "1")
	e.wantWindow(w, "a", at(time.Minute), "2")
	e.putWindow(w, "a", at(0), "3")
	e.wantWindow(w, "a", at(0), "3")
	e.check(w.Delete("a", at(time.Minute), at(0)))
	e.wantNoWindow(w, "a", at(time.Minute))
	e.wantShown("All", e.showWindows(w.All()), "a/0=3")
	e.commit(2, s)
	e.wantWindow(w, "a", at(0), "3")
	e.wantNoWindow(w, "a", at(time.Minute))
	e.refuse("a negative start", w.Put("a", -1, "v", 0))
	e.refuse("a negative start", w.Delete("a", -1, 0))
	e.wantNoWindow(w, "a", -1)
}

func testWindowFetch(e *env) {
	s := e.open(windowSpec("w"), 0)
	w := e.window(s)
	// Over three segments, half in the engine, half in the overlay.
	for i := range 10 {
		e.putWindow(w, "a", at(time.Duration(i)*time.Minute), fmt.Sprint(i))
		e.putWindow(w, "b", at(time.Duration(i)*time.Minute), "b")
		if i == 4 {
			e.commit(1, s)
			e.check(w.Delete("a", at(3*time.Minute), at(0)))
		}
	}
	for _, c := range []struct {
		from, to int64
		want     string
	}{
		{at(0), at(time.Hour), "a/0=0 a/60=1 a/120=2 a/240=4 a/300=5 a/360=6 a/420=7 a/480=8 a/540=9"},
		{at(time.Minute), at(2 * time.Minute), "a/60=1 a/120=2"},
		{at(time.Minute) + 1, at(2*time.Minute) - 1, ""},
		{at(4 * time.Minute), at(5 * time.Minute), "a/240=4 a/300=5"},
		{at(9 * time.Minute), math.MaxInt64, "a/540=9"},
		{math.MinInt64, at(0), "a/0=0"},
		{at(2 * time.Minute), at(time.Minute), ""},
		{at(time.Hour), at(2 * time.Hour), ""},
	} {
		e.wantShown(fmt.Sprintf("Fetch(%d, %d)", c.from-at(0), c.to-at(0)), e.showWindows(w.Fetch("a", c.from, c.to)), c.want)
	}
	e.wantShown("FetchAll", e.showWindows(w.FetchAll(at(4*time.Minute), at(5*time.Minute))), "a/240=4 b/240=b a/300=5 b/300=b")
	e.wantShown("FetchAll", e.showWindows(w.FetchAll(1, 0)), "")
	e.wantShown("FetchByTime", e.showWindows(w.FetchByTime(at(3*time.Minute), at(6*time.Minute))),
		"b/180=b a/240=4 b/240=b a/300=5 b/300=b a/360=6 b/360=b")
	e.wantShown("FetchByTime", e.showWindows(w.FetchByTime(1, 0)), "")
	for x, err := range w.FetchByTime(at(3*time.Minute), math.MaxInt64) {
		e.check(err)
		if x.Start != at(3*time.Minute) {
			e.Errorf("visited %v after break", x)
		}
		break
	}
	e.wantShown("another key", e.showWindows(w.Fetch("c", 0, math.MaxInt64)), "")
	for x, err := range w.Fetch("a", 0, math.MaxInt64) {
		e.check(err)
		if x.Value == "2" {
			break
		}
		if x.Value > "2" {
			e.Errorf("visited %v after break", x)
		}
	}
}

// testWindowKeysInterleave has record keys whose windows lie between those of
// another key.
func testWindowKeysInterleave(e *env) {
	s := e.open(windowSpec("w"), 0)
	w := e.window(s)
	inside := string(binary.BigEndian.AppendUint64([]byte("a"), uint64(at(time.Minute))))
	keys := []string{"a", "", "a\x00", inside, inside + "\x00\x00\x00\x00", inside[:5], "b"}
	minutes := []time.Duration{0, time.Minute, 2 * time.Minute}
	for range 2 {
		for _, k := range keys {
			for _, m := range minutes {
				e.putWindow(w, k, at(m), "v"+k)
			}
		}
		for _, k := range keys {
			n := 0
			for x, err := range w.Fetch(k, at(0), at(time.Hour)) {
				e.check(err)
				if x.Key != k || x.Value != "v"+k || n < len(minutes) && x.Start != at(minutes[n]) {
					e.Errorf("Fetch(%q) has %q start %d", k, x.Key, x.Start-at(0))
				}
				n++
			}
			if n != len(minutes) {
				e.Errorf("Fetch(%q) has %d windows, want %d", k, n, len(minutes))
			}
		}
		var starts []int64
		for x, err := range w.FetchByTime(0, math.MaxInt64) {
			e.check(err)
			starts = append(starts, x.Start)
		}
		if len(starts) != len(keys)*len(minutes) || !slices.IsSorted(starts) {
			e.Errorf("FetchByTime has the starts %v", starts)
		}
		e.commit(1, s) // once more from the engine
	}
}

func testWindowExpiry(e *env) {
	s := e.open(windowSpec("w"), 0)
	w := e.window(s)
	e.putWindow(w, "a", at(0), "old")
	e.putWindow(w, "a", at(time.Millisecond), "young")
	e.commit(1, s)
	e.putWindow(w, "b", at(retention-time.Millisecond), "v")
	e.wantWindow(w, "a", at(0), "old")
	e.putWindow(w, "b", at(retention), "v")
	// A start that lies the retention back is gone, one later isn't.
	e.wantNoWindow(w, "a", at(0))
	e.wantWindow(w, "a", at(time.Millisecond), "young")
	e.wantShown("Fetch", e.showWindows(w.Fetch("a", 0, math.MaxInt64)), "a/0=young")
	s.Discard()
	e.wantWindow(w, "a", at(0), "old")

	e.putWindow(w, "b", at(retention), "v")
	// Late writes go to the changelog alone.
	e.putWindow(w, "a", at(0), "late")
	e.check(w.Delete("a", at(0), at(0)))
	e.wantNoWindow(w, "a", at(0))
	if s.Expired() != 0 || len(e.changes(s)) != 2 {
		e.Errorf("%d expired, changes %v; want 0, in a segment that's live, and 2 changes", s.Expired(), e.changes(s))
	}
	e.putWindow(w, "a", at(-segment), "late")
	if s.Expired() != 1 {
		e.Errorf("%d expired, want 1", s.Expired())
	}
	// Within one transaction the windows of a whole segment come and go.
	e.putWindow(w, "c", at(retention+segment+time.Millisecond), "v")
	e.putWindow(w, "b", at(retention+3*segment), "last")
	if got := len(e.changes(s)); got != 5 {
		e.Errorf("%d changes, want 5: the changelog has its own retention", got)
	}
	e.commit(2, s)
	want := "c/900=v b/1500=last"
	e.wantShown("after expiry", e.showWindows(w.All()), want)
	e.wantNoWindow(w, "b", at(retention))
	s.Close()
	s = e.open(windowSpec("w"), 0)
	e.wantShown("after opening again", e.showWindows(e.window(s).All()), want)
	e.putWindow(e.window(s), "a", at(segment), "late")
	e.putWindow(e.window(s), "a", at(retention+segment), "late, but its segment is live")
	e.wantShown("after late writes", e.showWindows(e.window(s).All()), want)
	if s.Expired() != 1 {
		e.Errorf("%d expired after opening again, want 1", s.Expired())
	}
}

func testWindowRestore(e *env) {
	s, r := e.open(windowSpec("w"), 0), e.open(windowSpec("restored"), 0)
	w := e.window(s)
	b := e.db.NewBatch()
	for i := range 40 { // several times the retention
		e.putWindow(w, "k", at(time.Duration(i)*time.Minute), fmt.Sprint(i))
		e.putWindow(w, "k", at(time.Duration(i/2*2)*time.Minute), fmt.Sprint("again ", i))
		for _, c := range e.changes(s) {
			e.check(r.Restore(b, []byte(c.key), c.value, c.timestamp))
		}
		e.commit(int64(i), s)
	}
	e.check(r.Stage(b, 40))
	e.check(b.Commit())
	e.check(b.Close())
	r.Applied()
	e.wantShown("restored", e.showWindows(e.window(r).All()), e.showWindows(w.All()))
	if r.StreamTime() != s.StreamTime() {
		e.Errorf("stream time %d restored, want %d", r.StreamTime(), s.StreamTime())
	}
}
