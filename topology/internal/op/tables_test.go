package op

import (
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestSharesMemory(t *testing.T) {
	for name, shared := range map[string]bool{
		"*int": sharesMemory[*int](), "slice": sharesMemory[[]int](), "map": sharesMemory[map[int]int](), "any": sharesMemory[any](),
		"struct with a slice": sharesMemory[struct{ a []int }](), "array of pointers": sharesMemory[[2]*int](),
	} {
		if !shared {
			t.Errorf("%s shares memory", name)
		}
	}
	for name, shared := range map[string]bool{
		"int": sharesMemory[int](), "string": sharesMemory[string](), "struct": sharesMemory[struct{ a, b string }](),
		"array": sharesMemory[[3]float64](), "empty array": sharesMemory[[0]*int](),
	} {
		if shared {
			t.Errorf("%s shares no memory", name)
		}
	}
}

func FuzzChangeSerde(f *testing.F) {
	for _, s := range []string{"N\x01", "O\x00", "\x02NO\x02", "O\x01\x03", "\x00\x02", "\x02"} {
		f.Add([]byte(s))
	}
	s := ChangeSerde[string]{Value: serde.String}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := s.Decode(b)
		if err != nil {
			return
		}
		again, err := s.Append([]byte("before"), c)
		if err != nil || string(again[:6]) != "before" {
			t.Fatalf("%x was read as %+v and written as %x, %v", b, c, again, err)
		}
		if back, err := s.Decode(again[6:]); err != nil || back != c {
			t.Fatalf("%x was read as %+v, and then as %+v, %v", b, c, back, err)
		}
	})
}

// memory opens a key-value store for one test.
func memory[K, V any](t *testing.T, name string, k serde.Serde[K], v serde.Serde[V]) *statestore.KeyValue[K, V] {
	t.Helper()
	s, err := statestore.OpenMemory().Store(statestore.Spec{Name: name, Kind: statestore.TimestampedKeyValue}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	kv, err := statestore.NewKeyValue(s, k, v)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// nowhere is a topic that keeps nothing.
type nowhere struct{}

func (nowhere) Partitions() int32                                        { return 1 }
func (nowhere) Send(int32, []byte, []byte, int64, []record.Header) error { return nil }

func TestTablesOfTablesAllocateNothing(t *testing.T) {
	var (
		n       = Node{Env: &plan.Env{Dropped: func(string, plan.DropReason) {}}, Name: "n"}
		seen    = 0
		take    = func(*Record[int64, Change[int64]]) error { seen++; return nil }
		rows    = func(int64) (int64, int64, bool, error) { return 5, 0, true, nil }
		table   = Rows[int64, int64]{Store: memory(t, "t", serde.Int64, serde.Int64), Old: true}
		changed = &Record[int64, Change[int64]]{Key: 1, Value: Change[int64]{New: 7, HasNew: true, Old: 6, HasOld: true}}
		odd     = func(_, v int64) bool { return v%2 == 1 }
		double  = func(_, v int64) int64 { return 2 * v }
		add     = func(a, b int64) int64 { return a + b }
		outer   = func(a, b *int64) int64 { return *a + *b }
		join    = OuterJoiner(outer)
		group   = func(k, v int64) (int64, int64) { return v % 2, k }
	)
	noAllocs(t, "UpdateTable", &Record[int64, int64]{Key: 1, Value: 2}, UpdateTable(n, table, take))
	noAllocs(t, "FilterTable", changed, FilterTable(n, odd, true, table, take))
	noAllocs(t, "MapTable", changed, MapTable(n, double, table, take))
	noAllocs(t, "JoinTables", changed, JoinTables(n, Partner[int64, int64]{Rows: rows, Needed: true}, InnerJoiner(add), true, KeepJoin(n, table, take)))
	noAllocs(t, "outer JoinTables", changed, JoinTables(n, Partner[int64, int64]{Rows: rows}, join.Flip(), true, take))
	noAllocs(t, "GroupTable", changed, GroupTable(n, group, serde.Serde[int64](serde.Int64), take))
	noAllocs(t, "AggregateTable", changed, AggregateTable(n, table,
		FoldRows(n, func() int64 { return 0 }, func(_, v, a int64) int64 { return a + v }, func(_, v, a int64) int64 { return a - v }), take))
	read := FilterRows(n, odd, true, MapRows(n, double, JoinRows(n, rows, rows, join)))
	if allocs := testing.AllocsPerRun(100, func() {
		if _, _, ok, err := read(1); ok || err != nil {
			t.Fatal(ok, err)
		}
	}); allocs != 0 {
		t.Errorf("rows: %v allocations", allocs)
	}
	if want := 8 * 101; seen != want {
		t.Errorf("%d changes came out, want %d", seen, want)
	}
}

// An answer to all subscribers reads a range, which costs allocations for each
// change of the right table, but not for each subscriber.
func TestForeignKeysAllocateNothingPerSubscriber(t *testing.T) {
	var (
		n    = Node{Env: &plan.Env{}, Name: "n"}
		str  = serde.Serde[string](serde.String)
		subs = memory(t, "s", serde.Serde[[]byte](RawSerde{}), serde.Serde[wire.Subscription](SubscriptionSerde{}))
		rows = func(string) (string, int64, bool, error) { return "v", 0, true, nil }
		sink = AnswerSink(n, "answers", nowhere{})
		keep = KeepSubscriptions(n, str, subs, AnswerSubscriptions(n, rows, str, sink))
	)
	subscribe := Subscribe(n, ForeignKeys[string, string, string]{
		Of: func(_, v string) (string, bool) { return v, true }, PrimaryKey: str, Value: str, Key: str,
	}, &Again[string, string]{}, keep)
	row := &Record[string, Change[string]]{Key: "k", Value: Change[string]{New: "fk", HasNew: true}}
	noAllocs(t, "Subscribe", row, subscribe)
	noAllocs(t, "ResolveAnswers", &Record[string, wire.Answer]{Key: "k", Value: wire.Answer{Hash: wire.HashOf([]byte("v")), HasHash: true}},
		ResolveAnswers(n, rows, str, str, LeftJoiner(func(l string, _ *string) string { return l }), nil, func(*Record[string, string]) error { return nil }))

	answer := AnswerAll(n, str, subs, str, sink)
	right := &Record[string, Change[string]]{Key: "fk", Value: Change[string]{New: "v", HasNew: true}}
	allocs := func() float64 {
		return testing.AllocsPerRun(100, func() {
			if err := answer(right); err != nil {
				t.Fatal(err)
			}
		})
	}
	one := allocs()
	for i := range 100 {
		row.Key = string(rune('a' + i))
		if err := subscribe(row); err != nil {
			t.Fatal(err)
		}
	}
	if many := allocs(); many > one {
		t.Errorf("%v allocations for one subscriber, %v for 101", one, many)
	}
}
