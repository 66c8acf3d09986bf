package topology_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// keepAll passes every record.
func keepAll(_, _ string) bool { return true }

// counted counts a grouping to a topic of the store's name.
func countInto(g *topology.GroupedStream[string, string], name string) {
	g.Count(topology.StoreAs(name, serde.Int64)).ToStream().To("to-"+name, str, serde.Int64)
}

// optimized are topologies, and the repartition topics that they have without and
// with all optimizations.
var optimized = []struct {
	name        string
	write       func(b *builder)
	plain, best string
}{
	{"groupings of one stream", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(initial)
		countInto(s.GroupByKey(str, str), "a")
		countInto(s.Filter(keepAll).GroupByKey(str, str), "b")
		s.Peek(func(_, _ string) {}).ToTable(str, topology.StoreAs("c", str)).ToStream().To("to-c", str, str)
	}, "a b c", "a"},
	{"behind one filter, which a sink needs too", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(firstOrNull).Filter(keepPointers)
		s.MapValues(strings.ToUpper).To("upper", text{}, str)
		s.GroupByKey(text{}, str).Count(topology.StoreAs("a", serde.Int64)).ToStream().To("to-a", text{}, serde.Int64)
		s.GroupByKey(text{}, str).Count(topology.StoreAs("b", serde.Int64)).ToStream().To("to-b", text{}, serde.Int64)
		s.ForEach(func(_ *string, _ string) {})
	}, "a b", "a"},
	{"branches", func(b *builder) {
		split := b.Stream("in", str, str).SelectKey(initial).Branches()
		countInto(split.Branch("long", func(_, v string) bool { return len(v) > 1 }).GroupByKey(str, str), "a")
		countInto(split.Default("short").GroupByKey(str, str), "b")
	}, "a b", "a"},
	{"values change on the way", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(initial)
		countInto(s.MapValues(strings.ToUpper).GroupByKey(str, str), "a")
		countInto(s.GroupByKey(str, str), "b")
		countInto(s.Filter(keepAll).GroupByKey(str, str), "c")
	}, "a b c", "a b"},
	{"merged streams with new keys", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(initial).Merge(b.Stream("in2", str, str).SelectKey(initial)).
			Merge(b.Stream("in3", str, str).Map(func(k, v string) (string, string) { return v, k }))
		countInto(s.Filter(keepAll).GroupByKey(str, str), "a")
		countInto(s.GroupByKey(str, str), "b")
	}, "a b", "a"},
	{"merged streams of which one has new keys", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(initial)
		countInto(s.Filter(keepAll).Merge(b.Stream("in2", str, str)).GroupByKey(str, str), "a")
		countInto(s.GroupByKey(str, str), "b")
	}, "a b", "a"},
	{"a topic that was asked for", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(initial)
		s.Repartition("a", str, str).To("out", str, str)
		countInto(s.GroupByKey(str, str), "b")
	}, "a b", "a b"},
	{"behind another topic", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(firstOrNull).Repartition("a", text{}, str).SelectKey(func(_ *string, v string) *string { return &v })
		s.To("out", text{}, str)
		s.Filter(keepPointers).To("out2", text{}, str)
		s.GroupByKey(text{}, str).Count(topology.StoreAs("b", serde.Int64)).ToStream().To("to-b", text{}, serde.Int64)
	}, "a b", "a b"},
	{"join of a stream with itself", func(b *builder) {
		s := b.Stream("in", str, str).SelectKey(initial)
		s.Join(s, topology.Within(5*time.Millisecond), join, topology.JoinAs("j", str, str, str)).To("out", str, str)
	}, "j-left j-right", "j-left"},
}

func initial(_, v string) string { return (v + "-")[:1] }

func firstOrNull(_, v string) *string {
	if v == "" || v == "none" {
		return nil
	}
	k := v[:1]
	return &k
}

func keepPointers(_ *string, _ string) bool { return true }

// Optimizations change topics, but no results: from the same input, every topic of
// the user gets the same records.
func TestOptimizationsKeepResults(t *testing.T) {
	for _, c := range optimized {
		t.Run(c.name, func(t *testing.T) {
			plain, topics := runOptimized(t, c.write)
			if topics != c.plain {
				t.Errorf("repartition topics %s, want %s", topics, c.plain)
			}
			best, topics := runOptimized(t, c.write, topology.Optimize())
			if topics != c.best {
				t.Errorf("optimized, repartition topics %s, want %s", topics, c.best)
			}
			for topic, want := range plain {
				if got := best[topic]; !slices.Equal(got, want) {
					t.Errorf("%s\n got %q\nwant %q", topic, got, want)
				}
			}
		})
	}
}

