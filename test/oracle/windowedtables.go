package main

import (
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// windowedTable is a windowed table of any value type.
type windowedTable interface {
	streamer
	// rows returns the table with data for values, and serde that of the values.
	rows() windowedRows
	serde() serde.Serde[datum]
}

// windowedTableOf is a windowed table of texts or counts.
type windowedTableOf[V any] struct {
	*topology.WindowedTable[datum, V]
	spans
	value serde.Serde[datum]
	datum func(V) datum
}

// serde implements windowedTable.
func (t windowedTableOf[V]) serde() serde.Serde[datum] { return t.value }

// stream implements streamer.
func (t windowedTableOf[V]) stream(options []topology.Option) *stream {
	return &stream{Stream: data(t.ToStream(t.of, options...).MarkAsPartitioned(), t.datum), key: spanSerde{t.spans}, value: t.value}
}

// windowedRows is a windowed table of data.
type windowedRows struct {
	*topology.WindowedTable[datum, datum]
	spans
}

// rows implements windowedTable. Counts become data.
func (t windowedTableOf[V]) rows() windowedRows {
	if of, ok := any(t.WindowedTable).(*topology.WindowedTable[datum, datum]); ok {
		return windowedRows{of, t.spans}
	}
	stored := topology.StoreAs("data", t.value, topology.IfNeeded())
	return windowedRows{t.MapValues(t.datum).Materialize(stored), t.spans}
}

// made is as that of tables without windows.
func (t windowedRows) made(b *builder, s *step, of *topology.WindowedTable[datum, datum], v serde.Serde[datum]) (any, error) {
	stored, err := storeAs(b, s, spanSerde{t.spans}, v)
	if err != nil {
		return nil, err
	}
	return windowedTableOf[datum]{WindowedTable: of.Materialize(stored), spans: t.spans, value: v, datum: same}, nil
}

// keyedBy is a function of a key and a value as one of a windowed key.
func keyedBy[W any](s spans, f func(k, v datum) W) func(topology.Windowed[datum], datum) W {
	return func(w topology.Windowed[datum], v datum) W { return f(s.of(w), v) }
}

// keyedTwice is keyedBy with two results.
func keyedTwice[J, W any](s spans, f func(k, v datum) (J, W)) func(topology.Windowed[datum], datum) (J, W) {
	return func(w topology.Windowed[datum], v datum) (J, W) { return f(s.of(w), v) }
}

func filterWindowed(b *builder, s *step, in windowedTable, f func(k, v datum) bool) (any, error) {
	t := in.rows()
	of := keyedBy(t.spans, f)
	if s.op == "filterNot" {
		return t.made(b, s, t.FilterNot(of, s.options()...), in.serde())
	}
	return t.made(b, s, t.Filter(of, s.options()...), in.serde())
}

func mapWindowed(b *builder, s *step, in windowedTable, f func(k, v datum) datum) (any, error) {
	t := in.rows()
	return t.made(b, s, t.MapValuesWithKey(keyedBy(t.spans, f), s.options()...), textSerde{})
}

func joinWindowed(b *builder, s *step, from windowedTable) (any, error) {
	with, ok := b.results[s.text("with")].(windowedTable)
	if !ok {
		return nil, missing("step %s of a windowed table and another kind", s.op)
	}
	j, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	t, right := from.rows(), with.rows().WindowedTable
	switch s.op {
	case "join":
		return t.made(b, s, t.Join(right, inner(j), s.options()...), textSerde{})
	case "leftJoin":
		return t.made(b, s, t.LeftJoin(right, left(j), s.options()...), textSerde{})
	}
	return t.made(b, s, t.OuterJoin(right, outer(j), s.options()...), textSerde{})
}

func joinWindowedByForeignKey(b *builder, s *step, from windowedTable, k foreignKey) (any, error) {
	t := from.rows()
	key := keyedTwice(t.spans, k.of)
	if s.op == "fkJoin" {
		return t.made(b, s, t.JoinByForeignKey(s.name(), k.with, key, inner(k.joiner)), textSerde{})
	}
	return t.made(b, s, t.LeftJoinByForeignKey(s.name(), k.with, key, left(k.joiner)), textSerde{})
}

func transformWindowed(b *builder, s *step, in windowedTable, supply func() *callCounter, options []topology.ProcessOption) (any, error) {
	t := in.rows()
	return t.made(b, s, t.Transform(func() topology.Transformer[topology.Windowed[datum], datum, datum] {
		return &windowCounter{supply(), t.spans}
	}, options...), textSerde{})
}

// windowCounter is a callCounter for windowed keys.
type windowCounter struct {
	*callCounter
	spans
}

// Transform implements topology.Transformer.
func (c *windowCounter) Transform(_ *topology.ProcessingContext, r topology.FixedKeyRecord[topology.Windowed[datum], datum]) (datum, bool, error) {
	return c.count(c.of(r.Key()), r.Value, r.Timestamp)
}
