package parity

import (
	"strings"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

const (
	windowSize  = time.Minute
	windowGrace = 30 * time.Second
)

// shape is a topology, the input of its two halves, and the results that they
// must have. Its twin in Java has the same name.
type shape struct {
	name string
	// inputs is how many topics it reads.
	inputs int
	build  func(b *topology.Builder, in []string, out string)
	halves func() [2][]event
	// model computes the results of a whole input.
	model func(start time.Time, events []event) results
	// stores are those with a changelog.
	stores []string
	// lastOnly says that only the last result of each key is certain, because
	// several tasks work on it.
	lastOnly bool
}

func shapes() []*shape {
	return []*shape{
		{name: "count", inputs: 1, build: buildCount, halves: linesOfWords, model: countWords, stores: []string{"counts"}},
		windowShape(lateRecords),
		{name: "join", inputs: 2, build: buildJoin, halves: rowsAndRecords, model: joinRows, stores: []string{"rows"}},
		{
			name: "foreign-key", inputs: 2, build: buildForeignKey, halves: ordersAndCustomers, model: joinCustomers,
			stores: []string{"orders", "customers", "customer-subscription-store", "named"}, lastOnly: true,
		},
	}
}

func windowShape(halves func() [2][]event) *shape {
	return &shape{name: "window", inputs: 1, build: buildWindow, halves: halves, model: countWindows, stores: []string{"windows"}}
}

func buildCount(b *topology.Builder, in []string, out string) {
	b.Stream(in[0], serde.String, serde.String).
		FlatMapValues(strings.Fields).
		GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To(out, serde.String, serde.Int64)
}

func buildWindow(b *topology.Builder, in []string, out string) {
	b.Stream(in[0], serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(windowSize).Grace(windowGrace)).
		Count(topology.StoreAs("windows", serde.Int64)).
		ToStream(topology.WindowKey[string]).
		To(out, serde.WindowedKey(serde.String, windowSize), serde.Int64)
}

func buildJoin(b *topology.Builder, in []string, out string) {
	rows := b.Table(in[1], serde.String, topology.StoreAs("rows", serde.String))
	b.Stream(in[0], serde.String, serde.String).
		JoinTable(rows, func(v, row string) string { return v + "+" + row }).
		To(out, serde.String, serde.String)
}

func buildForeignKey(b *topology.Builder, in []string, out string) {
	customers := b.Table(in[1], serde.String, topology.StoreAs("customers", serde.String))
	b.Table(in[0], serde.String, topology.StoreAs("orders", serde.String)).
		JoinByForeignKey("customer", customers,
			func(_, order string) (string, bool) {
				customer, _, ok := strings.Cut(order, ":")
				return customer, ok
			},
			func(order, name string) string { return name + "+" + order }).
		Materialize(topology.StoreAs("named", serde.String)).
		ToStream().
		To(out, serde.String, serde.String)
}
