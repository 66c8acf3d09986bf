package topology_test

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleSessionWindowedStream_Reduce() {
	b := topology.NewBuilder()
	b.Stream("clicks", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		SessionsBy(topology.Sessions(time.Second)).
		Reduce(func(path, page string) string { return path + ">" + page }, topology.StoreAs("paths", serde.String)).
		ToStream(windowName).
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("clicks", serde.String, serde.String)
	in.PipeAt(0, "ann", "home")
	in.PipeAt(400, "ann", "cart")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// ann[0,0]=home@0
	// ann[0,0]=null@0
	// ann[0,400]=home>cart@400
}

// A record between two sessions makes them one.
func ExampleSessionWindowedStream_Aggregate() {
	b := topology.NewBuilder()
	b.Stream("payments", serde.String, serde.Int64).
		GroupByKey(serde.String, serde.Int64).
		SessionsBy(topology.Sessions(100*time.Millisecond).Grace(time.Second)).
		Aggregate(
			func() float64 { return 0 },
			func(_ string, cents int64, sum float64) float64 { return sum + float64(cents)/100 },
			func(_ string, a, b float64) float64 { return a + b },
			topology.StoreAs("sums", serde.Float64)).
		ToStream(windowName).
		To("out", serde.String, serde.Float64)
	d := start(b)
	in := d.Input("payments", serde.String, serde.Int64)
	in.PipeAt(0, "ann", 150)
	in.PipeAt(200, "ann", 50)
	in.PipeAt(100, "ann", 25)
	show(d, d.Output("out", serde.String, serde.Float64))
	// Output:
	// ann[0,0]=1.5@0
	// ann[200,200]=0.5@200
	// ann[0,0]=null@0
	// ann[200,200]=null@200
	// ann[0,200]=2.25@200
}

func ExampleSessionWindowedStream_EmitOnClose() {
	b := topology.NewBuilder()
	b.Stream("clicks", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		SessionsBy(topology.Sessions(100*time.Millisecond)).
		EmitOnClose().
		Count(topology.StoreAs("visits", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("clicks", serde.String, serde.String)
	in.PipeAt(0, "ann", "home")
	in.PipeAt(50, "ann", "cart")
	in.PipeAt(500, "bob", "closes ann's session")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// ann[0,50]=2@50
}

func ExampleTimeWindowedCogrouped_Aggregate() {
	b := topology.NewBuilder()
	clicks := b.Stream("clicks", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	orders := b.Stream("orders", serde.String, serde.Int64).GroupByKey(serde.String, serde.Int64)
	clicks.Cogroup(func(_, _ string, score int64) int64 { return score + 1 }).
		And(orders, func(_ string, cents, score int64) int64 { return score + cents }).
		WindowedBy(topology.Tumbling(time.Second)).
		Aggregate(func() int64 { return 0 }, topology.StoreAs("scores", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	d.Input("clicks", serde.String, serde.String).PipeAt(1, "ann", "home")
	d.Input("orders", serde.String, serde.Int64).PipeAt(2, "ann", 100)
	d.Input("clicks", serde.String, serde.String).PipeAt(1000, "ann", "home")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// ann[0,1000]=1@1
	// ann[0,1000]=101@2
	// ann[1000,2000]=1@1000
}

func ExampleSessionWindowedCogrouped_Aggregate() {
	b := topology.NewBuilder()
	clicks := b.Stream("clicks", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	orders := b.Stream("orders", serde.String, serde.Int64).GroupByKey(serde.String, serde.Int64)
	clicks.Cogroup(func(_, _ string, score int64) int64 { return score + 1 }).
		And(orders, func(_ string, cents, score int64) int64 { return score + cents }).
		SessionsBy(topology.Sessions(time.Second)).
		Aggregate(
			func() int64 { return 0 },
			func(_ string, a, b int64) int64 { return a + b },
			topology.StoreAs("scores", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	d.Input("clicks", serde.String, serde.String).PipeAt(0, "ann", "home")
	d.Input("orders", serde.String, serde.Int64).PipeAt(500, "ann", 100)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// ann[0,0]=1@0
	// ann[0,0]=null@0
	// ann[0,500]=101@500
}

// Nothing is sent for rows that have never passed.
func ExampleWindowedTable_Filter() {
	b := topology.NewBuilder()
	b.Stream("logins", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Count(topology.StoreAs("logins", serde.Int64)).
		Filter(func(_ topology.Windowed[string], n int64) bool { return n > 1 }).
		ToStream(windowName).
		To("suspicious", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("logins", serde.String, serde.String)
	in.PipeAt(1, "ann", "")
	in.PipeAt(2, "bob", "")
	in.PipeAt(3, "bob", "")
	show(d, d.Output("suspicious", serde.String, serde.Int64))
	// Output:
	// bob[0,1000]=2@3
}

func ExampleWindowedTable_FilterNot() {
	b := topology.NewBuilder()
	b.Stream("logins", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Count(topology.StoreAs("logins", serde.Int64)).
		FilterNot(func(w topology.Windowed[string], _ int64) bool { return w.Key == "monitor" }).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("logins", serde.String, serde.String)
	in.PipeAt(1, "monitor", "")
	in.PipeAt(2, "bob", "")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// bob[0,1000]=1@2
}

func ExampleWindowedTable_MapValues() {
	b := topology.NewBuilder()
	b.Stream("logins", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(2*time.Second)).
		Count(topology.StoreAs("logins", serde.Int64)).
		MapValues(func(n int64) float64 { return float64(n) / 2 }).
		ToStream(windowName).
		To("per-second", serde.String, serde.Float64)
	d := start(b)
	in := d.Input("logins", serde.String, serde.String)
	in.PipeAt(1, "ann", "")
	in.PipeAt(2, "ann", "")
	show(d, d.Output("per-second", serde.String, serde.Float64))
	// Output:
	// ann[0,2000]=0.5@1
	// ann[0,2000]=1@2
}

func ExampleWindowedTable_MapValuesWithKey() {
	b := topology.NewBuilder()
	b.Stream("logins", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Count(topology.StoreAs("logins", serde.Int64)).
		MapValuesWithKey(func(w topology.Windowed[string], n int64) string {
			return fmt.Sprintf("%d by %s until %d", n, w.Key, w.End)
		}).
		ToStream(topology.WithoutWindow).
		To("texts", serde.String, serde.String)
	d := start(b)
	d.Input("logins", serde.String, serde.String).PipeAt(1, "ann", "")
	show(d, d.Output("texts", serde.String, serde.String))
	// Output:
	// ann=1 by ann until 1000@1
}

// A pair is joined once, with the later of both times.
func ExampleStream_Join() {
	b := topology.NewBuilder()
	orders := b.Stream("orders", serde.String, serde.String)
	payments := b.Stream("payments", serde.String, serde.String)
	orders.Join(payments, topology.Within(time.Second),
		func(order, payment string) string { return order + ": " + payment },
		topology.JoinAs("paid", serde.String, serde.String, serde.String)).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("orders", serde.String, serde.String).PipeAt(0, "1", "book")
	d.Input("payments", serde.String, serde.String).PipeAt(500, "1", "cash")
	d.Input("payments", serde.String, serde.String).PipeAt(1001, "1", "too late")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// 1=book: cash@500
}

func ExampleStream_OuterJoin() {
	b := topology.NewBuilder()
	sent := b.Stream("sent", serde.String, serde.String)
	received := b.Stream("received", serde.String, serde.String)
	sent.OuterJoin(received, topology.Within(time.Second), func(s, r *string) string {
		switch {
		case r == nil:
			return "lost"
		case s == nil:
			return "made up"
		default:
			return "arrived"
		}
	}, topology.JoinAs("mail", serde.String, serde.String, serde.String)).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("sent", serde.String, serde.String).PipeAt(0, "1", "hello")
	d.Input("received", serde.String, serde.String).PipeAt(10, "1", "hello")
	d.Input("sent", serde.String, serde.String).PipeAt(20, "2", "bye")
	d.Input("received", serde.String, serde.String).PipeAt(30, "3", "money")
	d.Input("sent", serde.String, serde.String).PipeAt(5000, "4", "closes the windows")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// 1=arrived@10
	// 2=lost@20
	// 3=made up@30
}
