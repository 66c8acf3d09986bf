package oncestream_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// priced joins orders of items with their prices, by item.
func priced(t testing.TB, orders, prices, out string, options ...topology.StoreOption) *topology.Topology {
	b := topology.NewBuilder()
	table := b.GlobalTable(prices, serde.String, topology.StoreAs("prices", serde.String, options...))
	b.Stream(orders, serde.String, serde.String).
		LeftJoinGlobal(table, func(_, item string) (string, bool) { return item, true }, func(item string, price *string) string {
			if price == nil {
				return item + " none"
			}
			return item + " " + *price
		}).
		To(out, serde.String, serde.String)
	return build(t, b)
}

// globalRig is an application that joins with a global table.
type globalRig struct {
	t                         *testing.T
	addr, orders, prices, out string
	top                       *topology.Topology
	cfg                       oncestream.Config
	joined                    *reader
	// orders sent so far
	sent int
}

func newGlobalRig(t *testing.T, addr string, options ...topology.StoreOption) *globalRig {
	names := topics(t, addr, 4, "orders", "joined")
	r := &globalRig{t: t, addr: addr, orders: names[0], out: names[1], prices: kafkatest.Unique("prices")}
	r.createPrices()
	r.top = priced(t, r.orders, r.prices, r.out, options...)
	r.cfg = oncestream.Config{
		ApplicationID: kafkatest.Unique("global"), Brokers: strings.Split(addr, ","), CommitInterval: 20 * time.Millisecond,
		Workers: 3, StateDir: t.TempDir(),
	}
	r.joined = newReader(t, addr, r.out)
	return r
}

// createPrices creates the table's topic. Brokers let records be deleted by hand only
// where they delete some themselves.
func (r *globalRig) createPrices() {
	r.t.Helper()
	kafkatest.CreateTopic(r.t, r.addr, r.prices, 3, map[string]string{"cleanup.policy": "compact,delete"})
}

// renewPrices deletes the table's topic and creates it again.
func (r *globalRig) renewPrices() {
	r.t.Helper()
	got, err := kafkatest.Admin(r.t, r.addr).DeleteTopics(r.t.Context(), r.prices)
	if err := errors.Join(err, got.Error()); err != nil {
		r.t.Fatal(err)
	}
	r.createPrices()
}

