package main

import (
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// cogrouped is several grouped streams that are aggregated together.
type cogrouped struct {
	*topology.Cogrouped[datum, datum]
	key serde.Serde[datum]
}

// member is one of the streams of a cogroup, and its aggregator.
type member struct {
	From string `json:"from"`
	Fn   string `json:"fn"`
}

func cogroup(b *builder, s *step) (any, error) {
	var c *cogrouped
	for _, m := range get(s.params, "groups", []member{}) {
		g, err := resultOf[*grouped](b, s, m.From)
		if err != nil {
			return nil, err
		}
		f, err := parseCombiner(m.Fn)
		if err != nil {
			return nil, err
		}
		add := func(_, v, g datum) datum { return made(f(printed(g), printed(v))) }
		if c == nil {
			c = &cogrouped{Cogrouped: g.Cogroup(add), key: g.key}
		} else {
			c.Cogrouped = c.And(g.GroupedStream, add)
		}
	}
	if c == nil {
		return nil, missing("cogroup of nothing")
	}
	return c, nil
}

// windowedBy returns the streams with windows.
func (c *cogrouped) windowedBy(w windows) *windowed {
	w.key = c.key
	aggregates := func(a windowedAggregation) *topology.WindowedTable[datum, datum] {
		return c.WindowedBy(w.time).Aggregate(a.zero, a.stored, a.options...)
	}
	if w.session {
		aggregates = func(a windowedAggregation) *topology.WindowedTable[datum, datum] {
			return c.SessionsBy(w.sessions).Aggregate(a.zero, a.merge, a.stored, a.options...)
		}
	}
	return &windowed{spans: w.spans, aggregates: aggregates, cogrouped: true}
}

// aggregateCogrouped applies aggregate to streams without windows.
func aggregateCogrouped(b *builder, s *step, c *cogrouped) (any, error) {
	init := s.text("init")
	stored, err := storeAs(b, s, c.key, textSerde{})
	if err != nil {
		return nil, err
	}
	t := c.Aggregate(func() datum { return text(init) }, stored, s.options()...)
	return newTable(t, c.key, textSerde{}), nil
}
