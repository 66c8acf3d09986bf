package topology_test

import (
	"fmt"
	"testing"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

// counted counts a transformer's calls for each key in a store, and numbers values
// with them.
type counted struct {
	calls topology.StoreHandle[*numberStore]
	store *numberStore
}

func (c *counted) Init(at *topology.ProcessingContext) (err error) {
	c.store, err = at.Open(c.calls)
	return err
}

func (c *counted) Transform(_ *topology.ProcessingContext, r fixedRecord) (string, bool, error) {
	n, _, _, err := c.store.Get(r.Key())
	if err == nil {
		err = c.store.Put(r.Key(), n+1, r.Timestamp)
	}
	return fmt.Sprintf("%s#%d", r.Value, n+1), !r.NullValue && r.Value != "none", err
}

func counting(b *builder, t *strTable) *strTable {
	calls := b.KeyValueStore("calls", str, number)
	return t.Transform(func() topology.Transformer[string, string, string] { return &counted{calls: calls} }, calls)
}

func pipeRows(d *driver.Driver, values ...string) {
	in := d.Input("in", str, str)
	for i, v := range values {
		in.PipeRecord(driver.Record[string, string]{Key: "k", Value: v, NullValue: v == "", Timestamp: int64(i)})
	}
}

// It's called for deleted rows, too, and for what a row was before where that's asked
// for and not stored.
func TestTransform(t *testing.T) {
	size := func(_, v string) (string, string) { return "all", v }
	for name, c := range map[string]struct {
		add  func(b *builder, t *strTable) *strTable
		want []string
	}{
		"alone": {counting, []string{"k=a#1@0", "k=b#2@1", "k=null@2", "k=null@3", "k=c#5@4"}},
		"materialized": {func(b *builder, t *strTable) *strTable {
			return counting(b, t).Materialize(topology.StoreAs("rows", str))
		}, []string{"k=a#1@0", "k=b#2@1", "k=null@2", "k=null@3", "k=c#5@4"}},
		"with old values": {func(b *builder, t *strTable) *strTable {
			return counting(b, t).GroupBy("g", size, str, str).
				Reduce(func(g, v string) string { return g + "+" + v }, func(g, v string) string { return g + "-" + v }, topology.StoreAs("grouped", str))
			// Each change takes a call for the new value, and then one for the old.
		}, []string{"all=a#1@0", "all=a#1-a#4+b#3@1", "all=a#1-a#4+b#3-b#6@2", "all=a#1-a#4+b#3-b#6+c#9@4"}},
		"stored, with old values": {func(b *builder, t *strTable) *strTable {
			return counting(b, t).Materialize(topology.StoreAs("rows", str)).GroupBy("g", size, str, str).
				Reduce(func(g, v string) string { return g + "+" + v }, func(g, v string) string { return g + "-" + v }, topology.StoreAs("grouped", str))
		}, []string{"all=a#1@0", "all=a#1-a#1+b#2@1", "all=a#1-a#1+b#2-b#2@2", "all=a#1-a#1+b#2-b#2+c#5@4"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			c.add(b, b.Table("in", str, topology.StoreAs("in", str))).ToStream().To("out", str, str)
			d := drive(t, b)
			pipeRows(d, "a", "b", "none", "", "c")
			if err := d.Err(); err != nil {
				t.Fatal(err)
			}
			wantRecords(t, d, "out", c.want...)
		})
	}
}

// A join reads rows that aren't stored through a transformer of its own, and the
// transformer's store comes with them.
func TestTransformedRowsAreRead(t *testing.T) {
	b := topology.NewBuilder()
	rows := counting(b, b.Table("in", str, topology.StoreAs("in", str)))
	b.Stream("asked", str, str).LeftJoinTable(rows, leftBar).To("out", str, str)
	d := drive(t, b)
	asked := d.Input("asked", str, str)
	asked.PipeAt(1, "k", "x")
	pipeRows(d, "a")
	asked.PipeAt(2, "k", "y")
	d.Crash(driver.LoseDisk)
	asked.PipeAt(3, "k", "z")
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	wantRecords(t, d, "out", "k=x|nil@1", "k=y|a#3@2", "k=z|a#4@3")
}

func TestTransformersFail(t *testing.T) {
	b := topology.NewBuilder()
	counting(b, b.Table("in", str, topology.StoreAs("in", str)))
	b.Table("bad", str, topology.StoreAs("bad", str)).
		Transform(func() topology.Transformer[string, string, string] { return broken{} }, topology.Named("t"))
	d := drive(t, b)
	d.Input("bad", str, str).Pipe("k", "v")
	wantError(t, d.Err(), "node t, record bad-0 at offset 0: broken")
}

type broken struct{}

func (broken) Transform(*topology.ProcessingContext, fixedRecord) (string, bool, error) {
	return "", false, fmt.Errorf("broken")
}
