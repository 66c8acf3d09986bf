package oncestream_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// revalued joins orders with the prices of their items, whose table is restored from
// its topic.
func revalued(t *testing.T, orders, prices, out, seen string) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder()
	table := b.Table(prices, serde.String, topology.StoreAs("prices", serde.String, topology.ReuseSourceTopic()))
	table.ToStream().To(seen, serde.String, serde.String)
	b.Stream(orders, serde.String, serde.String).
		JoinTable(table, func(order, price string) string { return order + " at " + price }).
		To(out, serde.String, serde.String)
	return build(t, b)
}

// A table whose topic is its changelog comes back from it in a process without
// state, under both guarantees.
func TestSourceTopicIsTheChangelog(t *testing.T) {
	for _, guarantee := range []oncestream.Guarantee{oncestream.ExactlyOnceV2, oncestream.AtLeastOnce} {
		t.Run(guarantee.String(), func(t *testing.T) {
			addr := fake.Addr(fake.Start(t))
			names := topics(t, addr, 2, "orders", "prices", "revalued", "seen")
			orders, prices, out := names[0], names[1], names[2]
			cfg := oncestream.Config{
				ApplicationID: kafkatest.Unique("revalued"), Brokers: strings.Split(addr, ","),
				CommitInterval: 20 * time.Millisecond, Guarantee: guarantee, StateDir: t.TempDir(),
			}
			top := revalued(t, orders, prices, out, names[3])
			results := newReader(t, addr, out)
			want := func(text string) {
				t.Helper()
				if got := string(results.take(1)[0].Value); got != text {
					t.Fatalf("got %q, want %q", got, text)
				}
			}
			kafkatest.Produce(t, addr, pair(prices, "pen", "1"), pair(prices, "ink", "7"), pair(prices, "pen", "2"))
			p := start(t, top, cfg)
			newReader(t, addr, names[3]).take(3)
			kafkatest.Produce(t, addr, pair(orders, "pen", "A"))
			want("A at 2")
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
			cfg.StateDir = t.TempDir()
			p = start(t, top, cfg)
			kafkatest.Produce(t, addr, pair(orders, "ink", "B"), pair(orders, "pen", "C"))
			got := lastValues(results.take(2))
			if got["ink"] != "B at 7" || got["pen"] != "C at 2" {
				t.Errorf("got %v", got)
			}
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
			all, err := kafkatest.Admin(t, addr).ListTopics(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(all.Names(), cfg.ApplicationID+"-prices-changelog") {
				t.Error("there's a changelog")
			}
		})
	}
}
