package main

import (
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

func count(b *builder, s *step) (any, error) {
	if w, ok := b.results[s.text("from")].(*windowed); ok {
		return countWindows(b, s, w)
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
		return reduceWindows(b, s, w, f)
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
	switch of := b.results[s.text("from")].(type) {
	case *windowed:
		return aggregateWindows(b, s, of)
	case *cogrouped:
		return aggregateCogrouped(b, s, of)
	}
	f, err := combine(s, "fn")
	if err != nil {
		return nil, err
	}
	init := s.text("init")
	zero := func() datum { return text(init) }
	add := func(_, v, g datum) datum { return f(g, v) }
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

// combine returns the aggregator that a parameter names.
func combine(s *step, key string) (func(g, v datum) datum, error) {
	if s.has("add") || s.has("sub") {
		return nil, missing("%s of a grouped table", s.op)
	}
	f, err := parseCombiner(s.text(key))
	return func(g, v datum) datum { return made(f(printed(g), printed(v))) }, err
}
