package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/oncestream/oncestream/statestore"
)

type outerJoin = statestore.OuterJoin[string, string, int]

func plainSpec(name string) statestore.Spec {
	return statestore.Spec{Name: name, Kind: statestore.PlainKeyValue}
}

// decimal is a serde of numbers as text, to tell the sides apart.
type decimal struct{}

// Append implements serde.Serde.
func (decimal) Append(dst []byte, v int) ([]byte, error) {
	return strconv.AppendInt(dst, int64(v), 10), nil
}

// Decode implements serde.Serde.
func (decimal) Decode(b []byte) (int, error) { return strconv.Atoi(string(b)) }

func (e *env) outerJoin(s *statestore.Store) *outerJoin {
	e.Helper()
	j, err := statestore.NewOuterJoin[string, string, int](s, text{}, text{}, decimal{})
	e.check(err)
	return j
}

func showOuter(x statestore.OuterEntry[string, string, int]) string {
	if x.IsLeft {
		return fmt.Sprintf("%d%s<%s", x.Timestamp, x.Key, x.Left)
	}
	return fmt.Sprintf("%d%s>%d", x.Timestamp, x.Key, x.Right)
}

func (e *env) showWaiting(j *outerJoin) string {
	e.Helper()
	var parts []string
	for x, err := range j.All() {
		e.check(err)
		parts = append(parts, showOuter(x))
	}
	return strings.Join(parts, " ")
}

func testOuterJoin(e *env) {
	s := e.open(plainSpec("o"), 0)
	j := e.outerJoin(s)
	e.check(j.PutLeft("b", 10, "L1"))
	e.check(j.PutRight("c", 10, 7))
	e.check(j.PutLeft("a", 10, "L2"))
	e.check(j.PutLeft("", 9, ""))
	e.check(j.PutRight("b", 300, 8))
	const want = "9< 10c>7 10a<L2 10b<L1"
	e.wantShown("All", e.showWaiting(j), want+" 300b>8")
	e.commit(1, s)
	e.check(j.PutLeft("b", 10, "L3"))
	e.wantShown("All", e.showWaiting(j), want+" 10b<L3 300b>8")
	// The example of the format's description: the whole list comes again.
	e.wantShown("change", fmt.Sprintf("%x %x %d", e.changes(s)[0].key, e.changes(s)[0].value, e.changes(s)[0].timestamp),
		"000000000000000a0162 01"+"00000002"+"00000003"+"014c31"+"00000003"+"014c33 10")
	e.check(j.DeleteLeft("b", 10, 400))
	e.check(j.DeleteRight("b", 10, 400)) // there is none
	e.wantShown("after DeleteLeft", e.showWaiting(j), "9< 10c>7 10a<L2 300b>8")
	if c := e.changes(s)[0]; c.value != nil || c.timestamp != 400 {
		e.Errorf("change %v, want a tombstone at 400", c)
	}
	e.check(j.PutLeft("b", 10, "L4"))
	e.wantShown("after DeleteLeft and PutLeft", e.showWaiting(j), "9< 10c>7 10a<L2 10b<L4 300b>8")
	for x, err := range j.All() {
		e.check(err)
		if x.Timestamp > 9 {
			e.Errorf("visited %v after break", x)
		}
		break
	}
	e.refuse("a negative timestamp", j.PutLeft("a", -1, "v"))
	e.refuse("a negative timestamp", j.DeleteRight("a", -1, 0))
}

// testOuterJoinLoop deletes what it finds, as a join does when windows close.
func testOuterJoinLoop(e *env) {
	s := e.open(plainSpec("o"), 0)
	j := e.outerJoin(s)
	for i := range 3 {
		e.check(j.PutLeft("a", 10, fmt.Sprint(i)))
		e.check(j.PutRight("a", 10, i))
		e.check(j.PutLeft("a", int64(11+i), "later"))
		if i == 1 {
			e.commit(1, s)
		}
	}
	var got []string
	for x, err := range j.All() {
		e.check(err)
		got = append(got, showOuter(x))
		if x.IsLeft {
			e.check(j.DeleteLeft(x.Key, x.Timestamp, 20))
		} else {
			e.check(j.DeleteRight(x.Key, x.Timestamp, 20))
		}
		if x.Timestamp == 12 {
			break
		}
	}
	e.wantShown("visited", strings.Join(got, " "), "10a>0 10a>1 10a>2 10a<0 10a<1 10a<2 11a<later 12a<later")
	e.wantShown("left", e.showWaiting(j), "13a<later")
}

