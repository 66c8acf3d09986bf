package topology_test

import (
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleWindowedTable_Suppress() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(100*time.Millisecond).Grace(20*time.Millisecond)).
		Count(topology.StoreAs("counts", serde.Int64)).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("final-counts", serde.Int64)).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(10, "a", "x")
	in.PipeAt(110, "a", "y")
	in.PipeAt(50, "a", "within the grace")
	in.PipeAt(120, "b", "z")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a[0,100]=2@50
}

func ExampleTable_Suppress() {
	b := topology.NewBuilder()
	b.Table("in", serde.String, topology.StoreAs("prices", serde.Int64)).
		Suppress(topology.UntilTimeLimit(time.Second, topology.MaxRecords(2)), topology.StoreAs("calm", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.Int64)
	in.PipeAt(0, "a", 1)
	in.PipeAt(400, "a", 2)
	in.PipeAt(500, "b", 3)
	in.PipeAt(1000, "b", 4) // a has waited for a second
	in.PipeAt(1100, "c", 5)
	in.PipeAt(1200, "d", 6) // a third row: b gives way
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=2@400
	// b=4@1000
}
