package topology_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// countsInto counts the records of a topic in the store.
func countsInto(store string, options ...topology.StoreOption) func(*builder) {
	return func(b *builder) {
		b.Stream("in", str, str).GroupByKey(str, str).Count(topology.StoreAs(store, serde.Int64, options...))
	}
}

// regrouped counts by what's made of the records.
func regrouped(topic, store string) func(*builder) {
	return func(b *builder) {
		b.Stream("in", str, str).GroupBy(topic, first, str, str).Count(topology.StoreAs(store, serde.Int64))
	}
}

func countedIn(w topology.Windows, options ...topology.StoreOption) func(*builder) {
	return func(b *builder) {
		b.Stream("in", str, str).GroupByKey(str, str).WindowedBy(w).Count(topology.StoreAs("counts", serde.Int64, options...))
	}
}

func piped(from, to string, options ...topology.SourceOption) func(*builder) {
	return func(b *builder) { b.Stream(from, str, str, options...).To(to, str, str) }
}

func global(topic, store string, options ...topology.StoreOption) func(*builder) {
	return func(b *builder) { b.GlobalTable(topic, str, topology.StoreAs(store, str, options...)) }
}

// processing has a processor with a store of its own.
func processing(key serde.Serde[string]) func(*builder) {
	return func(b *builder) {
		seen := b.KeyValueStore("seen", key, str)
		b.Stream("in", str, str).Process(func() topology.Processor[string, string, string, string] {
			return topology.ProcessorFunc[string, string, string, string](func(*topology.Context[string, string], topology.Record[string, string]) error { return nil })
		}, seen)
	}
}

func rows(name string) topology.Stored[string] { return topology.StoreAs(name, str) }

