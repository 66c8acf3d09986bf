package topology_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

const ms = time.Millisecond

// windowed groups the topic "in" by key and window.
func windowed(b *builder, w topology.Windows) *topology.TimeWindowedStream[string, *string] {
	return b.Stream("in", str, text{}).GroupByKey(str, text{}).WindowedBy(w)
}

// appendText adds a value to the text of an aggregate.
func appendText(_ string, v *string, a string) string {
	return plus(a, orNull(v))
}

func orNull(v *string) string {
	if v == nil {
		return "null"
	}
	return *v
}

func empty() string { return "" }

// toText writes a windowed table with readable keys.
func toText(t *topology.WindowedTable[string, string], topic string) {
	t.ToStream(windowText).To(topic, str, str)
}

// countsToText writes windowed counts with readable keys and values.
func countsToText(t *topology.WindowedTable[string, int64], topic string) {
	t.ToStream(windowText).MapValues(func(n int64) string { return strconv.FormatInt(n, 10) }).To(topic, str, str)
}

func TestTimeWindowsAsKafkaStreams(t *testing.T) {
	for name, w := range map[string]topology.Windows{
		"window-tumbling":             topology.Tumbling(100 * ms),
		"window-hopping":              topology.Hopping(100*ms, 40*ms).Grace(10 * ms),
		"window-unlimited":            topology.Unlimited(time.UnixMilli(50)),
		"window-sliding":              topology.Sliding(10 * ms).Grace(100 * ms),
		"window-sliding-out-of-order": topology.Sliding(10 * ms).Grace(15 * ms),
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			toText(windowed(b, w).Aggregate(empty, appendText, topology.StoreAs("win", str)), "out")
			runScenario(t, name, b)
		})
	}
}

// Sliding windows copy aggregates from one window to another, so one that's
// changed in place must not change the other.
func TestSlidingAggregateInPlace(t *testing.T) {
	in := topology.NewBuilder()
	add := func(_ string, v *string, a *[]string) *[]string {
		*a = append(*a, *v)
		return a
	}
	windowed(in, topology.Sliding(10*ms).Grace(100*ms)).
		Aggregate(func() *[]string { return new([]string) }, add, topology.StoreAs("win", serde.JSON[*[]string]())).
		ToStream(windowText).
		MapValues(func(a *[]string) string { return strings.Join(*a, "") }).
		To("out", str, str)
	h := newHarness(t, in)
	h.run(input{"in", "a", "1", 20}, input{"in", "a", "3", 26}, input{"in", "a", "2", 22})
	h.want("out", "a@10/20=1@20", "a@21/31=3@26", "a@16/26=13@26",
		"a@21/31=32@26", "a@16/26=132@26", "a@12/22=12@22", "a@23/33=3@26")
	clear(h.outputs)
	// Early records share the window that starts at 0.
	h.run(input{"in", "b", "1", 3}, input{"in", "b", "3", 7}, input{"in", "b", "2", 5})
	h.want("out", "b@0/10=1@3", "b@4/14=3@7", "b@0/10=13@7", "b@4/14=32@7", "b@6/16=3@7", "b@0/10=132@7")
}

func TestSessionsAsKafkaStreams(t *testing.T) {
	t.Run("window-session", func(t *testing.T) {
		b := topology.NewBuilder()
		toText(sessions(b, topology.Sessions(10*ms).Grace(100*ms)).
			Aggregate(empty, appendText, joinTexts, topology.StoreAs("ses", str)), "out")
		runScenario(t, "window-session", b)
	})
	t.Run("window-session-no-grace", func(t *testing.T) {
		b := topology.NewBuilder()
		s := sessions(b, topology.Sessions(10*ms))
		countsToText(s.Count(topology.StoreAs("c", number)), "counts")
		s.Reduce(func(a, v *string) *string { return ptr(*a + "+" + orNull(v)) }, topology.StoreAs("r", text{})).
			ToStream(windowText).To("reduced", str, text{})
		runScenario(t, "window-session-no-grace", b)
	})
}

// sessions groups the topic "in" by key and session.
func sessions(b *builder, w topology.SessionWindows) *topology.SessionWindowedStream[string, *string] {
	return b.Stream("in", str, text{}).GroupByKey(str, text{}).SessionsBy(w)
}

// joinTexts merges the texts of two sessions.
func joinTexts(_, a, b string) string { return a + "&" + b }

// A merged session's updates aren't those of one record, so they have no headers.
func TestSessionsHaveNoHeaders(t *testing.T) {
	b := topology.NewBuilder()
	toText(sessions(b, topology.Sessions(10*ms)).Aggregate(empty, appendText, joinTexts, topology.StoreAs("ses", str)), "out")
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 20}, input{"in", "a", "2", 26})
	if got := h.headers["out"]; !slices.Equal(got, []string{noHeaders, noHeaders, noHeaders}) {
		t.Errorf("headers %q", got)
	}
}

