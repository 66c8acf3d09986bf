package topology_test

import (
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// perSecond counts the records of a topic by key and second.
func perSecond(b *topology.Builder, topic string) *topology.WindowedTable[string, int64] {
	return b.Stream(topic, serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(time.Second)).
		Count(topology.StoreAs(topic, serde.Int64))
}

// visitsAndOrders has records of two seconds.
func visitsAndOrders(d *driver.Driver) {
	visits, orders := d.Input("visits", serde.String, serde.String), d.Input("orders", serde.String, serde.String)
	visits.PipeAt(0, "shop", "ann")
	visits.PipeAt(100, "shop", "bob")
	orders.PipeAt(200, "shop", "book")
	orders.PipeAt(1000, "shop", "pen")
}

func ExampleWindowedTable_Join() {
	b := topology.NewBuilder()
	perSecond(b, "orders").
		Join(perSecond(b, "visits"), func(orders, visits int64) float64 { return float64(orders) / float64(visits) }).
		ToStream(windowName).
		To("rates", serde.String, serde.Float64)
	d := start(b)
	visitsAndOrders(d)
	show(d, d.Output("rates", serde.String, serde.Float64))
	// Output:
	// shop[0,1000]=0.5@200
}

func ExampleWindowedTable_LeftJoin() {
	b := topology.NewBuilder()
	perSecond(b, "orders").
		LeftJoin(perSecond(b, "visits"), func(orders int64, visits *int64) bool { return visits == nil || *visits < orders }).
		ToStream(windowName).
		To("without-visit", serde.String, serde.JSON[bool]())
	d := start(b)
	visitsAndOrders(d)
	show(d, d.Output("without-visit", serde.String, serde.JSON[bool]()))
	// Output:
	// shop[0,1000]=false@200
	// shop[1000,2000]=true@1000
}

func ExampleWindowedTable_OuterJoin() {
	b := topology.NewBuilder()
	perSecond(b, "orders").
		OuterJoin(perSecond(b, "visits"), func(orders, visits *int64) int64 {
			var events int64
			for _, n := range []*int64{orders, visits} {
				if n != nil {
					events += *n
				}
			}
			return events
		}).
		ToStream(windowName).
		To("events", serde.String, serde.Int64)
	d := start(b)
	visitsAndOrders(d)
	show(d, d.Output("events", serde.String, serde.Int64))
	// Output:
	// shop[0,1000]=1@0
	// shop[0,1000]=2@100
	// shop[0,1000]=3@200
	// shop[1000,2000]=1@1000
}

// The seconds in which there were so many visits.
func ExampleWindowedTable_GroupBy() {
	b := topology.NewBuilder()
	perSecond(b, "visits").
		GroupBy("by-visits", func(_ topology.Windowed[string], n int64) (int64, string) { return n, "" }, serde.Int64, serde.String).
		Count(topology.StoreAs("seconds", serde.Int64)).
		ToStream().
		To("seconds", serde.Int64, serde.Int64)
	d := start(b)
	visits := d.Input("visits", serde.String, serde.String)
	visits.PipeAt(0, "shop", "ann")
	visits.PipeAt(1000, "shop", "ann")
	visits.PipeAt(1100, "shop", "bob")
	show(d, d.Output("seconds", serde.Int64, serde.Int64))
	// Output:
	// 1=1@0
	// 1=2@1000
	// 1=1@1100
	// 2=1@1100
}