// Each pair of topologies with the differences between them: severity, kind, name,
// and a part of what's told.
var diffs = map[string]struct {
	before, after func(*builder)
	want          []string
}{
	"nothing": {countsInto("a"), countsInto("a"), nil},
	"steps that keep nothing": {countsInto("counts"), func(b *builder) {
		b.Stream("in", str, str, topology.Named("source")).Filter(func(_, v string) bool { return v != "" }).
			GroupByKey(str, str).Count(topology.StoreAs("counts", serde.Int64), topology.Named("count")).ToStream().Peek(func(string, int64) {})
	}, nil},

	"a store is renamed": {countsInto("old"), countsInto("new"), []string{
		"loses state: store renamed old: it seems to be new now | <application id>-old-changelog is orphaned | keep the name old"}},
	"a store is renamed with its repartition topic": {
		func(b *builder) {
			b.Stream("in", str, str).SelectKey(first).GroupByKey(str, str).Count(topology.StoreAs("old", serde.Int64))
		},
		func(b *builder) {
			b.Stream("in", str, str).SelectKey(first).GroupByKey(str, str).Count(topology.StoreAs("new", serde.Int64))
		},
		[]string{
			"loses state: repartition topic removed old-repartition: | weren't processed yet",
			"loses state: store renamed old: it seems to be new now",
			"compatible: repartition topic added new-repartition: | <application id>-new-repartition is created",
		}},
	"two stores change their names": {
		func(b *builder) {
			g := b.Stream("in", str, str).GroupByKey(str, str)
			g.Count(topology.StoreAs("a", serde.Int64))
			g.Count(topology.StoreAs("b", serde.Int64))
		}, countsInto("c"), []string{
			"loses state: store removed a:",
			"loses state: store removed b:",
			"needs care: store added c: | what was consumed of in before isn't in it | Config.StartEmpty",
		}},
	"a store goes": {countsInto("counts"), piped("in", "out"), []string{
		"loses state: store removed counts: | <application id>-counts-changelog is orphaned",
		"compatible: sink topic added out:",
	}},
	"a store without a changelog goes": {countsInto("counts", topology.WithoutLogging()), piped("in", "out"), []string{
		"loses state: store removed counts: | state directories is orphaned",
		"compatible: sink topic added out:",
	}},
	"a store comes behind a topic that was read": {piped("in", "out"), regrouped("words", "counts"), []string{
		"needs care: store added counts: | of in before",
		"compatible: repartition topic added words-repartition:",
		"compatible: sink topic removed out:",
	}},
	"a store without a changelog comes": {piped("in", "out"), countsInto("counts", topology.WithoutLogging()), []string{
		"needs care: store added counts: it begins empty",
		"compatible: sink topic removed out:",
	}},
	"a store comes behind a new topic": {piped("other", "out"), regrouped("words", "counts"), []string{
		"needs care: source topic removed other: | committed offsets",
		"compatible: repartition topic added words-repartition:",
		"compatible: sink topic removed out:",
		"compatible: source topic added in: | earliest",
		"compatible: store added counts:",
	}},

	"the kind of a store": {countsInto("counts"), countedIn(topology.Tumbling(time.Minute)), []string{
		"loses state: store kind changed counts: it was a key-value store and is a window store | another name"}},
	"a table becomes a buffer": {
		func(b *builder) { b.Table("in", str, rows("kept")) },
		func(b *builder) {
			b.Table("in", str, topology.StoreAs("src", str, topology.IfNeeded())).Suppress(topology.UntilTimeLimit(time.Second), rows("kept"))
		},
		[]string{
			"loses state: store kind changed kept: it was a key-value store and is a suppress-buffer store",
			"needs care: store added src:",
		}},
	"the size of windows": {countedIn(topology.Tumbling(time.Minute)), countedIn(topology.Tumbling(time.Hour)), []string{
		"needs care: store retention changed counts: rows are kept for 1h0m0s instead of 1m0s | kafka-configs",
		"needs care: store window size changed counts: windows of 1m0s are read as ones of 1h0m0s",
	}},
	"a shorter retention": {
		countedIn(topology.Tumbling(time.Minute), topology.WithRetention(time.Hour)), countedIn(topology.Tumbling(time.Minute)), []string{
			"needs care: store retention changed counts: rows older than 1m0s are dropped for good, where they were kept for 1h0m0s"}},
	"windows without an end": {countedIn(topology.Unlimited(time.UnixMilli(0))), countedIn(topology.Tumbling(time.Minute)), []string{
		"needs care: store retention changed counts: | for ever",
		"needs care: store window size changed counts: windows of ever",
	}},
	"configs of a changelog": {countsInto("counts"), countsInto("counts", topology.TopicConfig(map[string]string{"segment.ms": "1"})), []string{
		"needs care: store topic config changed counts: | alter <application id>-counts-changelog"}},
	"a changelog goes": {countsInto("counts"), countsInto("counts", topology.WithoutLogging()), []string{
		"loses state: store logging changed counts: | lost when a task moves"}},
	"a changelog comes": {countsInto("counts", topology.WithoutLogging()), countsInto("counts"), []string{
		"loses state: store logging changed counts: | which is empty"}},
	"from disk to memory": {countsInto("counts"), countsInto("counts", topology.InMemory()), []string{
		"compatible: store place changed counts: it's restored"}},
	"from disk to memory without a changelog": {
		countsInto("counts", topology.WithoutLogging()), countsInto("counts", topology.WithoutLogging(), topology.InMemory()), []string{
			"loses state: store place changed counts: it begins empty"}},
	"a source topic comes to stand for a changelog": {
		func(b *builder) { b.Table("in", str, rows("tab")) },
		func(b *builder) { b.Table("in", str, topology.StoreAs("tab", str, topology.ReuseSourceTopic())) }, []string{
			"needs care: store logging changed tab: it's restored from in; the topic <application id>-tab-changelog is orphaned | has a record of each row"}},
	"a source topic stands for a changelog no more": {
		func(b *builder) { b.Table("in", str, topology.StoreAs("tab", str, topology.ReuseSourceTopic())) },
		func(b *builder) { b.Table("in", str, rows("tab")) }, []string{
			"loses state: store logging changed tab: it was restored from in"}},
	"the serde of a store": {
		func(b *builder) { b.Table("in", str, rows("tab")) },
		func(b *builder) { b.Table("in", str, topology.StoreAs("tab", serde.JSON[string]())) }, []string{
			"needs care: source serde changed in: | serde.jsonSerde[string]",
			"needs care: store serde changed tab: its values were written with serde.stringSerde",
		}},
	"the serde of a processor's store": {processing(str), processing(serde.JSON[string]()), []string{
		"needs care: store serde changed seen: its keys were written with serde.stringSerde and are read with serde.jsonSerde[string]"}},
	"records of a store are placed by another topic": {countsInto("counts"), regrouped("words", "counts"), []string{
		"needs care: store inputs changed counts: its rows were placed in partitions as in, and records come as words-repartition",
		"needs care: sub-topology split 0: it's divided into 0 and 1",
		"compatible: repartition topic added words-repartition:",
	}},

	"partitions of a repartition topic": {
		func(b *builder) { b.Stream("in", str, str).Repartition("r", str, str).To("out", str, str) },
		func(b *builder) {
			b.Stream("in", str, str).Repartition("r", str, str, topology.Partitions(7)).To("out", str, str)
		},
		[]string{"loses state: repartition topic partitions changed r-repartition: it was asked for the number of its inputs and is asked for 7 partitions"}},
	"the serde of a repartition topic": {
		func(b *builder) { b.Stream("in", str, str).Repartition("r", str, str).To("out", str, str) },
		func(b *builder) {
			b.Stream("in", str, str).Repartition("r", serde.JSON[string](), str).To("out", str, str)
		},
		[]string{"needs care: repartition topic serde changed r-repartition:"}},
	"topics that are read and written": {piped("in", "out"), piped("in2", "out2"), []string{
		"needs care: source topic removed in:",
		"compatible: sink topic added out2: | must exist",
		"compatible: sink topic removed out:",
		"compatible: source topic added in2:",
	}},
	"a pattern": {
		func(b *builder) { b.StreamMatching(regexp.MustCompile("a-.*"), str, str).To("out", str, str) },
		func(b *builder) { b.StreamMatching(regexp.MustCompile("b-.*"), str, str).To("out", str, str) }, []string{
			"needs care: source topic removed a-.*:",
			"compatible: source topic added b-.*:",
		}},
	"a reset policy": {piped("in", "out"), piped("in", "out", topology.WithReset(topology.Latest)), []string{
		"compatible: source reset policy changed in: latest instead of earliest"}},
	"the serde of a sink": {piped("in", "out"), func(b *builder) { b.Stream("in", str, str).To("out", str, serde.JSON[string]()) }, []string{
		"needs care: sink serde changed out: | readers"}},

	"a global store comes": {piped("in", "out"), func(b *builder) { global("glob", "rows")(b); piped("in", "out")(b) }, []string{
		"needs care: sub-topology renumbered 0: it's sub-topology 1",
		"compatible: store added rows: it's global: each process reads glob from its start",
	}},
	"a global store gets another name": {global("glob", "rows"), global("glob", "renamed"), []string{
		"compatible: store added renamed:",
		"compatible: store removed rows: it was global",
	}},
	"a global store has another topic": {global("glob", "rows"), global("other", "rows"), []string{
		"compatible: store inputs changed rows: each process drops the rows of glob and reads other from its start"}},
	"a global store moves to memory": {global("glob", "rows"), global("glob", "rows", topology.InMemory()), []string{
		"compatible: store place changed rows: it's read from its topic"}},
	"the serde of a global store": {
		global("glob", "rows"), func(b *builder) { b.GlobalTable("glob", str, topology.StoreAs("rows", serde.JSON[string]())) }, []string{
			"needs care: store serde changed rows: its values were written with serde.stringSerde"}},
	"a table becomes global": {
		func(b *builder) { b.Table("in", str, rows("tab")) },
		global("in", "tab"), []string{
			"loses state: store removed tab: | <application id>-tab-changelog is orphaned",
			"needs care: source topic removed in: | committed offsets",
			"compatible: store added tab: it's global",
		}},

	"sub-topologies are written in another order": {
		func(b *builder) { piped("a", "x")(b); piped("b", "y")(b) },
		func(b *builder) { piped("b", "y")(b); piped("a", "x")(b) },
		[]string{
			"needs care: sub-topology renumbered 0: it's sub-topology 1 | stop every process",
			"needs care: sub-topology renumbered 1: it's sub-topology 0",
		}},
	"sub-topologies become one": {
		func(b *builder) { piped("a", "x")(b); piped("b", "x")(b) },
		func(b *builder) { b.Merge(b.Stream("a", str, str), b.Stream("b", str, str)).To("x", str, str) },
		[]string{
			"needs care: sub-topology merged 0: | it's sub-topology 0",
			"needs care: sub-topology merged 1: | it's sub-topology 0",
		}},
	"a sub-topology is divided": {
		func(b *builder) { b.Merge(b.Stream("a", str, str), b.Stream("b", str, str)).To("x", str, str) },
		func(b *builder) { piped("a", "x")(b); piped("b", "x")(b) },
		[]string{"needs care: sub-topology split 0: it's divided into 0 and 1"}},
}

