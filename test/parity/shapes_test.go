package parity

import (
	"fmt"
	"strings"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

const (
	windowSize   = time.Minute
	windowGrace  = 30 * time.Second
	sessionGap   = 20 * time.Second
	sessionGrace = 30 * time.Second
	// sessionRetention keeps those that the latest records can still extend.
	sessionRetention = 10 * time.Minute
	joinReach        = 5 * time.Second
	joinGrace        = 10 * time.Second
	// rowHistory is shorter than a half of the input takes.
	rowHistory = time.Minute
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
	// anyOrder says that it isn't certain in which order a key's results come, nor
	// when what waits for one is deleted.
	anyOrder bool
	// buffer is the store, if any, whose changelog has times and places of input in
	// its values: its records' own times are then the producer's.
	buffer string
	// numbered are the stores whose keys end with the number of the record.
	numbered []string
	// versioned is the store, if any, whose changelog keeps each version of a row.
	versioned string
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
		{name: "session", inputs: 1, build: buildSession, halves: boutsOfActivity, model: countSessions, stores: []string{"sessions"}},
		{
			name: "suppress", inputs: 1, build: buildSuppress, halves: lateRecords, model: countClosedWindows,
			stores: []string{"windows", "final-store"}, buffer: "final-store",
		},
		{
			name: "left-join", inputs: 2, build: buildLeftJoin, halves: ordersAndPayments, model: joinPayments,
			stores: []string{"paid-this-join-store", "paid-outer-other-join-store", "paid-left-shared-join-store"}, anyOrder: true,
			numbered: []string{"paid-this-join-store", "paid-outer-other-join-store"},
		},
		{
			name: "versioned", inputs: 2, build: buildVersioned, halves: rowsOutOfOrder, model: joinAsOf((*history).put),
			stores: []string{"rows"}, versioned: "rows",
		},
		{
			name: "versioned-aggregate", inputs: 2, build: buildVersionedAggregate, halves: rowsOutOfOrder, model: joinAsOf((*history).aggregate),
			stores: []string{"aggregates"}, versioned: "aggregates",
		},
		{
			name: "chain", inputs: 1, build: buildChain, halves: lateRecords, model: sumClosedWindows,
			stores: []string{"windows", "final-store", "totals"}, buffer: "final-store", lastOnly: true,
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

func buildSession(b *topology.Builder, in []string, out string) {
	b.Stream(in[0], serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		SessionsBy(topology.Sessions(sessionGap).Grace(sessionGrace)).
		Count(topology.StoreAs("sessions", serde.Int64, topology.WithRetention(sessionRetention))).
		ToStream(topology.WindowKey[string]).
		To(out, serde.SessionKey(serde.String), serde.Int64)
}

func buildSuppress(b *topology.Builder, in []string, out string) {
	b.Stream(in[0], serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(windowSize).Grace(windowGrace)).
		Count(topology.StoreAs("windows", serde.Int64)).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("final-store", serde.Int64)).
		ToStream(topology.WindowKey[string]).
		To(out, serde.WindowedKey(serde.String, windowSize), serde.Int64)
}

func buildLeftJoin(b *topology.Builder, in []string, out string) {
	payments := b.Stream(in[1], serde.String, serde.String)
	b.Stream(in[0], serde.String, serde.String).
		LeftJoin(payments, topology.Within(joinReach).Grace(joinGrace), func(order string, payment *string) string {
			if payment == nil {
				return order + "+" + null
			}
			return order + "+" + *payment
		}, topology.JoinAs("paid", serde.String, serde.String, serde.String)).
		To(out, serde.String, serde.String)
}

func buildVersioned(b *topology.Builder, in []string, out string) {
	rows := b.Table(in[1], serde.String, topology.StoreAs("rows", serde.String, topology.Versioned(rowHistory)))
	joinWith(rows, b, in, out)
}

// buildVersionedAggregate keeps how many records a key has had, and the last of them.
func buildVersionedAggregate(b *topology.Builder, in []string, out string) {
	rows := b.Stream(in[1], serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		Aggregate(func() string { return "0:" }, func(_, v, aggregate string) string {
			n := 0
			fmt.Sscanf(aggregate, "%d:", &n)
			return fmt.Sprint(n+1, ":", v)
		}, topology.StoreAs("aggregates", serde.String, topology.Versioned(rowHistory)))
	joinWith(rows, b, in, out)
}

func joinWith(rows *topology.Table[string, string], b *topology.Builder, in []string, out string) {
	b.Stream(in[0], serde.String, serde.String).
		LeftJoinTable(rows, func(v string, row *string) string {
			if row == nil {
				return v + "+" + null
			}
			return v + "+" + *row
		}).
		To(out, serde.String, serde.String)
}

// buildChain sums the final counts of windows over groups of keys.
func buildChain(b *topology.Builder, in []string, out string) {
	b.Stream(in[0], serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(windowSize).Grace(windowGrace)).
		Count(topology.StoreAs("windows", serde.Int64)).
		Suppress(topology.UntilWindowCloses(), topology.StoreAs("final-store", serde.Int64)).
		ToStream(func(w topology.Windowed[string]) string { return group(w.Key) }).
		GroupBy("by-group", func(group string, _ int64) string { return group }, serde.String, serde.Int64).
		Reduce(func(sum, n int64) int64 { return sum + n }, topology.StoreAs("totals", serde.Int64)).
		ToStream().
		To(out, serde.String, serde.Int64)
}

// group puts the keys key0 to key9 into two groups.
func group(key string) string {
	if (key[len("key")]-'0')%2 == 0 {
		return "even"
	}
	return "odd"
}
