package topology_test

import (
	"fmt"
	"strings"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleTable_Filter() {
	b := topology.NewBuilder()
	b.Table("stock", serde.String, topology.StoreAs("stock", serde.Int64)).
		Filter(func(_ string, n int64) bool { return n < 10 }).
		ToStream().
		To("low", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("stock", serde.String, serde.Int64)
	in.Pipe("apple", 7)
	in.Pipe("pear", 40)
	in.Pipe("apple", 50)
	show(d, d.Output("low", serde.String, serde.Int64))
	// Output:
	// apple=7@0
	// apple=null@0
}

func ExampleTable_FilterNot() {
	b := topology.NewBuilder()
	b.Table("users", serde.String, topology.StoreAs("users", serde.String)).
		FilterNot(func(id, _ string) bool { return strings.HasPrefix(id, "test-") }).
		ToStream().
		To("real", serde.String, serde.String)
	d := start(b)
	in := d.Input("users", serde.String, serde.String)
	in.Pipe("test-1", "nobody")
	in.Pipe("1", "Ann")
	show(d, d.Output("real", serde.String, serde.String))
	// Output:
	// 1=Ann@0
}

// A materialized table can be read like one of a topic.
func ExampleTable_Materialize() {
	b := topology.NewBuilder()
	b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64)).
		MapValues(func(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }).
		Materialize(topology.StoreAs("texts", serde.String))
	d := start(b)
	d.Input("prices", serde.String, serde.Int64).Pipe("apple", 199)
	fmt.Println(d.KeyValue("texts", serde.String, serde.String).Get("apple"))
	// Output:
	// 1.99 true
}

func ExampleTable_MapValuesWithKey() {
	b := topology.NewBuilder()
	b.Table("in", serde.String, topology.StoreAs("rows", serde.String)).
		MapValuesWithKey(func(k, v string) string { return k + " is " + v }).
		ToStream().
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("in", serde.String, serde.String).Pipe("sky", "blue")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// sky=sky is blue@0
}

// Both tables lead to results.
func ExampleTable_Join() {
	b := topology.NewBuilder()
	stock := b.Table("stock", serde.String, topology.StoreAs("stock", serde.Int64))
	prices := b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64))
	stock.Join(prices, func(n, price int64) int64 { return n * price }).
		ToStream().
		To("worth", serde.String, serde.Int64)
	d := start(b)
	d.Input("stock", serde.String, serde.Int64).Pipe("apple", 10)
	d.Input("prices", serde.String, serde.Int64).Pipe("apple", 30)
	d.Input("prices", serde.String, serde.Int64).Pipe("apple", 35)
	show(d, d.Output("worth", serde.String, serde.Int64))
	// Output:
	// apple=300@0
	// apple=350@0
}

func ExampleTable_OuterJoin() {
	b := topology.NewBuilder()
	phone := b.Table("phone", serde.String, topology.StoreAs("phone", serde.String))
	mail := b.Table("mail", serde.String, topology.StoreAs("mail", serde.String))
	either := func(phone, mail *string) string {
		switch {
		case mail != nil:
			return *mail
		default:
			return *phone
		}
	}
	phone.OuterJoin(mail, either).ToStream().To("contact", serde.String, serde.String)
	d := start(b)
	d.Input("phone", serde.String, serde.String).Pipe("Ann", "555-0100")
	d.Input("mail", serde.String, serde.String).Pipe("Ann", "ann@example.com")
	show(d, d.Output("contact", serde.String, serde.String))
	// Output:
	// Ann=555-0100@0
	// Ann=ann@example.com@0
}

