package topology_test

import (
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
	if v == nil {
		return plus(a, "null")
	}
	return plus(a, *v)
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