// deletePrices deletes all records of the table's topic.
func (r *globalRig) deletePrices() {
	r.t.Helper()
	var upTo kadm.Offsets
	for p, end := range kafkatest.EndOffsets(r.t, r.addr, r.prices)[r.prices] {
		upTo.AddOffset(r.prices, p, end, -1)
	}
	got, err := kafkatest.Admin(r.t, r.addr).DeleteRecords(r.t.Context(), upTo)
	if err := errors.Join(err, got.Error()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *globalRig) price(from, to int, price string) {
	r.t.Helper()
	var rs []*kgo.Record
	for i := from; i < to; i++ {
		rs = append(rs, pair(r.prices, fmt.Sprint("item", i), price))
	}
	kafkatest.Produce(r.t, r.addr, rs...)
}

// order sends an order of an item in each partition and returns the joined values.
func (r *globalRig) order(item string) map[string]int {
	r.t.Helper()
	var rs []*kgo.Record
	for p := range int32(4) {
		rs = append(rs, &kgo.Record{Topic: r.orders, Partition: p, Key: fmt.Append(nil, r.sent), Value: []byte(item)})
		r.sent++
	}
	kafkatest.ProduceTo(r.t, r.addr, rs...)
	got := map[string]int{}
	for _, rec := range r.joined.take(len(rs)) {
		got[string(rec.Value)]++
	}
	return got
}

func (r *globalRig) want(item, price string) {
	r.t.Helper()
	want := map[string]int{item + " " + price: 4}
	if got := r.order(item); !maps.Equal(got, want) {
		r.t.Errorf("joined %v, want %v", got, want)
	}
}

// await orders until all workers see a price.
func (r *globalRig) await(item, price string) {
	r.t.Helper()
	for r.order(item)[item+" "+price] != 4 {
		continue
	}
}

// halt stops the application once its group is at rest: what a restart in the middle
// of a rebalance has to wait for isn't of interest here.
func (r *globalRig) halt(p *process) {
	r.t.Helper()
	p.await(oncestream.Running)
	if err := p.halt(); err != nil {
		r.t.Fatal(err)
	}
}

// TestGlobalTable asserts that all workers join with the whole table from the first
// record on, and with its changes as they come.
func TestGlobalTable(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		for name, options := range map[string][]topology.StoreOption{"on disk": nil, "in memory": {topology.InMemory()}} {
			t.Run(name, func(t *testing.T) {
				r := newGlobalRig(t, addr, options...)
				r.price(0, 200, "old")
				p := start(t, r.top, r.cfg)
				r.want("item7", "old")
				r.want("item200", "none")
				r.price(7, 8, "new")
				r.await("item7", "new")
				r.price(7, 8, "") // a null
				r.await("item7", "none")
				r.want("item8", "old")
				if n := p.metric("oncestream_global_records_total"); n != 202 {
					t.Errorf("%v records were read, want 202", n)
				}
				r.halt(p)

				// The disk has all; memory has nothing.
				r.price(9, 10, "while away")
				p = start(t, r.top, r.cfg)
				r.want("item9", "while away")
				r.want("item7", "none")
				r.want("item8", "old")
				want := map[string]float64{"on disk": 1, "in memory": 203}[name]
				if n := p.metric("oncestream_global_records_total"); n != want {
					t.Errorf("%v records were read after the restart, want %v", n, want)
				}
				r.halt(p)
			})
		}
	})
}

// TestGlobalTableWaitsForTransactions asserts that processing begins behind what
// stood in the topic at the start, also where its transaction is decided later, and
// that what was aborted isn't in the table.
func TestGlobalTableWaitsForTransactions(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		r := newGlobalRig(t, addr)
		for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
			r.cfg.StateDir = t.TempDir()
			price := fmt.Sprint("committed ", end)
			cl := kafkatest.Client(t, addr, kgo.TransactionalID(kafkatest.Unique("prices")))
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), pair(r.prices, "item", price)).FirstErr(); err != nil {
				t.Fatal(err)
			}
			p := start(t, r.top, r.cfg)
			p.await(oncestream.Rebalancing)
			if err := cl.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			if end == kgo.TryAbort {
				price = "none"
			}
			r.want("item", price)
			r.halt(p)
		}
	})
}

// TestGlobalTableIsRebuilt asserts that rows which a gap in the topic, or a topic
// made anew, leaves behind are gone, and that this is done with then.
func TestGlobalTableIsRebuilt(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		for name, lose := range map[string]func(*globalRig){
			"topic made anew": (*globalRig).renewPrices,
			"records deleted": func(r *globalRig) {
				r.price(0, 20, "unread")
				r.deletePrices()
			},
		} {
			t.Run(name, func(t *testing.T) {
				r := newGlobalRig(t, addr)
				r.price(0, 20, "old")
				p := start(t, r.top, r.cfg)
				r.want("item7", "old")
				r.halt(p)
				lose(r)
				r.price(8, 9, "new")
				for _, rebuilds := range []float64{1, 0} {
					p = start(t, r.top, r.cfg)
					r.want("item7", "none")
					r.want("item8", "new")
					if n := p.metric("oncestream_restore_rebuilds_total"); n != rebuilds {
						t.Errorf("%v rebuilds, want %v", n, rebuilds)
					}
					r.halt(p)
				}
			})
		}
	})
}

