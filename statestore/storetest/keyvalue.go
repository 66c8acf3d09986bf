package storetest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/oncestream/oncestream/statestore"
)

// want fails the test unless the key has the value and timestamp.
func (e *env) want(m *keyValue, key, value string, timestamp int64) {
	e.Helper()
	v, ts, ok, err := m.Get(key)
	e.check(err)
	if !ok || v != value || ts != timestamp {
		e.Errorf("Get(%q) = %q, %d, %v; want %q, %d", key, v, ts, ok, value, timestamp)
	}
}

// wantNone fails the test if the key is there.
func (e *env) wantNone(m *keyValue, key string) {
	e.Helper()
	v, ts, ok, err := m.Get(key)
	e.check(err)
	if ok || v != "" || ts != 0 {
		e.Errorf("Get(%q) = %q, %d, %v; want nothing", key, v, ts, ok)
	}
}

// show prints the entries of an iteration.
func (e *env) show(seq iter.Seq2[statestore.Entry[string, string], error]) string {
	e.Helper()
	var parts []string
	for x, err := range seq {
		e.check(err)
		parts = append(parts, fmt.Sprintf("%s=%s@%d", x.Key, x.Value, x.Timestamp))
	}
	return strings.Join(parts, " ")
}

func (e *env) wantShown(what, got, want string) {
	e.Helper()
	if got != want {
		e.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

func testKeyValue(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	e.wantNone(m, "a")
	e.check(m.Put("a", "1", 10))
	e.want(m, "a", "1", 10)
	e.check(m.Put("a", "longer than it was", 11))
	e.want(m, "a", "longer than it was", 11)
	e.check(m.Put("a", "", 12))
	e.want(m, "a", "", 12)
	e.commit(1, s)
	e.want(m, "a", "", 12)
	e.check(m.Put("a", "2", 9)) // an older timestamp is the caller's business
	e.want(m, "a", "2", 9)
	e.commit(2, s)
	e.want(m, "a", "2", 9)
	e.check(m.Delete("a", 13))
	e.wantNone(m, "a")
	e.commit(3, s)
	e.wantNone(m, "a")
	e.check(m.Delete("a", 14))
	e.check(m.Put("a", "3", 15))
	e.want(m, "a", "3", 15)
	e.commit(4, s)
	e.want(m, "a", "3", 15)
}

// edgeKeys are keys at the edges of the bytes' order, of the layout, and of the
// memory that the overlay keeps.
var edgeKeys = []string{
	"", "\x00", "\x00\x00", "\x00\xff", "a", "a\x00", "a\x00\x00\x00\x00\x00\x00\x00\x01",
	"a\xff", "ab", "\xff", "\xff\x00", "\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	strings.Repeat("k", 5000), strings.Repeat("l", 100_000),
}

func testEdgeKeys(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	sorted := slices.Sorted(slices.Values(edgeKeys))
	wantAll := func() {
		e.Helper()
		var got []string
		for x, err := range m.All() {
			e.check(err)
			got = append(got, x.Key)
		}
		if !slices.Equal(got, sorted) {
			e.Errorf("All has %d keys %.40q, want %d", len(got), got, len(sorted))
		}
	}
	for i, k := range edgeKeys {
		e.check(m.Put(k, "v"+k, int64(i)))
	}
	wantAll()
	e.commit(1, s)
	wantAll()
	for i, k := range edgeKeys {
		e.want(m, k, "v"+k, int64(i))
		e.check(m.Delete(k, 100))
		e.wantNone(m, k)
	}
	e.wantShown("after deletes", e.show(m.All()), "")
	e.commit(2, s)
	e.wantShown("after commit", e.show(m.All()), "")
}

func testRange(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	for _, k := range []string{"b", "d", "f", "h"} {
		e.check(m.Put(k, "old", 1))
	}
	e.commit(1, s)
	e.check(m.Put("c", "new", 2)) // between the engine's
	e.check(m.Put("d", "new", 2)) // over the engine's
	e.check(m.Delete("f", 2))     // hides the engine's
	e.check(m.Put("z", "new", 2)) // behind the engine's
	e.check(m.Put("a", "new", 2)) // before the engine's
	e.check(m.Delete("e", 2))     // hides nothing
	for _, c := range []struct {
		from, to string
		want     string
	}{
		{"", "", "a=new@2 b=old@1 c=new@2 d=new@2 h=old@1 z=new@2"},
		{"b", "d", "b=old@1 c=new@2 d=new@2"},
		{"bb", "g", "c=new@2 d=new@2"},
		{"e", "g", ""},
		{"f", "f", ""},
		{"d", "d", "d=new@2"},
		{"d", "b", ""},
		{"h", "", "h=old@1 z=new@2"},
		{"", "b", "a=new@2 b=old@1"},
		{"zz", "", ""},
	} {
		e.wantShown(fmt.Sprintf("Range(%q, %q)", c.from, c.to), e.show(m.Range(bound(c.from), bound(c.to))), c.want)
	}
	for x, err := range m.All() {
		e.check(err)
		if x.Key == "b" {
			break
		}
		if x.Key > "b" {
			e.Errorf("visited %q after break", x.Key)
		}
	}
}

// bound makes an open bound of an empty string.
func bound(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func testLoopWrites(e *env) {
	s := e.open(keyValueSpec("s"), 0)
	m := e.keyValue(s)
	for _, k := range []string{"a", "c", "e", "g", "i"} {
		e.check(m.Put(k, "old", 1))
	}
	e.commit(1, s)
	e.check(m.Put("b", "old", 1))
	var got []string
	for x, err := range m.All() {
		e.check(err)
		got = append(got, x.Key+"="+x.Value)
		e.check(m.Put(x.Key, "seen", 2)) // the entry itself isn't visited again
		if x.Key == "c" {
			e.check(m.Delete("e", 2))     // deleted ahead
			e.check(m.Put("f", "new", 2)) // new ahead
			e.check(m.Put("i", "new", 2)) // overwritten ahead
			e.check(m.Put("aa", "x", 2))  // behind
			for range 1000 {              // the overlay's memory moves
				e.check(m.Put(fmt.Sprint("0", len(got)), "x", 2))
			}
		}
	}
	e.wantShown("visited", strings.Join(got, " "), "a=old b=old c=old f=new g=old i=new")
	for range m.All() {
		for range m.All() { // loops nest
			break
		}
	}
}

func testKindMismatch(e *env) {
	s, ws := e.open(keyValueSpec("s"), 0), e.open(windowSpec("w"), 0)
	_, err := statestore.NewWindow[string, string](s, text{}, text{})
	e.refuse("NewWindow of a key-value store", err)
	_, err = statestore.NewKeyValue[string, string](ws, text{}, text{})
	e.refuse("NewKeyValue of a window store", err)
	_, err = statestore.NewKeyValue[string, string](s, nil, text{})
	e.refuse("NewKeyValue without a key serde", err)
	_, err = statestore.NewWindow[string, string](ws, text{}, nil)
	e.refuse("NewWindow without a value serde", err)
	_, err = statestore.NewSession[string, string](ws, text{}, text{})
	e.refuse("NewSession of a window store", err)
	_, err = statestore.NewJoinWindow[string, string](ws, text{}, text{})
	e.refuse("NewJoinWindow of a window store", err)
	_, err = statestore.NewVersioned[string, string](s, text{}, text{})
	e.refuse("NewVersioned of a key-value store", err)
	s.Close()
	_, err = e.db.Store(windowSpec("s"), 0)
	e.refuse("a window store where a key-value store was", err)
}

var errSerde = errors.New("serde")

// failing is a serde that fails for the text "bad".
type failing struct{}

// Append implements serde.Serde.
func (failing) Append(dst []byte, v string) ([]byte, error) {
	if v == "bad" {
		return dst, errSerde
	}
	return append(dst, v...), nil
}

// Decode implements serde.Serde.
func (failing) Decode(b []byte) (string, error) {
	if string(b) == "bad" {
		return "", errSerde
	}
	return string(b), nil
}

func testSerdeErrors(e *env) {
	s := e.open(keyValueSpec("s"), 3)
	good := e.keyValue(s)
	m, err := statestore.NewKeyValue[string, string](s, failing{}, failing{})
	e.check(err)
	wantErr := func(what string, err error) {
		e.Helper()
		if !errors.Is(err, errSerde) || !strings.Contains(err.Error(), `store "s" partition 3`) {
			e.Errorf("%s: %v", what, err)
		}
	}
	wantErr("Put of a bad key", m.Put("bad", "v", 1))
	wantErr("Put of a bad value", m.Put("k", "bad", 1))
	wantErr("Delete of a bad key", m.Delete("bad", 1))
	e.wantShown("nothing was written", e.show(good.All()), "")
	_, _, _, err = m.Get("bad")
	wantErr("Get of a bad key", err)
	e.check(good.Put("k", "bad", 1))
	_, _, ok, err := m.Get("k")
	wantErr("Get of a bad value", err)
	if ok {
		e.Error("a value that can't be decoded is ok")
	}
	for _, err := range m.All() {
		wantErr("All", err)
	}
	e.check(good.Delete("k", 2))
	e.check(m.Put("k", "v", 3)) // the failures have left the buffers as they should be
	e.want(good, "k", "v", 3)
}
