package topology_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestSuppressSessionsAsKafkaStreams(t *testing.T) {
	b := topology.NewBuilder()
	toText(sessions(b, topology.Sessions(10*ms).Grace(10*ms)).
		Aggregate(empty, appendText, joinTexts, topology.StoreAs("ses", str)).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("wait", str)), "out")
	runScenario(t, "suppress-until-session-closes", b)
}

// A window that contains its end takes records as long as stream time is there, but
// its result is passed on already: as in Kafka Streams, and as the language says.
func TestSuppressAtTheEdge(t *testing.T) {
	b := topology.NewBuilder()
	toText(windowed(b, topology.Sliding(10*ms)).Aggregate(empty, appendText, topology.StoreAs("win", str)).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("w1", str)), "sliding")
	toText(sessions(b, topology.Sessions(10*ms)).Aggregate(empty, appendText, joinTexts, topology.StoreAs("ses", str, topology.WithRetention(time.Second))).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("w2", str)), "sessions")
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 20})
	h.want("sliding", "a@10/20=+1@20")
	h.run(input{"in", "a", "2", 20})
	h.want("sliding", "a@10/20=+1@20", "a@10/20=+1+2@20")
	h.want("sessions")
	h.run(input{"in", "b", "3", 30})
	h.want("sessions", "a@20/20=&+1+2@20")
	h.run(input{"in", "a", "4", 20}, input{"in", "b", "5", 31})
	h.want("sessions", "a@20/20=&+1+2@20", "a@20/20=&&+1+2+4@20")
}

// What's held back until a time limit takes out of groups what was passed on last, and
// nothing the first time, in tables with windows and without. A filter behind it sends
// the deletion of a row that it had passed on.
func TestOldValuesBehindATimeLimit(t *testing.T) {
	until := topology.UntilTimeLimit(5 * ms)
	group := func(g *topology.GroupedTable[string, int64]) {
		g.Aggregate(func() string { return "" },
			func(_ string, n int64, a string) string { return fmt.Sprint(a, "+", n) },
			func(_ string, n int64, a string) string { return fmt.Sprint(a, "-", n) }, topology.StoreAs("all", str)).
			ToStream().To("groups", str, str)
	}
	for name, write := range map[string]func(b *builder){
		"windows": func(b *builder) {
			calm := counts(b, "in", topology.Tumbling(time.Second)).Suppress(until, topology.StoreAs("calm", number))
			group(calm.GroupBy("all", func(_ topology.Windowed[string], n int64) (string, int64) { return "all", n }, str, number))
			calm.Filter(func(_ topology.Windowed[string], n int64) bool { return n == 1 }).ToStream(topology.WithoutWindow).To("ones", str, number)
		},
		"no windows": func(b *builder) {
			calm := b.Stream("in", str, str).GroupByKey(str, str).Count(topology.StoreAs("n", number)).Suppress(until, topology.StoreAs("calm", number))
			group(calm.GroupBy("all", func(_ string, n int64) (string, int64) { return "all", n }, str, number))
			calm.Filter(func(_ string, n int64) bool { return n == 1 }).ToStream().To("ones", str, number)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			write(b)
			h := newHarness(t, b)
			h.run(input{"in", "a", "", 0}, input{"in", "b", "", 5}) // a=1
			h.run(input{"in", "a", "", 6}, input{"in", "a", "", 7}, input{"in", "a", "", 8}, input{"in", "a", "", 12})
			h.want("groups", "all=+1@0", "all=+1+1@5", "all=+1+1-1+5@12")
			h.run(input{"in", "a", "", 13}, input{"in", "c", "", 20})
			h.want("groups", "all=+1@0", "all=+1+1@5", "all=+1+1-1+5@12", "all=+1+1-1+5-5+6@13")
			h.want("ones", "a=1@0", "b=1@5", "a=<null>@12")
		})
	}
}

// A result that's passed on again at the edge of its window takes the one before out of
// its group.
func TestGroupsAtTheEdgeOfWindows(t *testing.T) {
	b := topology.NewBuilder()
	windowed(b, topology.Sliding(10*ms)).Aggregate(empty, appendText, topology.StoreAs("win", str)).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("w", str)).
		GroupBy("all", func(_ topology.Windowed[string], v string) (string, string) { return "all", v }, str, str).
		Count(topology.StoreAs("n", number)).ToStream().To("out", str, number)
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 20}, input{"in", "a", "2", 20})
	h.want("out", "all=1@20", "all=1@20")
}

