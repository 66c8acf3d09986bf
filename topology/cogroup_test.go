package topology_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

// subtractText is appendText with another sign.
func subtractText(_ string, v *string, a string) string { return a + "-" + orNull(v) }

func TestCogroupAsKafkaStreams(t *testing.T) {
	t.Run("agg-cogroup", func(t *testing.T) {
		b := topology.NewBuilder()
		one := b.Stream("in1", str, text{}).GroupByKey(str, text{})
		two := b.Stream("in2", str, text{}).GroupByKey(str, text{})
		three := b.Stream("in3", str, text{}).GroupBy("third", func(_ string, v *string) string { return orNull(v) }, str, text{})
		one.Cogroup(appendText).And(two, subtractText).And(three, func(_ string, _ *string, a string) string { return a }).
			Aggregate(empty, topology.StoreAs("all", str)).
			ToStream().To("out", str, str)
		runScenario(t, "agg-cogroup", b)
	})
	t.Run("window-cogroup", func(t *testing.T) {
		b := topology.NewBuilder()
		one := b.Stream("in1", str, text{}).GroupByKey(str, text{})
		two := b.Stream("in2", str, text{}).GroupByKey(str, text{})
		c := one.Cogroup(appendText).And(two, subtractText)
		toText(c.WindowedBy(topology.Tumbling(100*ms)).Aggregate(empty, topology.StoreAs("tum", str)), "tumbling")
		toText(c.SessionsBy(topology.Sessions(20*ms).Grace(10*ms)).Aggregate(empty, joinTexts, topology.StoreAs("ses", str)), "sessions")
		runScenario(t, "window-cogroup", b)
	})
}

func TestCogroupNames(t *testing.T) {
	b := topology.NewBuilder()
	one := b.Stream("in1", str, text{}).SelectKey(func(k string, _ *string) string { return k }).GroupByKey(str, text{})
	two := b.Stream("in2", str, text{}).GroupByKey(str, text{})
	c := one.Cogroup(appendText).And(two, subtractText)
	c.Aggregate(empty, topology.StoreAs("all", str))
	c.WindowedBy(topology.Sliding(ms)).Aggregate(empty, topology.StoreAs("win", str), topology.Named("n"))
	top := build(t, b)
	for _, node := range []string{
		"COGROUPKSTREAM-AGGREGATE-0000000006 (stores: [all])",
		"COGROUPKSTREAM-AGGREGATE-0000000007 (stores: [all])",
		"COGROUPKSTREAM-MERGE-0000000008 (stores: [])",
		"n-cogroup-agg-0 (stores: [win])",
		"n-cogroup-agg-1 (stores: [win])",
		"n-cogroup-merge (stores: [])",
	} {
		if !strings.Contains(top.String(), "Processor: "+node+"\n") {
			t.Errorf("no %s in\n%s", node, top)
		}
	}
	for _, sub := range top.Plan().SubTopologies {
		for _, g := range sub.CoPartitioned {
			if !slices.Contains(g.Topics, "in2") || len(g.Topics) != 2 {
				t.Errorf("%s has %q", g.Node, g.Topics)
			}
		}
	}
}

// A group of streams can be gone on with in several ways.
func TestCogroupsShareTheirBeginning(t *testing.T) {
	b := topology.NewBuilder()
	in := func(topic string) *topology.GroupedStream[string, *string] {
		return b.Stream(topic, str, text{}).GroupByKey(str, text{})
	}
	first := in("in1").Cogroup(appendText).And(in("in2"), appendText)
	plus, minus := first.And(in("in3"), appendText), first.And(in("in3"), subtractText)
	plus.Aggregate(empty, topology.StoreAs("p", str)).ToStream().To("plus", str, str)
	minus.Aggregate(empty, topology.StoreAs("m", str)).ToStream().To("minus", str, str)
	h := newHarness(t, b)
	h.run(input{"in1", "a", "1", 0}, input{"in3", "a", "2", 0})
	h.want("plus", "a=+1@0", "a=+1+2@0")
	h.want("minus", "a=+1@0", "a=+1-2@0")
}
