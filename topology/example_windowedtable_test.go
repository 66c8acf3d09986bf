package topology_test

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// twoVisits are within a second.
func twoVisits(d *driver.Driver) {
	d.Input("visits", serde.String, serde.String).PipeAt(0, "shop", "ann")
	d.Input("visits", serde.String, serde.String).PipeAt(100, "shop", "bob")
}

// A windowed key is written as its key and the window's start.
func ExampleWindowedTable_Materialize() {
	b := topology.NewBuilder()
	perSecond(b, "visits").
		Filter(func(_ topology.Windowed[string], n int64) bool { return n > 1 }).
		Materialize(topology.StoreAs("busy-seconds", serde.Int64))
	d := start(b)
	twoVisits(d)
	busy := d.KeyValue("busy-seconds", serde.WindowedKey(serde.String, time.Second), serde.Int64)
	for _, row := range busy.All() {
		fmt.Println(windowName(row.Key), row.Value)
	}
	// Output:
	// shop[0,1000] 2
}

// A processor reads the row of a window.
func ExampleWindowedTable_Rows() {
	b := topology.NewBuilder()
	visits := perSecond(b, "visits").Rows()
	inFirstSecond := func(c *topology.Context[string, string], r topology.Record[string, int64]) error {
		rows, err := c.Open(visits)
		if err != nil {
			return err
		}
		n, _, _, err := rows.Get(topology.Windowed[string]{Key: r.Key, Start: 0, End: 1000})
		if err != nil {
			return err
		}
		return c.Forward(r.WithValue(fmt.Sprint(n, " visits")))
	}
	b.Stream("asked", serde.String, serde.Int64).
		Process(func() topology.Processor[string, int64, string, string] {
			return topology.ProcessorFunc[string, int64, string, string](inFirstSecond)
		}, visits).
		To("out", serde.String, serde.String)
	d := start(b)
	twoVisits(d)
	d.Input("asked", serde.String, serde.Int64).PipeAt(2000, "shop", 0)
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// shop=2 visits@2000
}

func ExampleWindowedTable_Transform() {
	b := topology.NewBuilder()
	perSecond(b, "visits").
		Transform(func() topology.Transformer[topology.Windowed[string], int64, string] { return perMinute{} }).
		ToStream(windowName).
		To("rates", serde.String, serde.String)
	d := start(b)
	twoVisits(d)
	show(d, d.Output("rates", serde.String, serde.String))
	// Output:
	// shop[0,1000]=60 a minute@0
	// shop[0,1000]=120 a minute@100
}

// perMinute extrapolates what was counted in a window.
type perMinute struct{}

// Transform implements topology.Transformer.
func (perMinute) Transform(_ *topology.ProcessingContext, r topology.FixedKeyRecord[topology.Windowed[string], int64]) (string, bool, error) {
	if r.NullValue {
		return "", false, nil
	}
	return fmt.Sprintf("%d a minute", r.Value*60_000/(r.Key().End-r.Key().Start)), true, nil
}

// lastPlans has the plan that each caller had last in each hour.
func lastPlans(b *topology.Builder) *topology.WindowedTable[string, string] {
	return b.Stream("calls", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Hour)).
		Reduce(func(_, plan string) string { return plan }, topology.StoreAs("last-plans", serde.String))
}

// planOf names the row of a table of plans.
func planOf(_ topology.Windowed[string], plan string) (string, bool) { return plan, plan != "" }

// callsAndPrices has two callers, one with a plan that has no price.
func callsAndPrices(d *driver.Driver) {
	d.Input("prices", serde.String, serde.Int64).Pipe("flat", 30)
	d.Input("calls", serde.String, serde.String).PipeAt(1, "ann", "flat")
	d.Input("calls", serde.String, serde.String).PipeAt(2, "bob", "free")
	d.Input("prices", serde.String, serde.Int64).PipeAt(3, "flat", 35)
}

func ExampleWindowedTable_JoinByForeignKey() {
	b := topology.NewBuilder()
	prices := b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64))
	lastPlans(b).
		JoinByForeignKey("plan-price", prices, planOf, func(_ string, price int64) int64 { return price }).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	callsAndPrices(d)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// ann[0,3600000]=30@1
	// ann[0,3600000]=35@3
}

func ExampleWindowedTable_LeftJoinByForeignKey() {
	b := topology.NewBuilder()
	prices := b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64))
	lastPlans(b).
		LeftJoinByForeignKey("plan-price", prices, planOf, func(_ string, price *int64) int64 {
			if price == nil {
				return 0
			}
			return *price
		}).
		ToStream(windowName).
		To("out", serde.String, serde.Int64)
	d := start(b)
	callsAndPrices(d)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// ann[0,3600000]=30@1
	// bob[0,3600000]=0@2
	// ann[0,3600000]=35@3
}
