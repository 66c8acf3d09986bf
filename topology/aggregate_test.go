package topology_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// number writes int64 as text, so that outputs can be read.
var number = serde.JSON[int64]()

func plus(a, b string) string { return a + "+" + b }

func TestAggregations(t *testing.T) {
	b := topology.NewBuilder()
	g := b.Stream("in", str, str).GroupByKey(str, str)
	g.Count(topology.StoreAs("cnt", number)).ToStream().To("counts", str, number)
	g.Reduce(plus, topology.StoreAs("red", str)).ToStream().To("reduced", str, str)
	g.Aggregate(func() string { return "0" }, func(_, v, a string) string { return plus(a, v) }, topology.StoreAs("agg", str)).
		ToStream().To("aggregated", str, str)
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "1", 100},
		input{"in", "b", "2", 200},
		input{"in", "a", "3", 50},
		input{"in", null, "4", 300},
		input{"in", "a", null, 400},
		input{"in", "b", "5", 150},
	)
	h.want("counts", "a=1@100", "b=1@200", "a=2@100", "b=2@200")
	h.want("reduced", "a=1@100", "b=2@200", "a=1+3@100", "b=2+5@200")
	h.want("aggregated", "a=0+1@100", "b=0+2@200", "a=0+1+3@100", "b=0+2+5@200")
	h.wantDropped(
		"KSTREAM-AGGREGATE-0000000001 null_key", "KSTREAM-REDUCE-0000000004 null_key", "KSTREAM-AGGREGATE-0000000007 null_key",
		"KSTREAM-AGGREGATE-0000000001 null_value", "KSTREAM-REDUCE-0000000004 null_value", "KSTREAM-AGGREGATE-0000000007 null_value",
	)
}

// A nil aggregate deletes the row, and the next record starts afresh with its own
// timestamp.
func TestNilAggregateDeletes(t *testing.T) {
	b := topology.NewBuilder()
	clear := func(v, a *string) *string {
		if *v == "clear" {
			return nil
		}
		return ptr(shown(a) + *v)
	}
	g := b.Stream("in", str, text{}).GroupByKey(str, text{})
	g.Aggregate(func() *string { return ptr("") }, func(_ string, v, a *string) *string { return clear(v, a) },
		topology.StoreAs("agg", text{})).ToStream().To("aggregated", str, text{})
	g.Reduce(func(a, v *string) *string { return clear(v, a) }, topology.StoreAs("red", text{})).ToStream().To("reduced", str, text{})
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "1", 100},
		input{"in", "a", "clear", 40},
		input{"in", "a", "2", 30},
		input{"in", "b", "clear", 7},
	)
	h.want("aggregated", "a=1@100", "a=<null>@100", "a=2@30", "b=<null>@7")
	h.want("reduced", "a=1@100", "a=<null>@100", "a=2@30", "b=clear@7")
}

func TestGroupByGoesThroughItsTopic(t *testing.T) {
	b := topology.NewBuilder()
	g := b.Stream("in", text{}, text{}).GroupBy("by-value", func(_, v *string) *string { return v }, text{}, text{})
	g.Count(topology.StoreAs("a", number)).ToStream().To("counts", text{}, number)
	g.Reduce(func(_, v *string) *string { return v }, topology.StoreAs("b", text{})).ToStream().To("last", text{}, text{})
	h := newHarness(t, b)
	h.run(
		input{"in", null, "x", 10},
		input{"in", "k", null, 20}, // its new key is null: it's left out, and not counted as dropped
		input{"in", "k", "x", 5},
	)
	h.want("by-value-repartition", "x=x@10", "x=x@5")
	h.want("counts", "x=1@10", "x=2@10")
	h.want("last", "x=x@10", "x=x@10")
	h.wantDropped()
}

func TestWordCount(t *testing.T) {
	b := topology.NewBuilder()
	descriptions["word-count"](b)
	h := newHarness(t, b)
	h.run(
		input{"lines", "1", "to be or not to be", 10},
		input{"lines", "2", "be", 20},
		input{"lines", "3", null, 30},
		input{"lines", "4", "or or", 15},
	)
	var words []string
	for _, o := range h.outputs["word-counts"] {
		word, count, _ := strings.Cut(o, "=")
		words = append(words, word+count[7:]) // the last of 8 bytes, and the time
	}
	want := "to\x01@10 be\x01@10 or\x01@10 not\x01@10 to\x02@10 be\x02@10 be\x03@20 or\x02@15 or\x03@15"
	if got := strings.Join(words, " "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A record of one task's chain has the same key in the store however it came.
func TestStoreErrorsNameTheNode(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(b *builder)
	}{
		{"counting", func(b *builder) {
			b.Stream("in", str, str).GroupByKey(failing{}, str).Count(topology.StoreAs("s", number), topology.Named("counting"))
		}},
		{"table", func(b *builder) {
			b.Stream("in", str, str).ToTable(failing{}, topology.StoreAs("s", str), topology.Named("table"))
		}},
		{"windows", func(b *builder) {
			b.Stream("in", str, str).GroupByKey(failing{}, str).WindowedBy(topology.Tumbling(1e9)).
				Count(topology.StoreAs("s", number), topology.Named("windows"))
		}},
		{"table", func(b *builder) {
			b.Stream("in", str, str).ToTable(str, topology.StoreAs("s", failing{}), topology.Named("table"))
		}},
	} {
		b := topology.NewBuilder()
		c.write(b)
		h := newHarness(t, b)
		err := h.send(input{"in", "k", "v", 1})
		if !errors.Is(err, errSerde) || !strings.HasPrefix(err.Error(), c.name+": ") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestStoreOptions(t *testing.T) {
	b := topology.NewBuilder()
	config := map[string]string{"min.compaction.lag.ms": "1"}
	g := b.Stream("in", str, str).GroupByKey(str, str)
	g.Count(topology.StoreAs("plain", number))
	g.Count(topology.StoreAs("special", number, topology.InMemory(), topology.WithoutLogging(), topology.TopicConfig(config), nil))
	g.WindowedBy(topology.Tumbling(60e9).Grace(10e9)).Count(topology.StoreAs("w", number))
	g.WindowedBy(topology.Tumbling(60e9)).Count(topology.StoreAs("w2", number, topology.WithRetention(3600e9)))
	config["min.compaction.lag.ms"] = "changed later"
	got := map[string]statestore.Spec{}
	for _, s := range build(t, b).Plan().SubTopologies[0].Stores {
		got[s.Name] = s
	}
	if s := got["plain"]; s.Kind != statestore.TimestampedKeyValue || s.InMemory || s.LoggingDisabled || s.TopicConfig != nil {
		t.Errorf("plain: %+v", s)
	}
	if s := got["special"]; !s.InMemory || !s.LoggingDisabled || s.TopicConfig["min.compaction.lag.ms"] != "1" {
		t.Errorf("special: %+v", s)
	}
	if s := got["w"]; s.Kind != statestore.TimestampedWindow || s.WindowSize != 60e9 || s.Retention != 70e9 {
		t.Errorf("w: %+v", s)
	}
	if s := got["w2"]; s.Retention != 3600e9 {
		t.Errorf("w2: %+v", s)
	}
}
