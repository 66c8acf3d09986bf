package topology_test

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// An order has the price of its own time, also when the next one is known already.
func ExampleVersioned() {
	b := topology.NewBuilder()
	prices := b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64, topology.Versioned(time.Hour)))
	b.Stream("orders", serde.String, serde.Int64).
		JoinTable(prices, func(n, price int64) int64 { return n * price }).
		To("totals", serde.String, serde.Int64)
	d := start(b)
	price, order := d.Input("prices", serde.String, serde.Int64), d.Input("orders", serde.String, serde.Int64)
	price.PipeAt(1000, "apple", 30)
	price.PipeAt(3000, "apple", 35)
	order.PipeAt(2999, "apple", 10)
	order.PipeAt(3000, "apple", 10)
	show(d, d.Output("totals", serde.String, serde.Int64))
	fmt.Println(d.Versioned("prices", serde.String, serde.Int64).GetAsOf("apple", 2000))
	// Output:
	// apple=300@2999
	// apple=350@3000
	// {30 1000 3000} true
}

// Orders wait half a second for prices that come late.
func ExampleBufferedFor() {
	b := topology.NewBuilder()
	prices := b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64, topology.Versioned(time.Hour)))
	b.Stream("orders", serde.String, serde.Int64).
		JoinTable(prices, func(n, price int64) int64 { return n * price },
			topology.BufferedFor(500*time.Millisecond, "priced", serde.String, serde.Int64)).
		To("totals", serde.String, serde.Int64)
	d := start(b)
	price, order := d.Input("prices", serde.String, serde.Int64), d.Input("orders", serde.String, serde.Int64)
	price.PipeAt(1000, "apple", 30)
	order.PipeAt(2000, "apple", 10)
	price.PipeAt(1900, "apple", 35) // late, but not too late
	order.PipeAt(2500, "apple", 1)
	show(d, d.Output("totals", serde.String, serde.Int64))
	// Output:
	// apple=350@2000
}