// An aggregate of nil leaves no session, and a merger's nil reaches the function
// that adds.
func TestSessionsOfNothing(t *testing.T) {
	b := topology.NewBuilder()
	add := func(_ string, v, a *string) *string {
		if *v == "none" {
			return nil
		}
		return ptr(orNull(a) + "+" + *v)
	}
	merge := func(_ string, a, s *string) *string {
		if *s == "0+drop" {
			return nil
		}
		return ptr(*a + "&" + *s)
	}
	sessions(b, topology.Sessions(10*ms).Grace(100*ms)).
		Aggregate(func() *string { return ptr("0") }, add, merge, topology.StoreAs("ses", text{})).
		ToStream(windowText).To("out", str, text{})
	h := newHarness(t, b)
	h.run(input{"in", "a", "none", 20}, input{"in", "a", "drop", 22}, input{"in", "a", "x", 25}, input{"in", "a", "none", 27}, input{"in", "a", "y", 28})
	h.want("out", "a@20/20=<null>@20", "a@22/22=0+drop@22", "a@22/22=<null>@22", "a@22/25=null+x@25",
		"a@22/25=<null>@25", "a@22/27=<null>@27", "a@28/28=0+y@28")
}

func TestWindowedTableFilterAndMapValues(t *testing.T) {
	b := topology.NewBuilder()
	tab := sessions(b, topology.Sessions(10*ms).Grace(100*ms)).Count(topology.StoreAs("c", number))
	two := func(w topology.Windowed[string], n int64) bool { return n == 2 && w.Key != "x" }
	countsToText(tab.Filter(two), "only")
	countsToText(tab.FilterNot(two), "not")
	tab.MapValues(func(n int64) *string {
		if n == 1 {
			return nil
		}
		return ptr(strconv.FormatInt(n, 10) + "!")
	}).ToStream(topology.WithoutWindow).To("mapped", str, text{})
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 20}, input{"in", "a", "2", 26}, input{"in", "a", "3", 26})
	h.want("only", "a@20/26=2@26", "a@20/26=<null>@26")
	h.want("not", "a@20/20=1@20", "a@20/20=<null>@20", "a@20/26=3@26")
	h.want("mapped", "a=<null>@20", "a=<null>@20", "a=2!@26", "a=<null>@26", "a=3!@26")
}

// Windowed keys on topics have the bytes that Kafka Streams' serdes write.
func TestWindowedKeysAsKafkaStreams(t *testing.T) {
	b := topology.NewBuilder()
	g := b.Stream("in", str, str).GroupByKey(str, str)
	g.WindowedBy(topology.Tumbling(1000*ms)).Count(topology.StoreAs("t", serde.Int64)).
		ToStream(topology.WindowKey).To("tumbling", serde.WindowedKey(str, 1000*ms), serde.Int64)
	g.SessionsBy(topology.Sessions(500*ms)).Count(topology.StoreAs("s", serde.Int64)).
		ToStream(topology.WindowKey).To("session", serde.SessionKey(str), serde.Int64)
	g.WindowedBy(topology.Sliding(300*ms)).Reduce(plus, topology.StoreAs("d", str)).
		ToStream(topology.WindowKey).To("sliding", serde.WindowedKey(str, 300*ms), str)
	runScenario(t, "window-binary-keys", b)
}

func TestWindowsAndRetentionAsKafkaStreams(t *testing.T) {
	t.Run("window-tumbling-grace", func(t *testing.T) {
		b := topology.NewBuilder()
		countsToText(windowed(b, topology.Tumbling(100*ms).Grace(50*ms)).Count(topology.StoreAs("win", number)), "out")
		runScenario(t, "window-tumbling-grace", b)
	})
	t.Run("window-retention", func(t *testing.T) {
		b := topology.NewBuilder()
		w := windowed(b, topology.Tumbling(100*ms))
		keep := topology.WithRetention(300 * ms)
		toText(w.Aggregate(empty, appendText, topology.StoreAs("disk", str, keep)), "out")
		toText(w.Aggregate(empty, appendText, topology.StoreAs("mem", str, keep, topology.InMemory())), "out2")
		runScenario(t, "window-retention", b)
	})
	t.Run("session-at-the-edge", func(t *testing.T) {
		b := topology.NewBuilder()
		s := sessions(b, topology.Sessions(10*ms).Grace(5*ms))
		toText(s.Aggregate(empty, appendText, joinTexts, topology.StoreAs("disk", str)), "disk-out")
		toText(s.Aggregate(empty, appendText, joinTexts, topology.StoreAs("mem", str, topology.InMemory())), "mem-out")
		toText(s.Aggregate(empty, appendText, joinTexts, topology.StoreAs("long", str, topology.WithRetention(time.Second))), "long-out")
		runScenario(t, "session-at-the-edge", b)
	})
	t.Run("random-windows", func(t *testing.T) {
		b := topology.NewBuilder()
		g := b.Stream("in", str, text{}).GroupByKey(str, text{})
		counts := g.WindowedBy(topology.Tumbling(50 * ms).Grace(10 * ms)).Count(topology.StoreAs("cnt", number))
		countsToText(counts, "counts")
		countsToText(counts.Suppress(topology.UntilWindowCloses(), topology.StoreAs("wait", number)), "final")
		toText(g.SessionsBy(topology.Sessions(20*ms).Grace(30*ms)).Aggregate(empty, appendText, joinTexts, topology.StoreAs("ses", str)), "sessions")
		runScenario(t, "random-windows", b)
	})
}