// TestGlobalTableIsLostWhileRunning: no worker gets to see an empty table. The
// application ends, and the next start reads the topic anew.
func TestGlobalTableIsLostWhileRunning(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		r := newGlobalRig(t, addr)
		r.price(0, 20, "old")
		p := start(t, r.top, r.cfg)
		r.want("item7", "old")
		r.renewPrices()
		if err := p.wait(); err == nil || !strings.Contains(err.Error(), `global store "prices"`) ||
			!strings.Contains(err.Error(), "the next start reads it from its beginning") {
			t.Errorf("the application ended with %v", err)
		}
		r.price(8, 9, "new")
		p = start(t, r.top, r.cfg)
		r.want("item7", "none")
		r.want("item8", "new")
		r.halt(p)
	})
}

// TestGlobalTableOfAnotherTopic asserts that positions and rows of one topic aren't
// taken for those of another, which has more records.
func TestGlobalTableOfAnotherTopic(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	r := newGlobalRig(t, addr)
	r.price(0, 20, "old")
	p := start(t, r.top, r.cfg)
	r.want("item7", "old")
	r.halt(p)
	r.prices = kafkatest.Unique("prices")
	r.createPrices()
	r.top = priced(t, r.orders, r.prices, r.out)
	r.price(8, 68, "new")
	for _, rebuilds := range []float64{1, 0} {
		p = start(t, r.top, r.cfg)
		r.want("item7", "none")
		for i := 8; i < 68; i += 4 {
			r.want(fmt.Sprint("item", i), "new")
		}
		if n := p.metric("oncestream_restore_rebuilds_total"); n != rebuilds {
			t.Errorf("%v rebuilds, want %v", n, rebuilds)
		}
		r.halt(p)
	}
}

// TestGlobalTableAlone runs a topology that has nothing but a global table.
func TestGlobalTableAlone(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	prices := topics(t, addr, 2, "prices")[0]
	b := topology.NewBuilder()
	b.GlobalTable(prices, serde.String, topology.StoreAs("prices", serde.String))
	p := start(t, build(t, b), oncestream.Config{ApplicationID: kafkatest.Unique("alone"), Brokers: strings.Split(addr, ",")})
	p.await(oncestream.Running)
	kafkatest.Produce(t, addr, pair(prices, "a", "1"))
	for p.metric("oncestream_global_records_total") != 1 {
		if p.State() != oncestream.Running {
			t.Fatalf("the application is %s", p.State())
		}
	}
	if err := p.halt(); err != nil {
		t.Fatal(err)
	}
}

// TestGlobalTableFailures asserts that what ends the application says why.
func TestGlobalTableFailures(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	r := newGlobalRig(t, addr)
	missing := priced(t, r.orders, "no-such-topic", r.out)
	if err := start(t, missing, r.cfg).wait(); err == nil || !strings.Contains(err.Error(), "missing topics: no-such-topic") {
		t.Errorf("without the topic: %v", err)
	}
	b := topology.NewBuilder()
	table := b.GlobalTable(r.prices, serde.String, topology.StoreAs("numbers", serde.Int64), topology.Named("numbers"))
	b.Stream(r.orders, serde.String, serde.String).
		JoinGlobal(table, func(_, item string) (string, bool) { return item, true }, func(item string, _ int64) string { return item }).
		To(r.out, serde.String, serde.String)
	numbers := build(t, b)
	r.price(1, 2, "not a number")
	if err := start(t, numbers, r.cfg).wait(); err == nil ||
		!strings.Contains(err.Error(), `global store "numbers"`) || !strings.Contains(err.Error(), "node numbers-source, record "+r.prices) {
		t.Errorf("with a bad record: %v", err)
	}
	r.cfg.OnDecodeError = func(oncestream.FailedRecord) oncestream.Action { return oncestream.Continue }
	p := start(t, numbers, r.cfg)
	r.halt(p)
	if n := p.metric("oncestream_dropped_records_total"); n != 1 {
		t.Errorf("%v drops, want 1", n)
	}
}
