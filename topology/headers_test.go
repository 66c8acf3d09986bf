package topology_test

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology"
)

// Every operator hands on the headers of the record that triggered its result.
// The harness gives each record its value as a header.
func TestHeadersAreThoseOfTheTriggeringRecord(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("tab", str, topology.StoreAs("rows", str))
	s := b.Stream("in", str, str).
		Map(func(k, v string) (string, string) { return k, strings.ToUpper(v) }).
		FlatMap(func(k, v string) iter.Seq2[string, string] {
			return func(yield func(string, string) bool) { yield(k, v) }
		}).
		FlatMapValues(strings.Fields).
		MapValues(strings.ToLower).
		SelectKey(func(k, _ string) string { return k }).
		Repartition("r", str, str)
	s.LeftJoinTable(tab, leftBar).JoinTable(tab, bar).To("joined", str, str)
	g := s.GroupByKey(str, str)
	g.Count(topology.StoreAs("counts", number)).ToStream().To("counted", str, number)
	g.WindowedBy(topology.Tumbling(time.Second)).Count(topology.StoreAs("windows", number)).
		ToStream(topology.WithoutWindow).To("windowed", str, number)
	tab.ToStream().To("updates", str, str)
	h := newHarness(t, b)
	h.run(input{"tab", "k", "row", 1}, input{"in", "k", "one", 2}, input{"in", "k", "two", 3})
	for topic, want := range map[string][]string{
		"r-repartition": {"one", "two"},
		"joined":        {"one", "two"},
		"counted":       {"one", "two"},
		"windowed":      {"one", "two"},
		"updates":       {"row"},
	} {
		if got := h.headers[topic]; !slices.Equal(got, want) {
			t.Errorf("topic %s: headers %q, want %q", topic, got, want)
		}
	}
	h.want("joined", "k=one|row|row@2", "k=two|row|row@3")
}

func TestOptionsReachThePlan(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("latest", str, str, topology.WithReset(topology.Latest)).
		Repartition("seven", str, str, topology.Partitions(7))
	b.Table("none", str, topology.StoreAs("rows", str), topology.WithReset(topology.ResetNone), topology.Named("tab"))
	b.Stream("default", str, str)
	sources := map[string]*plan.Source{}
	for _, sub := range build(t, b).Plan().SubTopologies {
		for _, s := range sub.Sources {
			sources[s.Topic] = s
		}
	}
	for topic, want := range map[string]plan.OffsetReset{"latest": plan.Latest, "none": plan.ResetNone, "default": plan.Earliest} {
		if got := sources[topic].Reset; got != want {
			t.Errorf("topic %s: reset %d, want %d", topic, got, want)
		}
		if sources[topic].Repartition != nil {
			t.Errorf("topic %s is internal", topic)
		}
	}
	if r := sources["seven-repartition"].Repartition; r == nil || r.Partitions != 7 {
		t.Errorf("the repartition topic: %+v", r)
	}
	if got := sources["none"].Node; got != "tab-source" {
		t.Errorf("the table's source is called %s", got)
	}
}
