package topology_test

import (
	"fmt"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleBuilder_Table() {
	b := topology.NewBuilder()
	b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64))
	d := start(b)
	in := d.Input("prices", serde.String, serde.Int64)
	in.Pipe("apple", 30)
	in.Pipe("pear", 40)
	in.Pipe("apple", 35)
	for _, row := range d.KeyValue("prices", serde.String, serde.Int64).All() {
		fmt.Println(row.Key, row.Value)
	}
	// Output:
	// apple 35
	// pear 40
}

func ExampleStream_ToTable() {
	b := topology.NewBuilder()
	b.Stream("readings", serde.String, serde.Int64).
		Filter(func(_ string, n int64) bool { return n >= 0 }).
		ToTable(serde.String, topology.StoreAs("latest", serde.Int64))
	d := start(b)
	in := d.Input("readings", serde.String, serde.Int64)
	in.Pipe("attic", 21)
	in.Pipe("attic", -273)
	in.Pipe("attic", 22)
	fmt.Println(d.KeyValue("latest", serde.String, serde.Int64).Get("attic"))
	// Output:
	// 22 true
}

// A deleted row is a null value.
func ExampleTable_ToStream() {
	b := topology.NewBuilder()
	b.Table("in", serde.String, topology.StoreAs("rows", serde.String)).
		ToStream().
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.Pipe("a", "x")
	in.PipeRecord(driver.Record[string, string]{Key: "a", NullValue: true})
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=x@0
	// a=null@0
}

// Only the stream's records lead to results.
func ExampleStream_JoinTable() {
	b := topology.NewBuilder()
	users := b.Table("users", serde.String, topology.StoreAs("users", serde.String))
	b.Stream("clicks", serde.String, serde.String).
		JoinTable(users, func(page, name string) string { return name + " saw " + page }).
		To("out", serde.String, serde.String)
	d := start(b)
	clicks := d.Input("clicks", serde.String, serde.String)
	clicks.Pipe("1", "home")
	d.Input("users", serde.String, serde.String).Pipe("1", "Ann")
	clicks.Pipe("1", "cart")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// 1=Ann saw cart@0
}

func ExampleStream_LeftJoinTable() {
	b := topology.NewBuilder()
	users := b.Table("users", serde.String, topology.StoreAs("users", serde.String))
	b.Stream("clicks", serde.String, serde.String).
		LeftJoinTable(users, func(page string, name *string) string {
			if name == nil {
				return "somebody saw " + page
			}
			return *name + " saw " + page
		}).
		To("out", serde.String, serde.String)
	d := start(b)
	clicks := d.Input("clicks", serde.String, serde.String)
	clicks.Pipe("1", "home")
	d.Input("users", serde.String, serde.String).Pipe("1", "Ann")
	clicks.Pipe("1", "cart")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// 1=somebody saw home@0
	// 1=Ann saw cart@0
}

// Every process has all rows, so any key will do.
func ExampleStream_JoinGlobal() {
	b := topology.NewBuilder()
	countries := b.GlobalTable("countries", serde.String, topology.StoreAs("countries", serde.String))
	b.Stream("visits", serde.String, serde.String).
		JoinGlobal(countries,
			func(_, code string) (string, bool) { return code, code != "" },
			func(_, country string) string { return country }).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("countries", serde.String, serde.String).Pipe("is", "Iceland")
	visits := d.Input("visits", serde.String, serde.String)
	visits.Pipe("Ann", "is")
	visits.Pipe("Bob", "xx")
	visits.Pipe("Cem", "")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// Ann=Iceland@0
}

func ExampleStream_LeftJoinGlobal() {
	b := topology.NewBuilder()
	countries := b.GlobalTable("countries", serde.String, topology.StoreAs("countries", serde.String))
	b.Stream("visits", serde.String, serde.String).
		LeftJoinGlobal(countries,
			func(_, code string) (string, bool) { return code, code != "" },
			func(code string, country *string) string {
				if country == nil {
					return "unknown: " + code
				}
				return *country
			}).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("countries", serde.String, serde.String).Pipe("is", "Iceland")
	visits := d.Input("visits", serde.String, serde.String)
	visits.Pipe("Ann", "is")
	visits.Pipe("Bob", "xx")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// Ann=Iceland@0
	// Bob=unknown: xx@0
}

func ExampleBuilder_GlobalTable() {
	b := topology.NewBuilder()
	b.GlobalTable("countries", serde.String, topology.StoreAs("countries", serde.String))
	d := start(b)
	d.Input("countries", serde.String, serde.String).Pipe("is", "Iceland")
	fmt.Println(d.KeyValue("countries", serde.String, serde.String).Get("is"))
	// Output:
	// Iceland true
}
