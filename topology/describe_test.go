package topology_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

type builder = topology.Builder

// strings of keys and values, for brevity
var str = serde.String

func first(_, v string) string { return v[:1] }

func join(a, b string) string { return a + b }

// descriptions are topologies whose descriptions are kept in golden files.
var descriptions = map[string]func(b *builder){
	"word-count": func(b *builder) {
		b.Stream("lines", str, str).
			FlatMapValues(strings.Fields).
			GroupBy("words", func(_, w string) string { return w }, str, str).
			Count(topology.StoreAs("counts", serde.Int64)).
			ToStream().
			To("word-counts", str, serde.Int64)
	},
	// The same as Kafka Streams describes it.
	"named-steps": func(b *builder) {
		b.Stream("in", str, str, topology.Named("my-source")).
			Filter(func(_, v string) bool { return v != "" }, topology.Named("my-filter")).
			SelectKey(first, topology.Named("my-key")).
			MapValues(strings.ToUpper, topology.Named("my-map")).
			GroupByKey(str, str, topology.Named("my-group")).
			Count(topology.StoreAs("my-store", serde.Int64), topology.Named("my-count")).
			ToStream(topology.Named("my-stream")).
			To("out", str, serde.Int64, topology.Named("my-sink"))
	},
	// The same as Kafka Streams describes it.
	"grouping-shared": func(b *builder) {
		g := b.Stream("in", str, str).GroupBy("by-first", first, str, str)
		g.Count(topology.StoreAs("cnt", serde.Int64)).ToStream().To("counts", str, serde.Int64)
		g.Reduce(join, topology.StoreAs("red", str)).ToStream().To("reduced", str, str)
	},
	// The same as Kafka Streams describes it.
	"stream-table-join": func(b *builder) {
		s := b.Stream("in", str, str)
		t := b.Table("tab", str, topology.StoreAs("tab-store", str))
		s.JoinTable(t, join, topology.Named("ij")).To("inner", str, str)
		s.LeftJoinTable(t, func(v string, _ *string) string { return v }, topology.Named("lj")).To("left", str, str)
	},
	// The same as Kafka Streams describes it.
	"filter-map": func(b *builder) {
		s := b.Stream("in", str, str)
		keep := func(_, v string) bool { return strings.Contains(v, "a") }
		s.Filter(keep).To("kept", str, str)
		s.FilterNot(keep).To("rest", str, str)
		s.MapValues(strings.ToUpper).Map(func(k, v string) (string, string) { return v, k }).To("mapped", str, str)
		s.SelectKey(first).To("rekeyed", str, str)
	},
	"aggregations": func(b *builder) {
		g := b.Stream("in", str, str).GroupByKey(str, str)
		g.Count(topology.StoreAs("cnt", serde.Int64)).ToStream().To("counts", str, serde.Int64)
		g.Reduce(join, topology.StoreAs("red", str)).ToStream().To("reduced", str, str)
		g.Aggregate(func() string { return "" }, func(_, v, a string) string { return a + v }, topology.StoreAs("agg", str)).
			ToStream().To("aggregated", str, str)
	},
	"rekeyed-by-store": func(b *builder) {
		g := b.Stream("in", str, str).SelectKey(first).GroupByKey(str, str)
		g.Count(topology.StoreAs("a", serde.Int64)).ToStream().To("as", str, serde.Int64)
		g.Count(topology.StoreAs("b", serde.Int64)).ToStream().To("bs", str, serde.Int64)
	},
	"split-merge": func(b *builder) {
		s := b.Stream("in", str, str).Merge(b.Stream("in2", str, str))
		split := s.Split(func(_, v string) bool { return v == "a" }, func(_, v string) bool { return v == "b" })
		split[0].Merge(split[2]).To("out", str, str)
		split[1].To("out-b", str, str)
	},
	"same-topic-twice": func(b *builder) {
		b.Stream("in", str, str).To("a", str, str)
		b.Stream("in", str, str).To("b", str, str)
	},
	"to-table": func(b *builder) {
		s := b.Stream("in", str, str)
		s.ToTable(str, topology.StoreAs("plain", str)).ToStream().To("a", str, str)
		s.SelectKey(first).ToTable(str, topology.StoreAs("rekeyed", str)).ToStream().To("b", str, str)
	},
	"rekeyed-join": func(b *builder) {
		t := b.Table("tab", str, topology.StoreAs("rows", str))
		b.Stream("in", str, str).
			SelectKey(first).
			JoinTable(t, join, topology.RepartitionAs("by-first", str, str)).
			To("out", str, str)
		b.Stream("in2", str, str).
			Repartition("again", str, str, topology.Partitions(7)).
			JoinTable(t, join).
			To("out2", str, str)
	},
	"tumbling": func(b *builder) {
		g := b.Stream("in", str, str).GroupByKey(str, str).WindowedBy(topology.Tumbling(time.Minute).Grace(10 * time.Second))
		g.Count(topology.StoreAs("wcounts", serde.Int64)).
			ToStream(topology.WindowKey).To("windowed", serde.WindowedKey(str, time.Minute), serde.Int64)
		g.Reduce(join, topology.StoreAs("wreduced", str)).ToStream(topology.WithoutWindow).To("plain", str, str)
	},
	"tables": func(b *builder) {
		tab := b.Table("in", str, topology.StoreAs("src", str, topology.IfNeeded()))
		big := tab.Filter(func(_, v string) bool { return len(v) > 5 })
		big.MapValues(strings.ToUpper).Materialize(topology.StoreAs("upper", str)).ToStream().To("out", str, str)
		big.MapValuesWithKey(join).LeftJoin(b.Table("in2", str, topology.StoreAs("src2", str)),
			func(v string, _ *string) string { return v }, topology.Named("joined")).ToStream().To("out2", str, str)
	},
	"join-of-tables": func(b *builder) {
		left := b.Table("left", str, topology.StoreAs("l", str))
		right := b.Table("right", str, topology.StoreAs("r", str))
		left.OuterJoin(right, func(_, _ *string) string { return "" }, topology.Named("outer")).
			Materialize(topology.StoreAs("joined", str)).ToStream().To("out", str, str)
		left.Join(right, join).ToStream().To("out2", str, str)
	},
	"grouped-table": func(b *builder) {
		g := b.Table("in", str, topology.StoreAs("src", str)).
			GroupBy("grp", func(k, v string) (string, string) { return v, k }, str, str)
		g.Count(topology.StoreAs("cnt", serde.Int64)).ToStream().To("counts", str, serde.Int64)
		g.Reduce(join, join, topology.StoreAs("red", str)).ToStream().To("reduced", str, str)
	},
	// The same as Kafka Streams describes it.
	"global-table-join": func(b *builder) {
		s := b.Stream("in", str, str)
		g := b.GlobalTable("glob", str, topology.StoreAs("glob-store", str))
		s.JoinGlobal(g, lookupKey, join).To("inner", str, str)
		s.LeftJoinGlobal(g, lookupKey, func(v string, _ *string) string { return v }, topology.Named("glj")).To("left", str, str)
	},
	// As Kafka Streams describes it: the global tables have numbers of their own among
	// the sub-topologies.
	"global-tables": func(b *builder) {
		b.GlobalTable("glob", str, topology.StoreAs("glob-store", str))
		b.Stream("in", str, str).SelectKey(first).GroupByKey(str, str).Count(topology.StoreAs("counts", serde.Int64))
		b.GlobalTable("glob2", str, topology.StoreAs("glob-store2", str), topology.Named("gg"))
		b.Stream("in2", str, str).To("out", str, str)
	},
	"foreign-key-join": func(b *builder) {
		orders := b.Table("orders", str, topology.StoreAs("orders-store", str))
		customers := b.Table("customers", str, topology.StoreAs("customers-store", str))
		orders.JoinByForeignKey("fk", customers, func(_, v string) (string, bool) { return v, true }, join).
			Materialize(topology.StoreAs("joined", str)).ToStream().To("out", str, str)
	},
	"two-topologies": func(b *builder) {
		b.Stream("a", str, str).To("a2", str, str)
		b.Stream("b", str, str)
		b.Stream("c", str, str).To("c2", str, str)
	},
}

func TestDescriptions(t *testing.T) {
	for name, write := range descriptions {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			write(b)
			golden(t, name+".txt", build(t, b).String())
		})
	}
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%swant\n%s", file, got, want)
	}
}