// The old value that a change has in the buffer is the one before it, though the
// aggregate was changed in place.
func TestSuppressOfAnAggregateInPlace(t *testing.T) {
	b := topology.NewBuilder()
	add := func(_ string, v *string, a *[]string) *[]string {
		*a = append(*a, *v)
		return a
	}
	windowed(b, topology.Tumbling(10*ms)).
		Aggregate(func() *[]string { return new([]string) }, add, topology.StoreAs("win", serde.JSON[*[]string]())).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("wait", serde.JSON[*[]string]())).
		MapValues(func(a *[]string) string { return strings.Join(*a, "") }).
		ToStream(windowText).To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 2}, input{"in", "a", "2", 3})
	rows, err := statestore.NewKeyValue(h.stores["wait"], serde.WindowedKey(str, 10*ms), serde.Serde[string](str))
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range rows.All() {
		if err != nil || strings.Count(e.Value, `["1"]`) != 1 || strings.Count(e.Value, `["1","2"]`) != 1 {
			t.Errorf("%q waits, %v", e.Value, err)
		}
	}
	h.run(input{"in", "b", "3", 10})
	h.want("out", "a@0/10=12@3")
}

// What waits is there after a restart, in its order, and counts for the limits.
func TestSuppressAfterRestart(t *testing.T) {
	db := statestore.OpenMemory()
	start := func() *harness {
		b := topology.NewBuilder()
		b.Table("in", str, topology.StoreAs("t", str)).
			Suppress(topology.UntilTimeLimit(100*ms, topology.MaxRecords(2)), topology.StoreAs("wait", str)).
			ToStream().To("out", str, str)
		return newHarnessOn(t, b, db)
	}
	h := start()
	h.run(input{"in", "b", "1", 10}, input{"in", "a", "2", 10}, input{"in", "b", "3", 90})
	h.want("out")
	h.close(db)

	h = start()
	// Stream time is 90: nothing is due, but the buffer is full.
	h.run(input{"in", "c", "4", 20})
	h.want("out", "a=2@10")
	h.run(input{"in", "c", "5", 110})
	h.want("out", "a=2@10", "b=3@90")
	if got := h.headers["out"]; !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("headers %q, want those of the last changes", got)
	}
}

func TestSuppressWithinBytes(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("in", str, topology.StoreAs("t", str))
	// A row has 28 bytes, 2 of the topic, 1 of the key, and here 1 + 2 of the header.
	limit := topology.MaxBytes(2 * (28 + 2 + 1 + 1 + 2))
	tab.Suppress(topology.UntilTimeLimit(time.Hour, limit), topology.StoreAs("early", str)).ToStream().To("out", str, str)
	tab.Suppress(topology.UntilTimeLimit(time.Hour, limit, topology.ShutDownWhenFull()), topology.StoreAs("stop", str))
	h := newHarness(t, b)
	h.run(input{"in", "a", "", 1}, input{"in", "b", "1", 2})
	h.want("out")
	err := h.send(input{"in", "c", "", 3})
	h.want("out", "a=@1")
	const want = "KTABLE-SUPPRESS-0000000006: the buffer is full: 3 records (limit 9223372036854775807) and 98 bytes (limit 68) wait"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Who reads the rows of a suppressed table sees them as they were passed on.
func TestRowsOfASuppressedTable(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("in", str, topology.StoreAs("t", str, topology.IfNeeded())).
		Suppress(topology.UntilTimeLimit(100*ms), topology.StoreAs("wait", str))
	b.Stream("ask", str, str).LeftJoinTable(tab, func(q string, v *string) string { return q + orNull(v) }).To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 0}, input{"ask", "a", "?", 0}, input{"in", "b", "2", 100}, input{"ask", "a", "?", 0},
		input{"in", "a", "3", 110}, input{"ask", "a", "?", 0}, input{"in", "b", "4", 300}, input{"ask", "a", "?", 0})
	h.want("out", "a=?null@0", "a=?1@0", "a=?1@0", "a=?3@0")
}

// Materialized, a suppressed table knows what it has passed on.
func TestMaterializedSuppressedTable(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("in", str, topology.StoreAs("t", str)).
		Suppress(topology.UntilTimeLimit(100*ms), topology.StoreAs("wait", str)).
		Materialize(topology.StoreAs("sent", str)).
		GroupBy[string, string]("g", func(_, v string) (string, string) { return "all", v }, str, str).
		Aggregate(empty, func(_, v, a string) string { return a + "+" + v }, func(_, v, a string) string { return a + "-" + v }, topology.StoreAs("agg", str)).
		ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 10}, input{"in", "a", "2", 20}, input{"in", "b", "3", 150}, input{"in", "a", "4", 160},
		input{"in", "a", "5", 170}, input{"in", "b", "6", 300})
	h.want("out", "all=+2@20", "all=+2+6@300", "all=+2+6-2+5@300")
	h.wantRows("sent", "a=5@170", "b=6@300")
}
