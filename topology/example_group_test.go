package topology_test

import (
	"strings"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleStream_GroupBy() {
	b := topology.NewBuilder()
	b.Stream("lines", serde.String, serde.String).
		FlatMapValues(strings.Fields).
		GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To("word-counts", serde.String, serde.Int64)
	d := start(b)
	d.Input("lines", serde.String, serde.String).Pipe("line 1", "to be or not to be")
	show(d, d.Output("word-counts", serde.String, serde.Int64))
	// Output:
	// to=1@0
	// be=1@0
	// or=1@0
	// not=1@0
	// to=2@0
	// be=2@0
}

func ExampleStream_GroupByKey() {
	b := topology.NewBuilder()
	clicks := b.Stream("clicks", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	clicks.Count(topology.StoreAs("clicks-by-user", serde.Int64)).
		ToStream().
		To("counts", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("clicks", serde.String, serde.String)
	in.Pipe("ann", "home")
	in.Pipe("ann", "cart")
	show(d, d.Output("counts", serde.String, serde.Int64))
	// Output:
	// ann=1@0
	// ann=2@0
}

// The timestamp of a count is the highest of what was counted.
func ExampleGroupedStream_Count() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(20, "a", "x")
	in.PipeAt(10, "a", "y")
	in.PipeAt(30, "b", "z")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=1@20
	// a=2@20
	// b=1@30
}

func ExampleGroupedStream_Reduce() {
	b := topology.NewBuilder()
	b.Stream("bids", serde.String, serde.Int64).
		GroupByKey(serde.String, serde.Int64).
		Reduce(func(best, bid int64) int64 { return max(best, bid) }, topology.StoreAs("best", serde.Int64)).
		ToStream().
		To("best-bids", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("bids", serde.String, serde.Int64)
	in.Pipe("lamp", 10)
	in.Pipe("lamp", 30)
	in.Pipe("lamp", 20)
	show(d, d.Output("best-bids", serde.String, serde.Int64))
	// Output:
	// lamp=10@0
	// lamp=30@0
	// lamp=30@0
}

func ExampleGroupedStream_Aggregate() {
	b := topology.NewBuilder()
	b.Stream("payments", serde.String, serde.Int64).
		GroupByKey(serde.String, serde.Int64).
		Aggregate(
			func() float64 { return 0 },
			func(_ string, cents int64, sum float64) float64 { return sum + float64(cents)/100 },
			topology.StoreAs("sums", serde.Float64),
		).
		ToStream().
		To("sums", serde.String, serde.Float64)
	d := start(b)
	in := d.Input("payments", serde.String, serde.Int64)
	in.Pipe("ann", 150)
	in.Pipe("ann", 225)
	show(d, d.Output("sums", serde.String, serde.Float64))
	// Output:
	// ann=1.5@0
	// ann=3.75@0
}

// The window from 0 to 1000 stays open until stream time has reached its end and
// the grace: 1500.
func ExampleGroupedStream_WindowedBy() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second).Grace(500*time.Millisecond)).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream(topology.WithoutWindow).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(100, "a", "in time")
	in.PipeAt(1400, "a", "in the next window")
	in.PipeAt(200, "a", "within the grace")
	in.PipeAt(1500, "a", "closes the first window")
	in.PipeAt(300, "a", "late")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=1@100
	// a=1@1400
	// a=2@200
	// a=2@1500
}

func ExampleTimeWindowedStream_Count() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream(topology.WindowKey).
		To("out", serde.WindowedKey(serde.String, time.Second), serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(100, "a", "x")
	in.PipeAt(900, "a", "y")
	in.PipeAt(1000, "a", "z")
	show(d, d.Output("out", serde.WindowedKey(serde.String, time.Second), serde.Int64))
	// Output:
	// {a 0 1000}=1@100
	// {a 0 1000}=2@900
	// {a 1000 2000}=1@1000
}

func ExampleTimeWindowedStream_Reduce() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.Int64).
		GroupByKey(serde.String, serde.Int64).
		WindowedBy(topology.Tumbling(time.Second)).
		Reduce(func(sum, n int64) int64 { return sum + n }, topology.StoreAs("sums", serde.Int64)).
		ToStream(topology.WithoutWindow).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.Int64)
	in.PipeAt(100, "a", 3)
	in.PipeAt(200, "a", 4)
	in.PipeAt(1000, "a", 5)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=3@100
	// a=7@200
	// a=5@1000
}

func ExampleTimeWindowedStream_Aggregate() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Aggregate(
			func() string { return "" },
			func(_, v, all string) string { return all + v },
			topology.StoreAs("all", serde.String),
		).
		ToStream(topology.WithoutWindow).
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(100, "a", "x")
	in.PipeAt(200, "a", "y")
	in.PipeAt(1000, "a", "z")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=x@100
	// a=xy@200
	// a=z@1000
}

func ExampleWindowedTable_ToStream() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Hour)).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream(func(w topology.Windowed[string]) string {
			return w.Key + " from " + time.UnixMilli(w.Start).UTC().Format(time.TimeOnly)
		}).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(2*time.Hour.Milliseconds()+1, "a", "x")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a from 02:00:00=1@7200001
}
