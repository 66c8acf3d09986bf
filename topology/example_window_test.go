package topology_test

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// windowName is a key function that shows the window's bounds.
func windowName(w topology.Windowed[string]) string {
	return fmt.Sprintf("%s[%d,%d]", w.Key, w.Start, w.End)
}

func ExampleHopping() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.Int64).
		GroupByKey(serde.String, serde.Int64).
		WindowedBy(topology.Hopping(100*time.Millisecond, 50*time.Millisecond)).
		Reduce(func(a, v int64) int64 { return a + v }, topology.StoreAs("sums", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.Int64)
	in.PipeAt(10, "a", 1)
	in.PipeAt(70, "a", 2)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a[0,100]=1@10
	// a[0,100]=3@70
	// a[50,150]=2@70
}

func ExampleSessionWindowedStream_Count() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		SessionsBy(topology.Sessions(10*time.Millisecond).Grace(time.Second)).
		Count(topology.StoreAs("visits", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(0, "a", "x")
	in.PipeAt(15, "a", "y")
	in.PipeAt(8, "a", "between")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a[0,0]=1@0
	// a[15,15]=1@15
	// a[0,0]=null@0
	// a[15,15]=null@15
	// a[0,15]=3@15
}

func ExampleTimeWindowedStream_EmitOnClose() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(100*time.Millisecond)).
		EmitOnClose().
		Count(topology.StoreAs("final", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(10, "a", "x")
	in.PipeAt(20, "a", "y")
	in.PipeAt(100, "a", "closes the first window")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a[0,100]=2@20
}

func ExampleStream_LeftJoin() {
	b := topology.NewBuilder()
	orders := b.Stream("orders", serde.String, serde.String)
	payments := b.Stream("payments", serde.String, serde.String)
	orders.LeftJoin(payments, topology.Within(time.Second), func(order string, payment *string) string {
		if payment == nil {
			return order + ": not paid"
		}
		return order + ": " + *payment
	}, topology.JoinAs("paid", serde.String, serde.String, serde.String)).
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("orders", serde.String, serde.String)
	in.PipeAt(0, "1", "book")
	in.PipeAt(10, "2", "pen")
	d.Input("payments", serde.String, serde.String).PipeAt(500, "1", "cash")
	in.PipeAt(2000, "3", "cup")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// 1=book: cash@500
	// 2=pen: not paid@10
}

func ExampleCogrouped_And() {
	b := topology.NewBuilder()
	in := b.Stream("in", serde.String, serde.Int64).GroupByKey(serde.String, serde.Int64)
	out := b.Stream("gone", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	in.Cogroup(func(_ string, n, stock int64) int64 { return stock + n }).
		And(out, func(_ string, _ string, stock int64) int64 { return stock - 1 }).
		Aggregate(func() int64 { return 0 }, topology.StoreAs("stock", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	d.Input("in", serde.String, serde.Int64).PipeAt(1, "cup", 10)
	d.Input("gone", serde.String, serde.String).PipeAt(2, "cup", "sold")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// cup=10@1
	// cup=9@2
}

// The partition gets no more records, so the window closes by the wall clock.
func ExampleWithIdleTimeout() {
	b := topology.NewBuilder()
	b.Stream("payments", serde.String, serde.Int64, topology.WithIdleTimeout(30*time.Second)).
		GroupByKey(serde.String, serde.Int64).
		WindowedBy(topology.Tumbling(time.Minute)).
		EmitOnClose().
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("payments", serde.String, serde.Int64)
	in.PipeAt(10_000, "alice", 5)
	in.PipeAt(20_000, "alice", 7)
	d.AdvanceWallClock(39 * time.Second) // as if it were 59 seconds past
	fmt.Println("nothing yet:", len(d.Output("out", serde.String, serde.Int64).ReadAll()))
	d.AdvanceWallClock(time.Second)
	in.PipeAt(30_000, "alice", 9) // too late for the window
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// nothing yet: 0
	// alice[0,60000]=2@20000
}
