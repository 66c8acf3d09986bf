package topology_test

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleBuilder_Stream() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(5, "a", "first")
	in.PipeAt(3, "a", "older")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=first@5
	// a=older@3
}

func ExampleBuilder_Merge() {
	b := topology.NewBuilder()
	b.Merge(
		b.Stream("web", serde.String, serde.String),
		b.Stream("shop", serde.String, serde.String),
	).To("orders", serde.String, serde.String)
	d := start(b)
	d.Input("web", serde.String, serde.String).Pipe("a", "book")
	d.Input("shop", serde.String, serde.String).Pipe("b", "pen")
	show(d, d.Output("orders", serde.String, serde.String))
	// Output:
	// a=book@0
	// b=pen@0
}

func ExampleStream_Filter() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.Int64).
		Filter(func(_ string, n int64) bool { return n > 10 }).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.Int64)
	in.Pipe("a", 5)
	in.Pipe("b", 50)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// b=50@0
}

func ExampleStream_FilterNot() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.Int64).
		FilterNot(func(_ string, n int64) bool { return n > 10 }).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.Int64)
	in.Pipe("a", 5)
	in.Pipe("b", 50)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=5@0
}

func ExampleStream_Map() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		Map(func(k, v string) (string, int64) { return v, int64(len(k)) }).
		To("out", serde.String, serde.Int64)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("three", "x")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// x=5@0
}

func ExampleStream_MapValues() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		MapValues(strings.ToUpper).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("k", "loud")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// k=LOUD@0
}

func ExampleStream_MapValuesWithKey() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		MapValuesWithKey(func(k, v string) string { return v + " of " + k }).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("Spain", "king")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// Spain=king of Spain@0
}

func ExampleStream_FlatMap() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		FlatMap(func(k, v string) iter.Seq2[string, string] {
			return func(yield func(string, string) bool) {
				for _, word := range strings.Fields(v) {
					if !yield(word, k) {
						return
					}
				}
			}
		}).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("line 1", "to be")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// to=line 1@0
	// be=line 1@0
}

func ExampleStream_FlatMapValues() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		FlatMapValues(strings.Fields).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("line 1", "to be")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// line 1=to@0
	// line 1=be@0
}

func ExampleStream_FlatMapValuesWithKey() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		FlatMapValuesWithKey(func(k, v string) []string { return []string{v, k + v} }).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("k", "v")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// k=v@0
	// k=kv@0
}

func ExampleStream_SelectKey() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		SelectKey(func(_, v string) string { return v[:1] }).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("1", "apple")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=apple@0
}

// The key without its window lies where the key with it does.
func ExampleStream_MarkAsPartitioned() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream(topology.WithoutWindow).
		MarkAsPartitioned().
		ToTable(serde.String, topology.StoreAs("latest", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	d.Input("in", serde.String, serde.String).PipeAt(100, "a", "x")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=1@100
}

func ExampleStream_Peek() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		Peek(func(k, v string) { fmt.Println("seen:", k, v) }).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("k", "v")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// seen: k v
	// k=v@0
}

func ExampleStream_ForEach() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		ForEach(func(k, v string) { fmt.Println("seen:", k, v) })
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("k", "v")
	if err := d.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// seen: k v
}

func ExampleStream_Merge() {
	b := topology.NewBuilder()
	web := b.Stream("web", serde.String, serde.String)
	shop := b.Stream("shop", serde.String, serde.String)
	web.Merge(shop).To("orders", serde.String, serde.String)
	d := start(b)
	d.Input("shop", serde.String, serde.String).Pipe("a", "pen")
	d.Input("web", serde.String, serde.String).Pipe("b", "book")
	show(d, d.Output("orders", serde.String, serde.String))
	// Output:
	// a=pen@0
	// b=book@0
}

func ExampleStream_Split() {
	b := topology.NewBuilder()
	sizes := b.Stream("in", serde.String, serde.Int64).Split(
		func(_ string, n int64) bool { return n < 10 },
		func(_ string, n int64) bool { return n < 100 },
	)
	sizes[0].To("small", serde.String, serde.Int64)
	sizes[1].To("medium", serde.String, serde.Int64)
	sizes[2].To("large", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.Int64)
	in.Pipe("a", 5)
	in.Pipe("b", 500)
	in.Pipe("c", 50)
	for _, topic := range []string{"small", "medium", "large"} {
		fmt.Print(topic, ": ")
		show(d, d.Output(topic, serde.String, serde.Int64))
	}
	// Output:
	// small: a=5@0
	// medium: c=50@0
	// large: b=500@0
}

func ExampleStream_Branches() {
	b := topology.NewBuilder()
	orders := b.Stream("orders", serde.String, serde.Int64).Branches()
	orders.Branch("free", func(_ string, price int64) bool { return price == 0 }).To("gifts", serde.String, serde.Int64)
	orders.Branch("small", func(_ string, price int64) bool { return price < 100 })
	orders.Default("large")
	orders.Stream("large").To("large-orders", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("orders", serde.String, serde.Int64)
	in.Pipe("a", 0)
	in.Pipe("b", 50)
	in.Pipe("c", 500)
	for _, topic := range []string{"gifts", "large-orders"} {
		fmt.Print(topic, ": ")
		show(d, d.Output(topic, serde.String, serde.Int64))
	}
	// Output:
	// gifts: a=0@0
	// large-orders: c=500@0
}

func ExampleBranches() {
	b := topology.NewBuilder()
	sizes := b.Stream("in", serde.String, serde.Int64).Branches(topology.Named("size-"))
	sizes.Branch("small", func(_ string, n int64) bool { return n < 10 }).To("small", serde.String, serde.Int64)
	sizes.Default("large").To("large", serde.String, serde.Int64)
	t, err := b.Build()
	if err != nil {
		panic(err)
	}
	fmt.Println(t)
	// Output:
	// Topologies:
	//    Sub-topology: 0
	//     Source: KSTREAM-SOURCE-0000000000 (topics: [in])
	//       --> size-
	//     Processor: size- (stores: [])
	//       --> size-large, size-small
	//       <-- KSTREAM-SOURCE-0000000000
	//     Processor: size-large (stores: [])
	//       --> KSTREAM-SINK-0000000005
	//       <-- size-
	//     Processor: size-small (stores: [])
	//       --> KSTREAM-SINK-0000000003
	//       <-- size-
	//     Sink: KSTREAM-SINK-0000000003 (topic: small)
	//       <-- size-small
	//     Sink: KSTREAM-SINK-0000000005 (topic: large)
	//       <-- size-large
}

func ExampleStream_Repartition() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		SelectKey(func(_, v string) string { return v }).
		Repartition("by-value", serde.String, serde.String).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("k", "v")
	show(d, d.Output("app-by-value-repartition", serde.String, serde.String))
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// v=v@0
	// v=v@0
}

func ExampleStream_To() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.Int64).
		To("out", serde.String, serde.Int64, topology.Named("results"))
	d := start(b)
	d.Input("in", serde.String, serde.Int64).PipeAt(42, "k", 7)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// k=7@42
}