// testOuterJoinDamage reads what no join has written.
func testOuterJoinDamage(e *env) {
	for i, c := range []struct{ key, value string }{
		{"", "\x01\x00\x00\x00\x00"},
		{"12345678\x02k", "\x01\x00\x00\x00\x00"},
		{"12345678\x01k", ""},
		{"12345678\x01k", "\x00\x00\x00\x00\x00"},
		{"12345678\x01k", "\x01\x7f\xff\xff\xff"},
		{"12345678\x01k", "\x01\x00\x00\x00\x01\xff\xff\xff\xff"},
		{"12345678\x01k", "\x01\x00\x00\x00\x01\x00\x00\x00\x02\x01"},
		{"12345678\x01k", "\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00"},
		{"12345678\x00k", "\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00x"},
	} {
		s := e.open(plainSpec("o"), int32(i))
		m := e.keyValue(s)
		e.check(m.Put(c.key, c.value, 1))
		errs := 0
		for _, err := range e.outerJoin(s).All() {
			e.refuse(fmt.Sprintf("%q=%q", c.key, c.value), err)
			errs++
		}
		if errs != 1 {
			e.Errorf("%q=%q: %d errors, want 1", c.key, c.value, errs)
		}
	}
}

func testOuterJoinModel(e *env) {
	type id struct {
		time int64
		left bool
		key  string
	}
	side := map[bool]int{true: 1}
	r, want := e.random(), map[id][]string{}
	s := e.open(plainSpec("o"), 0)
	j := e.outerJoin(s)
	committed := maps.Clone(want)
	var log []change
	show := func() string {
		ids := slices.SortedFunc(maps.Keys(want), func(a, b id) int {
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(side[a.left], side[b.left]), cmp.Compare(a.key, b.key))
		})
		var parts []string
		for _, k := range ids {
			parts = append(parts, want[k]...)
		}
		return strings.Join(parts, " ")
	}
	for range 1000 {
		k := id{r.Int64N(20), r.IntN(2) == 0, modelKeys[r.IntN(len(modelKeys))]}
		x := statestore.OuterEntry[string, string, int]{Key: k.key, Timestamp: k.time, IsLeft: k.left}
		switch n := r.IntN(20); {
		case n == 0:
			changes := e.changes(s)
			e.commit(int64(len(log)+len(changes)), s)
			committed, log = maps.Clone(want), append(log, changes...)
		case n == 1:
			s.Discard()
			want = maps.Clone(committed)
		case n < 6 && k.left:
			e.check(j.DeleteLeft(k.key, k.time, 50))
			delete(want, k)
		case n < 6:
			e.check(j.DeleteRight(k.key, k.time, 50))
			delete(want, k)
		case k.left:
			x.Left = fmt.Sprint("v", r.Uint32())
			e.check(j.PutLeft(k.key, k.time, x.Left))
			want[k] = append(slices.Clone(want[k]), showOuter(x))
		default:
			x.Right = r.IntN(1000)
			e.check(j.PutRight(k.key, k.time, x.Right))
			want[k] = append(slices.Clone(want[k]), showOuter(x))
		}
	}
	e.wantShown("open", e.showWaiting(j), show())
	s.Discard()
	want = committed
	for name, l := range map[string][]change{"replayed": log, "compacted": compacted(log)} {
		e.wantShown(name, e.showWaiting(e.outerJoin(e.replay(r, plainSpec(name), l))), show())
	}
}

// testPlainKeyValue checks that a plain store is a key-value store whose
// timestamps are those of the changelog.
func testPlainKeyValue(e *env) {
	s := e.open(plainSpec("p"), 0)
	m := e.keyValue(s)
	e.check(m.Put("a", "1", 10))
	e.check(m.Delete("b", 11))
	e.want(m, "a", "1", 10)
	e.wantShown("changes", fmt.Sprint(e.changes(s)), "[a=1@10 b!@11]")
	r := e.replay(e.random(), plainSpec("restored"), e.changes(s))
	e.want(e.keyValue(r), "a", "1", 10)
	_, err := statestore.NewOuterJoin[string, string, int](s, text{}, text{}, nil)
	e.refuse("NewOuterJoin without a serde", err)
	_, err = statestore.NewOuterJoin[string, string, int](e.open(keyValueSpec("t"), 0), text{}, text{}, decimal{})
	e.refuse("NewOuterJoin of a timestamped store", err)
}
