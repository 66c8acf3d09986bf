package main

import (
	"github.com/oncestream/oncestream/topology"
)

// transformValues applies a step that counts its calls for each key.
func transformValues(b *builder, s *step) (any, error) {
	state := s.text("state")
	options := []topology.ProcessOption{b.connect(state)}
	if s.has("name") {
		options = append(options, topology.Named(s.text("name")))
	}
	supply := func() *callCounter { return &callCounter{open: b.opener(state)} }
	if w, ok := b.results[s.text("from")].(windowedTable); ok {
		return transformWindowed(b, s, w, supply, options)
	}
	in, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	t := in.rows()
	return t.made(b, s, t.Transform(func() topology.Transformer[datum, datum, datum] { return supply() }, options...), textSerde{})
}

// callCounter counts its calls for each key, those for deleted rows too.
type callCounter struct {
	open  opener
	store entries
}

// Init implements topology.Initializer.
func (c *callCounter) Init(at *topology.ProcessingContext) (err error) {
	c.store, err = c.open(at)
	return err
}

// Transform implements topology.Transformer.
func (c *callCounter) Transform(_ *topology.ProcessingContext, r topology.FixedKeyRecord[datum, datum]) (datum, bool, error) {
	return c.count(r.Key(), r.Value, r.Timestamp)
}

func (c *callCounter) count(k, v datum, timestamp int64) (datum, bool, error) {
	key := text(k.print())
	old, err := c.store.get(key)
	if err != nil {
		return nil, false, err
	}
	n := plusOne(old)
	if err := c.store.put(key, n, timestamp); err != nil || v == nil {
		return nil, false, err
	}
	return text(v.print() + "#" + n.print()), true, nil
}