// runOptimized returns what a topology writes to each topic, in an order of its own,
// and its repartition topics.
func runOptimized(t *testing.T, write func(b *builder), options ...topology.BuildOption) (map[string][]string, string) {
	t.Helper()
	b := topology.NewBuilder()
	write(b)
	top, err := b.Build(options...)
	if err != nil {
		t.Fatal(err)
	}
	read, written := map[string]bool{}, map[string]bool{}
	var topics []string
	for _, sub := range top.Plan().SubTopologies {
		for _, s := range sub.Sources {
			read[s.Topic] = s.Repartition == nil
			if s.Repartition != nil {
				topics = append(topics, strings.TrimSuffix(s.Topic, "-repartition"))
			}
		}
		for _, s := range sub.Sinks {
			written[s.Topic] = s.Repartition == nil
		}
	}
	slices.Sort(topics)
	d := driver.ForTest(t, top, driver.WithPartitions("in", 3))
	for _, topic := range slices.Sorted(maps.Keys(read)) {
		if !read[topic] {
			continue
		}
		in := d.Input(topic, str, text{}).Partition(0)
		for i, v := range []string{"ab", "a", "none", "bcd", "abc", "", "b", "none", "ca"} {
			in.PipeAt(int64(i), fmt.Sprint("k", i), ptr(v))
		}
		in.PipeAt(20, "null", nil)
	}
	out := map[string][]string{}
	for topic, users := range written {
		if !users {
			continue
		}
		for _, r := range d.Output(topic, text{}, text{}).ReadAll() {
			out[topic] = append(out[topic], fmt.Sprintf("%s=%s@%d", shown(r.Key), shown(r.Value), r.Timestamp))
		}
		slices.Sort(out[topic])
		if len(out[topic]) == 0 {
			t.Errorf("nothing was written to %s", topic)
		}
	}
	return out, strings.Join(topics, " ")
}

// Only what was asked for is optimized.
func TestOptimizeInSomeWays(t *testing.T) {
	write := optimized[len(optimized)-1].write
	for stores, way := range map[int]topology.Optimization{
		1: topology.SingleStoreSelfJoin, // with two topics, the join has two sides
		2: topology.MergeRepartitionTopics,
	} {
		_, topics := runOptimized(t, write, topology.Optimize(way))
		if want := map[int]string{1: "j-left j-right", 2: "j-left"}[stores]; topics != want {
			t.Errorf("way %d: repartition topics %s, want %s", way, topics, want)
		}
	}
}

// A self-join without a change of keys has one store, unless a record may not be
// joined with itself, or has a result without a match.
func TestSelfJoinStores(t *testing.T) {
	st := topology.JoinAs("j", str, str, str)
	for name, c := range map[string]struct {
		write func(s *strStream)
		want  int
	}{
		"inner":       {func(s *strStream) { s.Join(s, topology.Within(time.Second), join, st) }, 1},
		"back":        {func(s *strStream) { s.Join(s, topology.Within(0).Before(time.Second), join, st) }, 1},
		"ahead":       {func(s *strStream) { s.Join(s, topology.Within(time.Second).Before(-time.Millisecond), join, st) }, 2},
		"left":        {func(s *strStream) { s.LeftJoin(s, topology.Within(time.Second), leftBar, st) }, 3},
		"of a filter": {func(s *strStream) { s.Join(s.Filter(keepAll), topology.Within(time.Second), join, st) }, 2},
	} {
		b := topology.NewBuilder()
		c.write(b.Stream("in", str, str))
		top, err := b.Build(topology.Optimize(topology.SingleStoreSelfJoin))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(top.Plan().SubTopologies[0].Stores); got != c.want {
			t.Errorf("%s: %d stores, want %d", name, got, c.want)
		}
	}
}

func TestOptimizedBuilderIsUsedUp(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).To("out", str, str)
	if _, err := b.Build(topology.Optimize()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "use a new builder") {
		t.Errorf("got %v", err)
	}
}
