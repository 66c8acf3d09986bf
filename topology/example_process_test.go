package topology_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// A processor chooses the child of each record, and changes its key.
func ExampleStream_Process() {
	b := topology.NewBuilder()
	routed := b.Stream("in", serde.String, serde.String).
		Process(func() topology.Processor[string, string, int, string] { return router{} })
	routed.To("orders", serde.JSON[int](), serde.String, topology.Named("orders"))
	routed.To("rest", serde.JSON[int](), serde.String, topology.Named("rest"))
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.Pipe("a", "order:apple")
	in.Pipe("a", "hello")
	show(d, d.Output("orders", serde.JSON[int](), serde.String))
	show(d, d.Output("rest", serde.JSON[int](), serde.String))
	// Output:
	// 5=apple@0
	// 5=hello@0
}

// router sends orders to one child and everything else to another, under the length
// of the value.
type router struct{}

// Process implements topology.Processor.
func (router) Process(c *topology.Context[int, string], r topology.Record[string, string]) error {
	value, order := strings.CutPrefix(r.Value, "order:")
	out := r.WithValue(value).WithKey(len(value))
	if order {
		return c.ForwardTo("orders", out)
	}
	return c.ForwardTo("rest", out)
}

// A processor that keeps keys needs no repartition topic before the grouping.
func ExampleStream_ProcessValues() {
	b := topology.NewBuilder()
	seen := b.KeyValueStore("seen", serde.String, serde.String)
	b.Stream("in", serde.String, serde.String).
		ProcessValues(func() topology.FixedKeyProcessor[string, string, string] { return &changes{seen: seen} }, seen).
		GroupByKey(serde.String, serde.String).
		Count(topology.StoreAs("changes", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.Pipe("a", "on")
	in.Pipe("a", "on")
	in.Pipe("a", "off")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// a=1@0
	// a=2@0
}

// changes passes on the values that differ from the one before.
type changes struct {
	seen topology.StoreHandle[*statestore.KeyValue[string, string]]
	last *statestore.KeyValue[string, string]
}

// Init opens the store, which was connected to the processor.
func (p *changes) Init(c *topology.ProcessingContext) (err error) {
	p.last, err = c.Open(p.seen)
	return err
}

// Process implements topology.FixedKeyProcessor.
func (p *changes) Process(c *topology.FixedKeyContext[string, string], r topology.FixedKeyRecord[string, string]) error {
	last, _, ok, err := p.last.Get(r.Key())
	if err != nil || ok && last == r.Value {
		return err
	}
	if err := p.last.Put(r.Key(), r.Value, r.Timestamp); err != nil {
		return err
	}
	return c.Forward(r)
}

// Records wait in a store until a function that's scheduled by stream time sends
// them, all in the transaction of the record that made it due.
func ExampleBuilder_KeyValueStore() {
	b := topology.NewBuilder()
	waiting := b.KeyValueStore("waiting", serde.String, serde.String)
	b.Stream("in", serde.String, serde.String).
		Process(func() topology.Processor[string, string, string, string] { return &batcher{waiting: waiting} }, waiting).
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(100, "a", "1")
	in.PipeAt(700, "b", "2")
	in.PipeAt(800, "a", "3")
	in.PipeAt(1200, "c", "4")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=1@100
	// a=3@1200
	// b=2@1200
	// c=4@1200
}

// batcher sends the latest value of each key once a second.
type batcher struct {
	waiting topology.StoreHandle[*statestore.KeyValue[string, string]]
	rows    *statestore.KeyValue[string, string]
}

// Init opens the store and schedules the batches.
func (p *batcher) Init(c *topology.Context[string, string]) (err error) {
	if p.rows, err = c.Open(p.waiting); err != nil {
		return err
	}
	_, err = c.Schedule(time.Second, topology.ByStreamTime, func(now int64) error { return p.send(c, now) })
	return err
}

// Process implements topology.Processor.
func (p *batcher) Process(_ *topology.Context[string, string], r topology.Record[string, string]) error {
	return p.rows.Put(r.Key, r.Value, r.Timestamp)
}

func (p *batcher) send(c *topology.Context[string, string], now int64) error {
	for row, err := range p.rows.All() {
		if err != nil {
			return err
		}
		if err := c.Forward(topology.Record[string, string]{Key: row.Key, Value: row.Value, Timestamp: now}); err != nil {
			return err
		}
		if err := p.rows.Delete(row.Key, now); err != nil {
			return err
		}
	}
	return nil
}

// The transformer is called for deleted rows, too.
func ExampleTable_Transform() {
	b := topology.NewBuilder()
	b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64)).
		Transform(func() topology.Transformer[string, int64, string] { return labels{} }).
		ToStream().
		To("labels", serde.String, serde.String)
	d := start(b)
	in := d.Input("prices", serde.String, serde.Int64)
	in.Pipe("apple", 30)
	in.Pipe("gold", 60000)
	show(d, d.Output("labels", serde.String, serde.String))
	// Output:
	// apple=apple at 30@0
	// gold=null@0
}

// labels prints prices, and has none for what nobody can pay.
type labels struct{}

// Transform implements topology.Transformer.
func (labels) Transform(_ *topology.ProcessingContext, r topology.FixedKeyRecord[string, int64]) (string, bool, error) {
	if r.NullValue || r.Value > 1000 {
		return "", false, nil
	}
	return fmt.Sprintf("%s at %d", r.Key(), r.Value), true, nil
}

// A processor reads the rows of a table that it's connected to.
func ExampleGlobalTable_Rows() {
	b := topology.NewBuilder()
	rates := b.GlobalTable("rates", serde.String, topology.StoreAs("rates", serde.Int64)).Rows()
	convert := func(c *topology.Context[string, string], r topology.Record[string, string]) error {
		rows, err := c.Open(rates)
		if err != nil {
			return err
		}
		rate, _, ok, err := rows.Get(r.Value)
		if err != nil || !ok {
			return err
		}
		r.Value = fmt.Sprint(100*rate, " ", r.Value)
		return c.Forward(r)
	}
	b.Stream("asked", serde.String, serde.String).
		Process(func() topology.Processor[string, string, string, string] {
			return topology.ProcessorFunc[string, string, string, string](convert)
		}).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("rates", serde.String, serde.Int64).Pipe("yen", 160)
	d.Input("asked", serde.String, serde.String).Pipe("Ann", "yen")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// Ann=16000 yen@0
}

func ExampleTable_Rows() {
	b := topology.NewBuilder()
	prices := b.Table("prices", serde.String, topology.StoreAs("prices", serde.Int64)).Rows()
	dearest := func(c *topology.Context[string, string], r topology.Record[string, string]) error {
		rows, err := c.Open(prices)
		if err != nil {
			return err
		}
		best := int64(-1)
		for row, err := range rows.All() {
			if err != nil {
				return err
			}
			if row.Value > best {
				r.Value, best = row.Key, row.Value
			}
		}
		return c.Forward(r)
	}
	b.Stream("asked", serde.String, serde.String).
		Process(func() topology.Processor[string, string, string, string] {
			return topology.ProcessorFunc[string, string, string, string](dearest)
		}, prices).
		To("out", serde.String, serde.String)
	d := start(b)
	d.Input("prices", serde.String, serde.Int64).Pipe("apple", 30)
	d.Input("prices", serde.String, serde.Int64).Pipe("pear", 40)
	d.Input("asked", serde.String, serde.String).Pipe("Ann", "?")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// Ann=pear@0
}
