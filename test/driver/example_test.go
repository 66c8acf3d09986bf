package driver_test

import (
	"fmt"
	"log"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// counts is a topology that counts records by key.
func counts() *topology.Topology {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	t, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}
	return t
}

func ExampleNew() {
	d, err := driver.New(counts())
	if err != nil {
		log.Fatal(err)
	}
	in := d.Input("in", serde.String, serde.String)
	out := d.Output("out", serde.String, serde.Int64)
	in.PipeAt(100, "a", "x")
	in.PipeAt(200, "a", "y")
	for _, r := range out.ReadAll() {
		fmt.Println(r)
	}
	fmt.Println(d.KeyValue("counts", serde.String, serde.Int64).Get("a"))
	if err := d.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// a=1@100
	// a=2@200
	// 2 true
}

// What the open transaction holds is gone with a crash, and made again of the same
// input.
func ExampleDriver_Crash() {
	d, err := driver.New(counts(), driver.WithCommitInterval(100*time.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	in := d.Input("in", serde.String, serde.String)
	out := d.Output("out", serde.String, serde.Int64)
	in.Pipe("a", "x")
	fmt.Println(out.Uncommitted(), out.ReadAll())
	d.Crash(driver.LoseDisk)
	d.AdvanceWallClock(100 * time.Millisecond)
	fmt.Println(out.Uncommitted(), out.ReadAll())
	if err := d.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [a=1@0] []
	// [] [a=1@0]
}
