package main

import (
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// streamer is a table of any kind.
type streamer interface {
	// stream returns the updates.
	stream(options []topology.Option) *stream
}

// table is a table of any value type.
type table interface {
	streamer
	// join joins a stream with the table.
	join(in *stream, left bool, f joiner, options []topology.JoinOption) *stream
	// rows returns the table with data for values, and serde that of the values.
	rows() rows
	serde() serde.Serde[datum]
	// lookup returns how processors read the rows.
	lookup() lookup
}

// tableOf is a table of texts, numbers of a source, or counts.
type tableOf[V any] struct {
	*topology.Table[datum, V]
	key   serde.Serde[datum]
	value serde.Serde[datum]
	// datum makes a datum of a value.
	datum func(V) datum
}

// serde implements table.
func (t tableOf[V]) serde() serde.Serde[datum] { return t.value }

func same(d datum) datum { return d }

func counted(n int64) datum { return number(n) }

func newTable(t *topology.Table[datum, datum], key, value serde.Serde[datum]) table {
	return tableOf[datum]{Table: t, key: key, value: value, datum: same}
}

// stream implements streamer. Counts become data behind it.
func (t tableOf[V]) stream(options []topology.Option) *stream {
	return &stream{Stream: data(t.ToStream(options...), t.datum), key: t.key, value: t.value}
}

// data turns the values of a stream into data.
func data[V any](s *topology.Stream[datum, V], f func(V) datum) *topology.Stream[datum, datum] {
	if s, ok := any(s).(*topology.Stream[datum, datum]); ok {
		return s
	}
	return s.MapValues(f)
}

// join implements table. A joiner that looks at the key comes behind the join.
func (t tableOf[V]) join(in *stream, left bool, f joiner, options []topology.JoinOption) *stream {
	sides := func(l, r datum) datum {
		if f.withKey {
			return joined{l, r}
		}
		return made(f.f(nil, printed(l), printed(r)))
	}
	var out *topology.Stream[datum, datum]
	if left {
		out = in.LeftJoinTable(t.Table, func(l datum, r *V) datum {
			if r == nil {
				return sides(l, nil)
			}
			return sides(l, t.datum(*r))
		}, options...)
	} else {
		out = in.JoinTable(t.Table, func(l datum, r V) datum { return sides(l, t.datum(r)) }, options...)
	}
	if f.withKey {
		out = out.MapValuesWithKey(func(k, v datum) datum {
			both := v.(joined)
			return made(f.f(printed(k), printed(both.left), printed(both.right)))
		})
	}
	return in.behind(out)
}

func sourceTable(b *builder, s *step) (any, error) {
	value, err := valueSerde(s.text("value"))
	if err != nil {
		return nil, err
	}
	options, err := sourceOptions(b, s)
	if err != nil {
		return nil, err
	}
	stored, err := storeAs(b, s, textSerde{}, value)
	if err != nil {
		return nil, err
	}
	return newTable(b.Table(s.text("topic"), textSerde{}, stored, options...), textSerde{}, value), nil
}

func toTable(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	stored, err := storeAs(b, s, in.key, in.value)
	if err != nil {
		return nil, err
	}
	return newTable(in.ToTable(in.key, stored, s.options()...), in.key, in.value), nil
}

// toStream gives new keys with a step of its own where they're asked for.
func toStream(b *builder, s *step) (any, error) {
	t, err := from[streamer](b, s, "from")
	if err != nil {
		return nil, err
	}
	out := t.stream(s.options())
	if !s.has("fn") {
		return out, nil
	}
	f, err := parseFunction(s.text("fn"))
	if err != nil {
		return nil, err
	}
	return out.rekey(f, nil), nil
}

// join joins two results, whose kinds say which join it is.
func join(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	if _, ok := b.results[s.text("with")].(*stream); ok {
		return joinStreams(b, s)
	}
	if with, ok := b.results[s.text("with")].(globalTable); ok {
		return joinGlobal(s, in, with)
	}
	with, err := from[table](b, s, "with")
	if err != nil {
		return nil, err
	}
	f, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	in = in.forJoin(b, s, "")
	options := []topology.JoinOption{topology.RepartitionAs(s.name(), in.key, in.value)}
	if s.has("name") {
		options = append(options, topology.Named(s.text("name")))
	}
	if s.has("graceMs") {
		options = append(options, topology.BufferedFor(ms(get(s.params, "graceMs", int64(0))), s.name(), in.key, in.value))
	}
	out := with.join(in, s.op == "leftJoin", f, options)
	out.rekeyed = false
	return out, nil
}

// paired returns the stream with keys and values for values. A null stays.
func (s *stream) paired() *topology.Stream[datum, datum] {
	return s.MapValuesWithKey(func(k, v datum) datum {
		if v == nil {
			return nil
		}
		return keyed{k, v}
	})
}
