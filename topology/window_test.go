package topology_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

// windowText is a key function that shows the window.
func windowText(w topology.Windowed[string]) string {
	return fmt.Sprintf("%s@%d/%d", w.Key, w.Start, w.End)
}

func concatWindows(b *builder, w topology.TimeWindows) {
	b.Stream("in", str, text{}).
		GroupByKey(str, text{}).
		WindowedBy(w).
		Aggregate(func() string { return "" }, func(_ string, v *string, a string) string { return plus(a, shown(v)) },
			topology.StoreAs("win", str)).
		ToStream(windowText).
		To("out", str, str)
}

func TestTumblingWithoutGrace(t *testing.T) {
	b := topology.NewBuilder()
	concatWindows(b, topology.Tumbling(100*time.Millisecond))
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "1", 0},
		input{"in", "a", "2", 99},
		input{"in", "a", "3", 100},
		input{"in", "b", "4", 150},
		input{"in", "a", "late", 99},
		input{"in", "b", "5", 100},
		input{"in", "a", "6", 350},
		input{"in", "a", "late2", 299},
		input{"in", "a", "7", 300},
		input{"in", null, "x", 500},
		input{"in", "a", null, 600},
		input{"in", "a", "8", 310},
	)
	h.want("out", "a@0/100=+1@0", "a@0/100=+1+2@99", "a@100/200=+3@100", "b@100/200=+4@150", "b@100/200=+4+5@150",
		"a@300/400=+6@350", "a@300/400=+6+7@350", "a@600/700=+nil@600")
	const node = "KSTREAM-AGGREGATE-0000000001"
	h.wantDropped(node+" late", node+" late", node+" null_key", node+" late")
}

// A window closes when stream time reaches its end and the grace, not before.
func TestTumblingWithGrace(t *testing.T) {
	b := topology.NewBuilder()
	concatWindows(b, topology.Tumbling(100*time.Millisecond).Grace(50*time.Millisecond))
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "1", 10},
		input{"in", "a", "2", 149},
		input{"in", "a", "3", 20},
		input{"in", "a", "4", 150},
		input{"in", "a", "5", 30},
		input{"in", "b", "6", 99},
	)
	h.want("out", "a@0/100=+1@10", "a@100/200=+2@149", "a@0/100=+1+3@20", "a@100/200=+2+4@150")
	const node = "KSTREAM-AGGREGATE-0000000001"
	h.wantDropped(node+" late", node+" late")
}

func TestWindowedCountAndReduce(t *testing.T) {
	b := topology.NewBuilder()
	g := b.Stream("in", str, text{}).GroupByKey(str, text{}).WindowedBy(topology.Tumbling(time.Second))
	g.Count(topology.StoreAs("c", number)).ToStream(topology.WithoutWindow).To("counts", str, number)
	g.Reduce(func(a, v *string) *string { return ptr(shown(a) + shown(v)) }, topology.StoreAs("r", text{})).
		ToStream(windowText).To("reduced", str, text{})
	h := newHarness(t, b)
	h.run(
		input{"in", "a", null, 5},
		input{"in", "a", "x", 3},
		input{"in", "a", null, 9},
		input{"in", "a", "y", 1000},
	)
	h.want("counts", "a=1@5", "a=2@5", "a=3@9", "a=1@1000")
	// A null that comes first leaves no row, so the next record starts one.
	h.want("reduced", "a@0/1000=<null>@5", "a@0/1000=x@3", "a@0/1000=xnil@9", "a@1000/2000=y@1000")
}

// Where V has no nil, the null that comes first in a window is no value either.
func TestWindowedReduceOfNullWithoutNil(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).GroupByKey(str, str).WindowedBy(topology.Tumbling(time.Second)).
		Reduce(plus, topology.StoreAs("r", str)).ToStream(topology.WithoutWindow).To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", null, 5}, input{"in", "a", "x", 3}, input{"in", "a", null, 4})
	h.want("out", "a=<null>@5", "a=x@3", "a=x+@4")
}

// What was late before a restart is late after it, and a rolled back record
// doesn't make others late.
func TestStreamTimeIsTheStores(t *testing.T) {
	db := statestore.OpenMemory()
	write := func() *builder {
		b := topology.NewBuilder()
		concatWindows(b, topology.Tumbling(100*time.Millisecond))
		return b
	}
	b := write()
	h := newHarnessOn(t, b, db)
	h.run(input{"in", "a", "1", 250})
	store, err := h.envs[0].Store("win")
	if err != nil {
		t.Fatal(err)
	}
	commit(t, db, store)
	h.run(input{"in", "a", "2", 1000})
	store.Discard()
	h.run(input{"in", "a", "3", 210})
	h.want("out", "a@200/300=+1@250", "a@1000/1100=+2@1000", "a@200/300=+1+3@250")
	commit(t, db, store)
	store.Close()

	h = newHarnessOn(t, write(), db)
	h.run(input{"in", "a", "late", 199}, input{"in", "a", "4", 200})
	h.want("out", "a@200/300=+1+3+4@250")
	h.wantDropped("KSTREAM-AGGREGATE-0000000001 " + string(plan.DropLate))
}

// commit applies what was written to the store.
func commit(t *testing.T, db *statestore.DB, s *statestore.Store) {
	t.Helper()
	batch := db.NewBatch()
	if err := s.Stage(batch, 1); err != nil {
		t.Fatal(err)
	}
	if err := batch.Commit(); err != nil {
		t.Fatal(err)
	}
	s.Applied()
}
