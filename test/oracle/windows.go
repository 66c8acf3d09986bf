package main

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// spans are windows as their keys are read and printed.
type spans struct {
	key serde.Serde[datum]
	// size is how far behind its start a window ends, in milliseconds. Sessions have
	// none.
	size    int64
	session bool
}

// of returns the datum of a windowed key.
func (s spans) of(w topology.Windowed[datum]) datum {
	return span{key: w.Key, start: w.Start, end: w.End, session: s.session}
}

// from returns the window of a start.
func (s spans) from(key datum, start int64) span {
	end := int64(math.MaxInt64)
	if start <= end-s.size {
		end = start + s.size
	}
	return span{key: key, start: start, end: end}
}

// windowed is a grouped or cogrouped stream with windows.
type windowed struct {
	spans
	// Both are nil where a stream can't do it.
	counts  func(topology.Stored[int64], []topology.Option) *topology.WindowedTable[datum, int64]
	reduces func(func(g, v datum) datum, topology.Stored[datum], []topology.Option) *topology.WindowedTable[datum, datum]
	// aggregates adds the values with a function, which streams that are cogrouped
	// have already.
	aggregates func(windowedAggregation) *topology.WindowedTable[datum, datum]
	cogrouped  bool
}

// windowedAggregation is what an aggregate step says.
type windowedAggregation struct {
	zero       func() datum
	add, merge func(k, a, b datum) datum
	stored     topology.Stored[datum]
	options    []topology.Option
}

func windowedBy(b *builder, s *step) (any, error) {
	w, err := windowsParam(s)
	if err != nil {
		return nil, err
	}
	if c, ok := b.results[s.text("from")].(*cogrouped); ok {
		if w.onClose {
			return nil, missing("windowedBy of cogrouped streams with emit onClose")
		}
		return c.windowedBy(w), nil
	}
	g, err := from[*grouped](b, s, "from")
	if err != nil {
		return nil, err
	}
	w.key = g.key
	if w.session {
		return g.sessionsBy(w), nil
	}
	return g.windowedBy(w), nil
}

// windows are the windows of a step.
type windows struct {
	spans
	time     topology.Windows
	sessions topology.SessionWindows
	onClose  bool
}

func windowsParam(s *step) (windows, error) {
	p, err := newParams(get(s.params, "window", json.RawMessage("{}")))
	if err != nil {
		return windows{}, err
	}
	grace := ms(get(p, "graceMs", int64(0)))
	length := func(key string) time.Duration { return ms(get(p, key, int64(0))) }
	var w windows
	switch kind := p.text("type"); kind {
	case "tumbling":
		w.time, w.size = topology.Tumbling(length("sizeMs")).Grace(grace), get(p, "sizeMs", int64(0))
	case "hopping":
		w.time, w.size = topology.Hopping(length("sizeMs"), length("advanceMs")).Grace(grace), get(p, "sizeMs", int64(0))
	case "sliding":
		w.time, w.size = topology.Sliding(length("diffMs")).Grace(grace), get(p, "diffMs", int64(0))
	case "session":
		w.sessions, w.session = topology.Sessions(length("gapMs")).Grace(grace), true
	case "unlimited":
		w.time, w.size = topology.Unlimited(time.UnixMilli(get(p, "startMs", int64(0)))), math.MaxInt64
	default:
		return w, fmt.Errorf("unknown window %q", kind)
	}
	if err := p.done(); err != nil {
		return w, fmt.Errorf("window: %w", err)
	}
	switch emit := s.text("emit"); emit {
	case "", "onUpdate":
	case "onClose":
		w.onClose = true
	default:
		return w, fmt.Errorf("unknown emit %q", emit)
	}
	return w, nil
}

func (g *grouped) windowedBy(w windows) *windowed {
	s := g.WindowedBy(w.time)
	if w.onClose {
		s = s.EmitOnClose()
	}
	return &windowed{
		spans: w.spans,
		counts: func(st topology.Stored[int64], o []topology.Option) *topology.WindowedTable[datum, int64] {
			return s.Count(st, o...)
		},
		reduces: func(f func(g, v datum) datum, st topology.Stored[datum], o []topology.Option) *topology.WindowedTable[datum, datum] {
			return s.Reduce(f, st, o...)
		},
		aggregates: func(a windowedAggregation) *topology.WindowedTable[datum, datum] {
			return s.Aggregate(a.zero, a.add, a.stored, a.options...)
		},
	}
}

func (g *grouped) sessionsBy(w windows) *windowed {
	s := g.SessionsBy(w.sessions)
	if w.onClose {
		s = s.EmitOnClose()
	}
	return &windowed{
		spans: w.spans,
		counts: func(st topology.Stored[int64], o []topology.Option) *topology.WindowedTable[datum, int64] {
			return s.Count(st, o...)
		},
		reduces: func(f func(g, v datum) datum, st topology.Stored[datum], o []topology.Option) *topology.WindowedTable[datum, datum] {
			return s.Reduce(f, st, o...)
		},
		aggregates: func(a windowedAggregation) *topology.WindowedTable[datum, datum] {
			return s.Aggregate(a.zero, a.add, a.merge, a.stored, a.options...)
		},
	}
}

// countWindows applies count.
func countWindows(b *builder, s *step, w *windowed) (any, error) {
	if w.counts == nil {
		return nil, missing("count of cogrouped streams")
	}
	stored, err := windowStoreAs(b, s, w.spans, serde.Serde[int64](serde.Int64), counted)
	if err != nil {
		return nil, err
	}
	t := w.counts(stored, s.options())
	return windowedTableOf[int64]{WindowedTable: t, spans: w.spans, value: numberSerde{}, datum: counted}, nil
}

// reduceWindows applies reduce.
func reduceWindows(b *builder, s *step, w *windowed, f func(g, v datum) datum) (any, error) {
	if w.reduces == nil {
		return nil, missing("reduce of cogrouped streams")
	}
	stored, err := windowStoreAs(b, s, w.spans, serde.Serde[datum](textSerde{}), same)
	if err != nil {
		return nil, err
	}
	return w.table(w.reduces(f, stored, s.options())), nil
}

// aggregateWindows applies aggregate.
func aggregateWindows(b *builder, s *step, w *windowed) (any, error) {
	init := s.text("init")
	a := windowedAggregation{zero: func() datum { return text(init) }, options: s.options()}
	if !w.cogrouped {
		f, err := combine(s, "fn")
		if err != nil {
			return nil, err
		}
		a.add = func(_, v, g datum) datum { return f(g, v) }
	}
	if w.session {
		f, err := parseMerger(s.text("merger"))
		if err != nil {
			return nil, err
		}
		a.merge = func(_, g, next datum) datum { return made(f(printed(g), printed(next))) }
	}
	var err error
	if a.stored, err = windowStoreAs(b, s, w.spans, serde.Serde[datum](textSerde{}), same); err != nil {
		return nil, err
	}
	return w.table(w.aggregates(a)), nil
}

func (s spans) table(t *topology.WindowedTable[datum, datum]) windowedTable {
	return windowedTableOf[datum]{WindowedTable: t, spans: s, value: textSerde{}, datum: same}
}
