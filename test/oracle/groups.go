package main

import (
	"encoding/json"
	"fmt"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// grouped is a grouped stream with the serdes of its records.
type grouped struct {
	*topology.GroupedStream[datum, datum]
	key, value serde.Serde[datum]
}

func groupByKey(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	return in.grouped(s.options()), nil
}

func (s *stream) grouped(options []topology.Option) *grouped {
	return &grouped{GroupedStream: s.GroupByKey(s.key, s.value, options...), key: s.key, value: s.value}
}

// groupBy without a name leaves the name of the repartition topic to each
// aggregation.
func groupBy(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	f, err := parseFunction(s.text("key"))
	if err != nil {
		return nil, err
	}
	if !s.has("name") {
		return in.rekey(f, nil).grouped(nil), nil
	}
	g := in.GroupBy(s.text("name"), datumOf(f), textSerde{}, in.value)
	return &grouped{GroupedStream: g, key: textSerde{}, value: in.value}, nil
}

// windowed is a grouped stream with windows.
type windowed struct {
	*topology.TimeWindowedStream[datum, datum]
	key  serde.Serde[datum]
	size int64 // milliseconds
}

func windowedBy(b *builder, s *step) (any, error) {
	g, err := from[*grouped](b, s, "from")
	if err != nil {
		return nil, err
	}
	w, err := newParams(get(s.params, "window", json.RawMessage("{}")))
	if err != nil {
		return nil, err
	}
	if kind := w.text("type"); kind != "tumbling" {
		return nil, missing("windowedBy %s", kind)
	}
	if emit := s.text("emit"); emit == "onClose" {
		return nil, missing("windowedBy with emit %s", emit)
	}
	size, grace := get(w, "sizeMs", int64(0)), get(w, "graceMs", int64(0))
	if err := w.done(); err != nil {
		return nil, fmt.Errorf("window: %w", err)
	}
	windows := topology.Tumbling(ms(size)).Grace(ms(grace))
	return &windowed{TimeWindowedStream: g.WindowedBy(windows), key: g.key, size: size}, nil
}

func count(b *builder, s *step) (any, error) {
	if w, ok := b.results[s.text("from")].(*windowed); ok {
		stored, err := windowStoreAs(b, s, w, serde.Serde[int64](serde.Int64), counted)
		if err != nil {
			return nil, err
		}
		return windowedTableOf[int64]{WindowedTable: w.Count(stored, s.options()...), size: w.size, value: numberSerde{}, datum: counted}, nil
	}
	g, err := from[*grouped](b, s, "from")
	if err != nil {
		return nil, err
	}
	stored, err := storeOf(b, s, g.key, serde.Serde[int64](serde.Int64), counted)
	if err != nil {
		return nil, err
	}
	return tableOf[int64]{Table: g.Count(stored, s.options()...), key: g.key, value: numberSerde{}, datum: counted}, nil
}

func reduce(b *builder, s *step) (any, error) {
	f, err := combine(s, "fn")
	if err != nil {
		return nil, err
	}
	if w, ok := b.results[s.text("from")].(*windowed); ok {
		stored, err := windowStoreAs(b, s, w, serde.Serde[datum](textSerde{}), same)
		if err != nil {
			return nil, err
		}
		return w.table(w.Reduce(f, stored, s.options()...)), nil
	}
	g, err := from[*grouped](b, s, "from")
	if err != nil {
		return nil, err
	}
	stored, err := storeAs(b, s, g.key, textSerde{})
	if err != nil {
		return nil, err
	}
	return newTable(g.Reduce(f, stored, s.options()...), g.key, textSerde{}), nil
}

func aggregate(b *builder, s *step) (any, error) {
	f, err := combine(s, "fn")
	if err != nil {
		return nil, err
	}
	init := s.text("init")
	zero := func() datum { return text(init) }
	add := func(_, v, g datum) datum { return f(g, v) }
	if w, ok := b.results[s.text("from")].(*windowed); ok {
		stored, err := windowStoreAs(b, s, w, serde.Serde[datum](textSerde{}), same)
		if err != nil {
			return nil, err
		}
		return w.table(w.Aggregate(zero, add, stored, s.options()...)), nil
	}
	g, err := from[*grouped](b, s, "from")
	if err != nil {
		return nil, err
	}
	stored, err := storeAs(b, s, g.key, textSerde{})
	if err != nil {
		return nil, err
	}
	return newTable(g.Aggregate(zero, add, stored, s.options()...), g.key, textSerde{}), nil
}

func (w *windowed) table(t *topology.WindowedTable[datum, datum]) windowedTable {
	return windowedTableOf[datum]{WindowedTable: t, size: w.size, value: textSerde{}, datum: same}
}

// combine returns the aggregator that a parameter names.
func combine(s *step, key string) (func(g, v datum) datum, error) {
	if s.has("add") || s.has("sub") {
		return nil, missing("%s of a grouped table", s.op)
	}
	f, err := parseCombiner(s.text(key))
	return func(g, v datum) datum { return made(f(printed(g), printed(v))) }, err
}
