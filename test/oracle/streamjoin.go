package main

import (
	"encoding/json"
	"fmt"

	"github.com/oncestream/oncestream/topology"
)

// sides are what a join of two streams joins, for a joiner that looks at the key.
type sides struct{ left, right *string }

// joinStreams joins two streams.
func joinStreams(b *builder, s *step) (any, error) {
	left, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	right, err := from[*stream](b, s, "with")
	if err != nil {
		return nil, err
	}
	j, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	w, err := joinWindows(s)
	if err != nil {
		return nil, err
	}
	left, right = left.forJoin(b, s, "-left"), right.forJoin(b, s, "-right")
	of := streamJoin{op: s.op, left: left, right: right, windows: w, stores: joinStores(s, left, right), options: s.options()}
	out := &stream{key: left.key, value: textSerde{}}
	if j.withKey {
		// The language's joiners don't see the key, so the value is made behind the join.
		out.Stream = of.join(func(l, r *string) sides { return sides{l, r} }).
			MapValuesWithKey(func(k datum, v sides) datum { return made(j.f(printed(k), v.left, v.right)) })
	} else {
		out.Stream = of.join(func(l, r *string) datum { return made(j.f(nil, l, r)) })
	}
	return out, nil
}

// joinWindows reads the parameter window of a join.
func joinWindows(s *step) (topology.JoinWindows, error) {
	p, err := newParams(get(s.params, "window", json.RawMessage("{}")))
	if err != nil {
		return topology.JoinWindows{}, err
	}
	w := topology.Within(ms(get(p, "diffMs", int64(0))))
	if !p.has("diffMs") {
		w = w.Before(ms(get(p, "beforeMs", int64(0)))).After(ms(get(p, "afterMs", int64(0))))
	}
	w = w.Grace(ms(get(p, "graceMs", int64(0))))
	if err := p.done(); err != nil {
		return w, fmt.Errorf("window: %w", err)
	}
	return w, nil
}

// joinStores names the stores of a join by storeName, or else as the step.
func joinStores(s *step, left, right *stream) topology.JoinStores[datum, datum, datum] {
	name := s.name()
	if s.has("storeName") {
		name = s.text("storeName")
	}
	var options []topology.StoreOption
	if get(s.params, "inMemory", false) {
		options = append(options, topology.InMemory())
	}
	if !get(s.params, "logging", true) {
		options = append(options, topology.WithoutLogging())
	}
	return topology.JoinAs(name, left.key, left.value, right.value, options...)
}

// streamJoin is a join of two streams.
type streamJoin struct {
	op          string
	left, right *stream
	windows     topology.JoinWindows
	stores      topology.JoinStores[datum, datum, datum]
	options     []topology.Option
}

// join joins by the step's kind. A side without a match is null.
func (j streamJoin) join[R any](f func(l, r *string) R) *topology.Stream[datum, R] {
	left, right := j.left.Stream, j.right.Stream
	switch j.op {
	case "join":
		return left.Join(right, j.windows, func(l, r datum) R { return f(printed(l), printed(r)) }, j.stores, j.options...)
	case "leftJoin":
		return left.LeftJoin(right, j.windows, func(l datum, r *datum) R { return f(printed(l), side(r)) }, j.stores, j.options...)
	}
	return left.OuterJoin(right, j.windows, func(l, r *datum) R { return f(side(l), side(r)) }, j.stores, j.options...)
}
