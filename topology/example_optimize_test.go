package topology_test

import (
	"fmt"
	"strings"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleReuseSourceTopic() {
	b := topology.NewBuilder()
	b.Table("prices", serde.String, topology.StoreAs("latest", serde.Int64, topology.ReuseSourceTopic()))
	d := start(b)
	in := d.Input("prices", serde.String, serde.Int64)
	in.Pipe("pen", 2)
	in.Pipe("pen", 3)
	d.Crash(driver.LoseDisk)
	fmt.Println(d.KeyValue("latest", serde.String, serde.Int64).Get("pen"))
	// Output:
	// 3 true
}

func ExampleOptimize() {
	write := func() *topology.Builder {
		b := topology.NewBuilder()
		byCustomer := b.Stream("orders", serde.String, serde.String).
			SelectKey(func(_, order string) string { return strings.Split(order, " ")[0] })
		byCustomer.GroupByKey(serde.String, serde.String).
			Count(topology.StoreAs("counts", serde.Int64))
		byCustomer.ToTable(serde.String, topology.StoreAs("latest", serde.String))
		return b
	}
	plain, err := write().Build()
	fmt.Println(strings.Count(plain.String(), "Sink:"), "repartition topics", err)
	optimized, err := write().Build(topology.Optimize(topology.MergeRepartitionTopics))
	fmt.Println(strings.Count(optimized.String(), "Sink:"), "repartition topic", err)
	// Output:
	// 2 repartition topics <nil>
	// 1 repartition topic <nil>
}
