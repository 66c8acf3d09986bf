package oncestream_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// ordersOfCustomers joins orders ("customer:item") with customers' names by
// foreign key, and counts the orders of each name.
func ordersOfCustomers(t testing.TB, orders, customers, out, counts string) *topology.Topology {
	b := topology.NewBuilder()
	named := b.Table(orders, serde.String, topology.StoreAs("orders", serde.String)).
		JoinByForeignKey("customer", b.Table(customers, serde.String, topology.StoreAs("customers", serde.String)),
			func(_, order string) (string, bool) {
				customer, _, ok := strings.Cut(order, ":")
				return customer, ok
			},
			func(order, name string) string { return name + ":" + order }).
		Materialize(topology.StoreAs("named", serde.String))
	named.ToStream().To(out, serde.String, serde.String)
	named.GroupBy("by-name", func(k, v string) (string, string) {
		name, _, _ := strings.Cut(v, ":")
		return name, k
	}, serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().To(counts, serde.String, serde.Int64)
	return build(t, b)
}

func pair(topic, key, value string) *kgo.Record {
	r := &kgo.Record{Topic: topic, Key: []byte(key)}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

// TestForeignKeyJoin asserts that subscriptions and answers find their tasks
// though the tables have different partition counts, and that a start without
// local state knows the subscriptions of the one before.
func TestForeignKeyJoin(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		names := topics(t, addr, 3, "orders", "named", "counts")
		orders, out, counts := names[0], names[1], names[2]
		customers := topics(t, addr, 2, "customers")[0]
		cfg := oncestream.Config{ApplicationID: kafkatest.Unique("fk"), Brokers: strings.Split(addr, ","), CommitInterval: 20 * time.Millisecond, Workers: 2}
		top := ordersOfCustomers(t, orders, customers, out, counts)
		named, counted := newReader(t, addr, out), newReader(t, addr, counts)

		cfg.StateDir = t.TempDir()
		p := start(t, top, cfg)
		want := map[string]string{}
		for i := range 30 {
			order := fmt.Sprintf("o%d", i)
			kafkatest.Produce(t, addr, pair(orders, order, fmt.Sprintf("c%d:item", i%5)))
			want[order] = fmt.Sprintf("name%d:c%d:item", i%5, i%5)
		}
		for i := range 5 {
			kafkatest.Produce(t, addr, pair(customers, fmt.Sprintf("c%d", i), fmt.Sprintf("name%d", i)))
		}
		if got := lastValues(named.take(30)); !maps.Equal(got, want) {
			t.Errorf("joined\n got %v\nwant %v", got, want)
		}
		perName := map[string]int64{"name0": 6, "name1": 6, "name2": 6, "name3": 6, "name4": 6}
		if got := lastCounts(t, counted.take(30)); !maps.Equal(got, perName) {
			t.Errorf("counts %v, want %v", got, perName)
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}

		cfg.StateDir = t.TempDir()
		p = start(t, top, cfg)
		kafkatest.Produce(t, addr, pair(customers, "c0", "renamed"))
		want = map[string]string{}
		for i := 0; i < 30; i += 5 {
			want[fmt.Sprintf("o%d", i)] = "renamed:c0:item"
		}
		if got := lastValues(named.take(6)); !maps.Equal(got, want) {
			t.Errorf("after a customer's change\n got %v\nwant %v", got, want)
		}
		// Each order leaves the old name and enters the new one.
		if got, want := lastCounts(t, counted.take(12)), map[string]int64{"name0": 0, "renamed": 6}; !maps.Equal(got, want) {
			t.Errorf("counts %v, want %v", got, want)
		}
		kafkatest.Produce(t, addr, pair(orders, "o5", ""))
		if got, want := lastValues(named.take(1)), map[string]string{"o5": ""}; !maps.Equal(got, want) {
			t.Errorf("after an order's end: %v", got)
		}
		if got, want := lastCounts(t, counted.take(1)), map[string]int64{"renamed": 5}; !maps.Equal(got, want) {
			t.Errorf("counts %v, want %v", got, want)
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
	})
}

// lastValues returns the last value of each key; a null is empty.
func lastValues(records []*kgo.Record) map[string]string {
	last := map[string]string{}
	for _, r := range records {
		last[string(r.Key)] = string(r.Value)
	}
	return last
}
