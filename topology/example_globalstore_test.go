package topology_test

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// A processor of one's own keeps the most expensive item of each category, for all
// processes; others look it up without being connected to the store.
func ExampleBuilder_GlobalStore() {
	b := topology.NewBuilder()
	dearest := b.KeyValueStore("dearest", serde.String, serde.Int64)
	b.GlobalStore("prices", serde.String, serde.Int64, dearest,
		func() topology.GlobalProcessor[string, int64] { return &highest{store: dearest} })
	b.Stream("asked", serde.String, serde.String).
		Process(func() topology.Processor[string, string, string, int64] {
			return topology.ProcessorFunc[string, string, string, int64](func(c *topology.Context[string, int64], r topology.Record[string, string]) error {
				rows, err := c.Open(dearest)
				if err != nil {
					return err
				}
				price, _, _, err := rows.Get(r.Value)
				if err != nil {
					return err
				}
				return c.Forward(r.WithValue(price))
			})
		}).
		To("out", serde.String, serde.Int64)
	d := start(b)
	prices := d.Input("prices", serde.String, serde.Int64)
	prices.Pipe("fruit", 30)
	prices.Pipe("fruit", 20)
	d.Input("asked", serde.String, serde.String).Pipe("Ann", "fruit")
	show(d, d.Output("out", serde.String, serde.Int64))
	// Output:
	// Ann=30@0
}

// highest keeps the highest price of each category.
type highest struct {
	store topology.StoreHandle[*statestore.KeyValue[string, int64]]
	rows  *statestore.KeyValue[string, int64]
}

// Init opens the store to write to.
func (p *highest) Init(c *topology.ProcessingContext) (err error) {
	p.rows, err = c.Open(p.store)
	return err
}

// Process implements topology.GlobalProcessor.
func (p *highest) Process(_ *topology.ProcessingContext, r topology.Record[string, int64]) error {
	before, _, ok, err := p.rows.Get(r.Key)
	if err != nil || ok && before >= r.Value {
		return err
	}
	return p.rows.Put(r.Key, r.Value, r.Timestamp)
}
