package topology_test

import (
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// With a record cache a table passes on the last of the updates between two
// commits, unless its store has none.
func ExampleWithoutCaching() {
	b := topology.NewBuilder()
	words := b.Stream("words", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	words.Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().To("counts", serde.String, serde.Int64)
	words.Count(topology.StoreAs("each-count", serde.Int64, topology.WithoutCaching())).
		ToStream().To("each-count", serde.String, serde.Int64)
	d := start(b, driver.WithRecordCache(1<<20), driver.WithCommitInterval(time.Second))
	in := d.Input("words", serde.String, serde.String)
	in.PipeAt(1, "a", "x")
	in.PipeAt(2, "b", "x")
	in.PipeAt(3, "a", "x")
	d.Commit()
	show(d, d.Output("counts", serde.String, serde.Int64))
	show(d, d.Output("each-count", serde.String, serde.Int64))
	// Output:
	// b=1@2
	// a=2@3
	// a=1@1
	// b=1@2
	// a=2@3
}

// WithCaching is the default.
func ExampleWithCaching() {
	b := topology.NewBuilder()
	b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64, topology.WithCaching())).
		ToStream().To("changes", serde.String, serde.Int64)
	d := start(b, driver.WithRecordCache(1<<20), driver.WithCommitInterval(time.Second))
	in := d.Input("prices", serde.String, serde.Int64)
	in.PipeAt(1, "a", 10)
	in.PipeAt(2, "a", 12)
	d.AdvanceWallClock(time.Second) // the commit is due
	show(d, d.Output("changes", serde.String, serde.Int64))
	// Output:
	// a=12@2
}
