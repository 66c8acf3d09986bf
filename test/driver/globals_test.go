package driver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// pricing joins orders of items with a global table of their prices.
func pricing(t *testing.T, options ...topology.StoreOption) *topology.Topology {
	t.Helper()
	return build(t, func(b *topology.Builder) {
		prices := b.GlobalTable("prices", serde.String, topology.StoreAs("prices", serde.Int64, options...), topology.Named("prices"))
		b.Stream("orders", serde.String, serde.String).
			JoinGlobal(prices, func(_, item string) (string, bool) { return item, true },
				func(item string, price int64) string { return fmt.Sprint(item, " ", price) }).
			To("out", serde.String, serde.String)
		b.Stream("changes", serde.String, serde.Int64).To("prices", serde.String, serde.Int64)
	})
}

// A process that ends between any two inputs changes nothing, on disk or in memory,
// and doesn't read again what its disk has.
func TestGlobalTableSurvives(t *testing.T) {
	for fault, end := range map[string]func(*driver.Driver){
		"none":           func(*driver.Driver) {},
		"lose the disk":  func(d *driver.Driver) { d.Crash(driver.LoseDisk) },
		"keep the disk":  func(d *driver.Driver) { d.Crash(driver.KeepDisk) },
		"lose the tasks": (*driver.Driver).Rebalance,
	} {
		for name, options := range map[string][]topology.StoreOption{"on disk": nil, "in memory": {topology.InMemory()}} {
			t.Run(fault+" "+name, func(t *testing.T) {
				d := driver.ForTest(t, pricing(t, options...), driver.WithPartitions("prices", 2), driver.WithPartitions("orders", 3))
				prices, orders := d.Input("prices", serde.String, serde.Int64), d.Input("orders", serde.String, serde.String)
				for n := range int64(2) {
					prices.PipeAt(1, fmt.Sprint("item", n), n)
					end(d)
				}
				prices.PipeRecord(driver.Record[string, int64]{NullKey: true, Timestamp: 1})
				end(d)
				for n := range int32(3) {
					orders.Partition(n).PipeAt(2, "k", "item1")
					end(d)
				}
				// The topology's own record is in the table once it's committed.
				d.Input("changes", serde.String, serde.Int64).PipeAt(3, "item1", 7)
				end(d)
				orders.PipeAt(4, "k", "item1")
				end(d)
				prices.PipeRecord(driver.Record[string, int64]{Key: "item1", NullValue: true, Timestamp: 5})
				end(d)
				orders.PipeAt(6, "k", "item1")
				same(t, "output", texts(d.Output("out", serde.String, serde.String).ReadAll()),
					"k=item1 1@2", "k=item1 1@2", "k=item1 1@2", "k=item1 7@4")
				rows := d.KeyValue("prices", serde.String, serde.Int64).All()
				if len(rows) != 1 || rows[0].Key != "item0" {
					t.Errorf("rows %v", rows)
				}
				if n := d.Dropped(); n != 1 {
					t.Errorf("%d drops: %v", n, d.Drops())
				}
			})
		}
	}
}

// With an open transaction the table has what's committed.
func TestGlobalTableReadsCommitted(t *testing.T) {
	d := driver.ForTest(t, pricing(t), driver.WithCommitInterval(1000))
	d.Input("changes", serde.String, serde.Int64).PipeAt(1, "item", 7)
	orders := d.Input("orders", serde.String, serde.String)
	orders.PipeAt(2, "a", "item")
	d.Commit()
	orders.PipeAt(3, "b", "item")
	d.Commit()
	same(t, "output", texts(d.Output("out", serde.String, serde.String).ReadAll()), "b=item 7@3")
}

func TestGlobalTableDecodeErrors(t *testing.T) {
	for action, want := range map[task.Action]string{
		task.Fail: "record prices-0 at offset 0: record can't be deserialized", task.Continue: "", task.DeadLetter: "",
	} {
		var asked []task.FailedRecord
		d, err := driver.New(pricing(t), driver.WithDecodeHandler(func(f task.FailedRecord) task.Action {
			asked = append(asked, f)
			return action
		}))
		if err != nil {
			t.Fatal(err)
		}
		d.Input("prices", serde.String, serde.String).PipeAt(1, "item", "not a number")
		if len(asked) != 1 || asked[0].Node != "prices-source" || asked[0].Record.Topic != "prices" {
			t.Errorf("the handler was asked about %+v", asked)
		}
		err = d.Err()
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("answer %v: %v", action, err)
		}
		if got := d.Drops()[driver.Drop{Node: "prices-source", Reason: "deserialization"}]; err == nil && got != 1 {
			t.Errorf("answer %v: %d drops", action, got)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
