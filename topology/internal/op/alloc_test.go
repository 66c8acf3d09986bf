package op

import (
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/serde"
)

// noAllocs tests that an operator allocates nothing for a record.
func noAllocs[K, V any](t *testing.T, name string, r *Record[K, V], f Func[K, V]) {
	t.Helper()
	if n := testing.AllocsPerRun(100, func() {
		if err := f(r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%s: %v allocations per record", name, n)
	}
}

func TestJoinsAndTablesAllocateNothing(t *testing.T) {
	n := Node{Env: &plan.Env{Dropped: func(string, plan.DropReason) {}}, Name: "n"}
	seen := 0
	count := func(*Record[string, int]) error { seen++; return nil }
	rows := func(string, int64) (int, int64, bool, error) { return 5, 0, true, nil }
	noAllocs(t, "JoinTable", &Record[string, int]{Key: "k", Value: 1},
		JoinTable(n, rows, func(a, b int) int { return a + b }, count))
	noAllocs(t, "LeftJoinTable", &Record[string, int]{Key: "k", Value: 1},
		LeftJoinTable(n, rows, func(a int, b *int) int { return a + *b }, count))
	key := func(k string, v int) (string, bool) { return k, v > 0 }
	now := func(k string) (int, int64, bool, error) { return rows(k, 0) }
	noAllocs(t, "JoinGlobal", &Record[string, int]{Key: "k", Value: 1},
		JoinGlobal(n, key, now, func(a, b int) int { return a + b }, count))
	noAllocs(t, "LeftJoinGlobal", &Record[string, int]{Key: "k", Value: 1},
		LeftJoinGlobal(n, key, now, func(a int, b *int) int { return a + *b }, count))
	noAllocs(t, "Changes", &Record[string, Change[int]]{}, Changes(count))
	noAllocs(t, "RekeyChanges", &Record[serde.Windowed[string], Change[int]]{},
		RekeyChanges(n, func(w serde.Windowed[string]) string { return w.Key }, count))
	noAllocs(t, "FilterTable", &Record[serde.Windowed[string], Change[int]]{Value: Change[int]{HasNew: true}},
		FilterTable(n, func(serde.Windowed[string], int) bool { return false }, false, Rows[serde.Windowed[string], int]{Old: true},
			func(*Record[serde.Windowed[string], Change[int]]) error { return nil }))
	noAllocs(t, "MapTable", &Record[serde.Windowed[string], Change[int]]{Value: Change[int]{HasNew: true}},
		MapTable(n, func(_ serde.Windowed[string], v int) []byte { return nil }, Rows[serde.Windowed[string], []byte]{Old: true},
			func(*Record[serde.Windowed[string], Change[[]byte]]) error { return nil }))
	noAllocs(t, "drop", &Record[string, int]{NullKey: true},
		JoinTable(n, rows, func(a, b int) int { return a + b }, count))
	if seen != 6*101 {
		t.Errorf("%d records came out", seen)
	}
}