// A row that changes leaves its group and enters another one.
func ExampleTable_GroupBy() {
	b := topology.NewBuilder()
	b.Table("people", serde.String, topology.StoreAs("people", serde.String)).
		GroupBy("by-city", func(name, city string) (string, string) { return city, name }, serde.String, serde.String).
		Count(topology.StoreAs("per-city", serde.Int64)).
		ToStream().
		To("counts", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("people", serde.String, serde.String)
	in.Pipe("Ann", "Oslo")
	in.Pipe("Bob", "Oslo")
	in.Pipe("Ann", "Rome")
	show(d, d.Output("counts", serde.String, serde.Int64))
	// Output:
	// Oslo=1@0
	// Oslo=2@0
	// Oslo=1@0
	// Rome=1@0
}

func ExampleGroupedTable_Aggregate() {
	b := topology.NewBuilder()
	b.Table("orders", serde.String, topology.StoreAs("orders", serde.Int64)).
		GroupBy("all", func(_ string, cents int64) (string, int64) { return "all", cents }, serde.String, serde.Int64).
		Aggregate(func() int64 { return 0 },
			func(_ string, cents, sum int64) int64 { return sum + cents },
			func(_ string, cents, sum int64) int64 { return sum - cents },
			topology.StoreAs("sums", serde.Int64)).
		ToStream().
		To("totals", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("orders", serde.String, serde.Int64)
	in.Pipe("1", 500)
	in.Pipe("2", 300)
	in.Pipe("1", 400) // order 1 has become cheaper
	show(d, d.Output("totals", serde.String, serde.Int64))
	// Output:
	// all=500@0
	// all=800@0
	// all=700@0
}

// An order names its customer; a customer's change reaches all of their orders.
func ExampleTable_JoinByForeignKey() {
	b := topology.NewBuilder()
	orders := b.Table("orders", serde.String, topology.StoreAs("orders", serde.String))
	customers := b.Table("customers", serde.String, topology.StoreAs("customers", serde.String))
	customerOf := func(_, order string) (string, bool) {
		id, _, ok := strings.Cut(order, ":")
		return id, ok
	}
	orders.JoinByForeignKey("order-customer", customers, customerOf, func(order, name string) string { return name + "/" + order }).
		ToStream().
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("customers", serde.String, serde.String).Pipe("c1", "Ann")
	d.Input("orders", serde.String, serde.String).Pipe("o1", "c1:apple")
	d.Input("orders", serde.String, serde.String).Pipe("o2", "c1:pear")
	d.Input("customers", serde.String, serde.String).Pipe("c1", "Anna")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// o1=Ann/c1:apple@0
	// o2=Ann/c1:pear@0
	// o1=Anna/c1:apple@0
	// o2=Anna/c1:pear@0
}

func ExampleTable_MapValues() {
	b := topology.NewBuilder()
	b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64)).
		MapValues(func(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }).
		ToStream().
		To("texts", serde.String, serde.String)
	d := start(b)
	in := d.Input("prices", serde.String, serde.Int64)
	in.Pipe("apple", 199)
	in.Pipe("apple", 205)
	show(d, d.Output("texts", serde.String, serde.String))
	// Output:
	// apple=1.99@0
	// apple=2.05@0
}

// A row of the left table has a result with or without one of the right table.
func ExampleTable_LeftJoin() {
	b := topology.NewBuilder()
	users := b.Table("users", serde.String, topology.StoreAs("users", serde.String))
	cities := b.Table("cities", serde.String, topology.StoreAs("cities", serde.String))
	users.LeftJoin(cities, func(name string, city *string) string {
		if city == nil {
			return name
		}
		return name + " from " + *city
	}).
		ToStream().
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("cities", serde.String, serde.String).Pipe("2", "Rome")
	d.Input("users", serde.String, serde.String).Pipe("1", "Ann")
	d.Input("cities", serde.String, serde.String).Pipe("1", "Oslo")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// 1=Ann@0
	// 1=Ann from Oslo@0
}

// An order has a result even if its customer isn't known (yet).
func ExampleTable_LeftJoinByForeignKey() {
	b := topology.NewBuilder()
	orders := b.Table("orders", serde.String, topology.StoreAs("orders", serde.String))
	customers := b.Table("customers", serde.String, topology.StoreAs("customers", serde.String))
	customerOf := func(_, order string) (string, bool) {
		id, _, ok := strings.Cut(order, ":")
		return id, ok
	}
	orders.LeftJoinByForeignKey("order-customer", customers, customerOf, func(order string, name *string) string {
		if name == nil {
			return "?/" + order
		}
		return *name + "/" + order
	}).
		ToStream().
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("orders", serde.String, serde.String).Pipe("o1", "c1:apple")
	d.Input("customers", serde.String, serde.String).Pipe("c1", "Ann")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// o1=?/c1:apple@0
	// o1=Ann/c1:apple@0
}

func ExampleGroupedTable_Count() {
	b := topology.NewBuilder()
	b.Table("members", serde.String, topology.StoreAs("members", serde.String)).
		GroupBy("by-team", func(name, team string) (string, string) { return team, name }, serde.String, serde.String).
		Count(topology.StoreAs("sizes", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("members", serde.String, serde.String)
	in.Pipe("Ann", "red")
	in.Pipe("Bob", "red")
	in.PipeRecord(driver.Record[string, string]{Key: "Ann", NullValue: true})
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// red=1@0
	// red=2@0
	// red=1@0
}

func ExampleGroupedTable_Reduce() {
	b := topology.NewBuilder()
	b.Table("accounts", serde.String, topology.StoreAs("accounts", serde.Int64)).
		GroupBy("by-bank", func(iban string, cents int64) (string, int64) { return iban[:2], cents }, serde.String, serde.Int64).
		Reduce(
			func(sum, cents int64) int64 { return sum + cents },
			func(sum, cents int64) int64 { return sum - cents },
			topology.StoreAs("sums", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("accounts", serde.String, serde.Int64)
	in.Pipe("NO-1", 100)
	in.Pipe("NO-2", 50)
	in.Pipe("NO-1", 70)
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// NO=100@0
	// NO=150@0
	// NO=120@0
}
