package main

import (
	"cmp"
	"iter"
	"strconv"

	"github.com/oncestream/oncestream/topology"
)

// sourceStream reads a topic.
func sourceStream(b *builder, s *step) (any, error) {
	value, err := valueSerde(s.text("value"))
	if err != nil {
		return nil, err
	}
	options, err := sourceOptions(b, s)
	if err != nil {
		return nil, err
	}
	if s.has("pattern") {
		return sourceMatching(b, s.text("pattern"), value, options)
	}
	topics := get(s.params, "topics", []string{})
	return &stream{Stream: b.StreamOf(topics, textSerde{}, value, options...), key: textSerde{}, value: value}, nil
}

func sourceOptions(b *builder, s *step) ([]topology.SourceOption, error) {
	times, err := b.extract(get(s.params, "timestamps", b.extractor))
	if err != nil {
		return nil, err
	}
	options := []topology.SourceOption{topology.WithTimestamps(times)}
	if s.has("name") {
		options = append(options, topology.Named(s.text("name")))
	}
	return options, nil
}

// as returns another stream of the same types and keys.
func (s *stream) as(t *topology.Stream[datum, datum]) *stream {
	return &stream{Stream: t, key: s.key, value: s.value, rekeyed: s.rekeyed}
}

// forJoin returns the stream as a step joins it. Joins without a name have one
// repartition topic for the same stream, with the stream's own name. Where topics are
// merged they become one anyway, with those of other operators.
func (s *stream) forJoin(b *builder, st *step, side string) *stream {
	if !s.rekeyed || st.has("name") || b.merges {
		return s
	}
	if s.topic == nil {
		s.topic = s.repartitioned(cmp.Or(s.name, st.id+side))
	}
	return s.topic
}

// behind returns a stream of texts with the same keys.
func (s *stream) behind(t *topology.Stream[datum, datum]) *stream {
	return &stream{Stream: t, key: s.key, value: textSerde{}, rekeyed: s.rekeyed}
}

// texts returns a stream of texts with text keys.
func texts(t *topology.Stream[datum, datum]) *stream {
	return &stream{Stream: t, key: textSerde{}, value: textSerde{}, rekeyed: true}
}

func filter(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	p, err := parsePredicate(s.text("pred"))
	if err != nil {
		return nil, err
	}
	f := func(k, v datum) bool { return p(printed(k), printed(v)) }
	if s.op == "filter" {
		return in.as(in.Filter(f, s.options()...)), nil
	}
	return in.as(in.FilterNot(f, s.options()...)), nil
}

func mapValues(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	f, err := parseFunction(s.text("fn"))
	if err != nil {
		return nil, err
	}
	return in.behind(in.MapValuesWithKey(datumOf(f), s.options()...)), nil
}

// datumOf makes a function of data of one of texts.
func datumOf(f function) func(k, v datum) datum {
	return func(k, v datum) datum { return made(f(printed(k), printed(v))) }
}

func mapBoth(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	key, err := parseFunction(s.text("key"))
	if err != nil {
		return nil, err
	}
	value, err := parseFunction(s.text("value"))
	if err != nil {
		return nil, err
	}
	return texts(in.Map(func(k, v datum) (datum, datum) {
		return datumOf(key)(k, v), datumOf(value)(k, v)
	}, s.options()...)), nil
}

func flatMap(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	f, err := parseExpander(s.text("fn"))
	if err != nil {
		return nil, err
	}
	return texts(in.FlatMap(func(k, v datum) iter.Seq2[datum, datum] {
		return func(yield func(k, v datum) bool) {
			for _, p := range f(printed(k), printed(v)) {
				if !yield(made(p.key), made(p.value)) {
					return
				}
			}
		}
	}, s.options()...)), nil
}

func flatMapValues(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	f, err := parseExpander(s.text("fn"))
	if err != nil {
		return nil, err
	}
	return in.behind(in.FlatMapValuesWithKey(func(k, v datum) []datum {
		var values []datum
		for _, p := range f(printed(k), printed(v)) {
			values = append(values, made(p.value))
		}
		return values
	}, s.options()...)), nil
}

func selectKey(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	f, err := parseFunction(s.text("fn"))
	if err != nil {
		return nil, err
	}
	return in.rekey(f, s.options()), nil
}

// rekey returns the stream with new keys.
func (s *stream) rekey(f function, options []topology.Option) *stream {
	return &stream{Stream: s.SelectKey(datumOf(f), options...), key: textSerde{}, value: s.value, rekeyed: true}
}

func forEach(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err == nil {
		in.ForEach(func(k, v datum) { b.note(s.id, k, v) }, s.options()...)
	}
	return nil, err
}

func peek(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	return in.as(in.Peek(func(k, v datum) { b.note(s.id, k, v) }, s.options()...)), nil
}

// branch is one output of a split.
type branch struct {
	ID   string `json:"id"`
	Pred string `json:"pred"`
	Name string `json:"name"`
}

func split(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	branches := in.Branches(s.options()...)
	result := func(id, name string, of *topology.Stream[datum, datum]) {
		made := in.as(of)
		if s.has("name") {
			made.name = s.text("name") + name
		}
		b.results[id] = made
	}
	for i, to := range get(s.params, "branches", []branch{}) {
		p, err := parsePredicate(to.Pred)
		if err != nil {
			return nil, err
		}
		name := cmp.Or(to.Name, strconv.Itoa(i+1))
		result(to.ID, name, branches.Branch(name, func(k, v datum) bool { return p(printed(k), printed(v)) }))
	}
	if s.has("default") {
		to := get(s.params, "default", branch{})
		name := cmp.Or(to.Name, "0")
		result(to.ID, name, branches.Default(name))
	}
	return nil, nil
}

func merge(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	with, err := from[*stream](b, s, "with")
	if err != nil {
		return nil, err
	}
	out := in.as(in.Merge(with.Stream))
	out.rekeyed = in.rekeyed || with.rekeyed
	return out, nil
}

func repartition(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	var options []topology.RepartitionOption
	if n := get(s.params, "partitions", int32(0)); s.has("partitions") && b.counts {
		options = append(options, topology.Partitions(n))
	}
	return in.repartitioned(s.name(), options...), nil
}

// repartitioned returns the stream behind a repartition topic.
func (s *stream) repartitioned(name string, options ...topology.RepartitionOption) *stream {
	return &stream{Stream: s.Repartition(name, s.key, s.value, options...), key: s.key, value: s.value}
}

func to(b *builder, s *step) (any, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, err
	}
	var options []topology.SinkOption
	if s.has("name") {
		options = append(options, topology.Named(s.text("name")))
	}
	if get(s.params, "dropNullValues", false) {
		options = append(options, topology.PartitionBy(noNulls))
	}
	if !s.has("topicFn") {
		in.To(s.text("topic"), in.key, in.value, options...)
		return nil, nil
	}
	f, err := parseFunction(s.text("topicFn"))
	if err != nil {
		return nil, err
	}
	in.ToTopics(func(k, v datum) string {
		topic := ""
		if name := f(printed(k), printed(v)); name != nil {
			topic = *name
		}
		b.chosen[topic] = true
		return topic
	}, in.key, in.value, options...)
	return nil, nil
}

// noNulls places no null values.
func noNulls(_, v datum, _ int32) topology.Placement {
	if v == nil {
		return topology.InPartitions()
	}
	return topology.DefaultPartition()
}