func TestDiff(t *testing.T) {
	for name, c := range diffs {
		t.Run(name, func(t *testing.T) {
			before, after := written(t, c.before), written(t, c.after)
			got := topology.Diff(before, after)
			wantDifferences(t, got, c.want)
			stored, err := topology.ParseDescription([]byte(before.JSON()))
			if err != nil {
				t.Fatal(err)
			}
			if again := topology.Diff(stored, after); !slices.Equal(again, got) {
				t.Errorf("with the description that was kept:\n%s", again)
			}
			for _, same := range []*topology.Topology{before, after} {
				if d := topology.Diff(same, same); len(d) != 0 {
					t.Errorf("a topology differs from itself:\n%s", d)
				}
			}
		})
	}
}

func written(t *testing.T, write func(*builder)) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder()
	write(b)
	return build(t, b)
}

// wantDifferences compares the differences with how each begins and what else is
// in it, separated by bars.
func wantDifferences(t *testing.T, got topology.Differences, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		parts := strings.Split(want[i], " | ")
		ok = ok && strings.HasPrefix(got[i].String(), parts[0])
		for _, part := range parts[1:] {
			ok = ok && strings.Contains(got[i].String(), part)
		}
	}
	if !ok {
		t.Errorf("got\n%swant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestDiffOfNone(t *testing.T) {
	var none *topology.Topology
	var nothing *topology.Description
	top := written(t, countsInto("counts"))
	if d := topology.Diff(nil, top); d.Severity() != topology.Compatible || len(d) != 2 {
		t.Errorf("a first topology:\n%s", d)
	}
	if d := topology.Diff(top, none); d.Severity() != topology.LosesState {
		t.Errorf("the end:\n%s", d)
	}
	if d := topology.Diff(nothing, none); d.Severity() != topology.Compatible || len(d) != 0 {
		t.Errorf("nothing at all:\n%s", d)
	}
}

// The changelogs of both kinds have the same bytes.
func TestDiffOfKeyValueStores(t *testing.T) {
	of := func(kind string, logged bool) *topology.Description {
		return &topology.Description{SubTopologies: []topology.SubTopologyDescription{{
			Stores: []topology.StoreDescription{{Name: "s", Kind: kind, Logged: logged}},
		}}}
	}
	for _, c := range []struct {
		logged bool
		want   string
	}{
		{true, "needs care: store kind changed s: | the changelog fits | delete the state directories"},
		{false, "loses state: store kind changed s:"},
	} {
		wantDifferences(t, topology.Diff(of("plain-key-value", c.logged), of("key-value", c.logged)), []string{c.want})
	}
}

func ExampleDiff() {
	version := func(store string) *topology.Topology {
		b := topology.NewBuilder()
		b.Stream("orders", serde.String, serde.Int64).
			GroupByKey(serde.String, serde.Int64).
			Count(topology.StoreAs(store, serde.Int64)).
			ToStream().
			To("order-counts", serde.String, serde.Int64)
		t, err := b.Build()
		if err != nil {
			panic(err)
		}
		return t
	}
	kept := version("counts").JSON() // a file of the last release
	last, err := topology.ParseDescription([]byte(kept))
	if err != nil {
		panic(err)
	}
	diff := topology.Diff(last, version("order-counts"))
	for _, d := range diff {
		fmt.Println(d.Severity, "-", d.Kind, d.Name)
		fmt.Println("effect:", d.Effect)
		fmt.Println("remedy:", d.Remedy)
	}
	if diff.Severity() == topology.LosesState {
		fmt.Println("not to be released like this")
	}
	// Output:
	// loses state - store renamed counts
	// effect: it seems to be order-counts now, which starts empty; the topic <application id>-counts-changelog is orphaned
	// remedy: keep the name counts
	// not to be released like this
}
