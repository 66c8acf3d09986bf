package main

import (
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// globalTable is a global table of texts or numbers.
type globalTable struct {
	*topology.GlobalTable[datum, datum]
}

func sourceGlobalTable(b *builder, s *step) (any, error) {
	value, err := valueSerde(s.text("value"))
	if err != nil {
		return nil, err
	}
	stored, err := storeAs(b, s, textSerde{}, value)
	if err != nil {
		return nil, err
	}
	t := globalTable{b.GlobalTable(s.text("topic"), textSerde{}, stored, globalOptions(s)...)}
	if s.has("store") {
		handle := t.Rows()
		b.read[storeOfStep(s)] = lookup{handle, func(c *topology.ProcessingContext) (entries, error) {
			r, err := c.Open(handle)
			return rowsOf[datum]{r, same}, err
		}}
	}
	return t, nil
}

// globalOptions returns the options of a global topic. Kafka Streams takes an
// extractor for it, and never asks it.
func globalOptions(s *step) []topology.SourceOption {
	s.has("timestamps")
	if !s.has("name") {
		return nil
	}
	return []topology.SourceOption{topology.Named(s.text("name"))}
}

// globalStore applies a step that makes a store of what a function makes of a topic.
func globalStore(b *builder, s *step) (any, error) {
	d, err := declare(b, s)
	if err != nil {
		return nil, err
	}
	f, err := parseFunction(get(s.params, "fn", "value"))
	if err != nil {
		return nil, err
	}
	b.connect(d.name)
	b.GlobalStore(s.text("topic"), serde.Serde[datum](textSerde{}), serde.Serde[datum](textSerde{}), d.handle,
		func() topology.GlobalProcessor[datum, datum] { return &globalWriter{open: b.opener(d.name), f: f} }, globalOptions(s)...)
	return nil, nil
}

// globalWriter puts what a function makes of each record.
type globalWriter struct {
	open  opener
	f     function
	store entries
}

// Init implements topology.Initializer.
func (w *globalWriter) Init(c *topology.ProcessingContext) (err error) {
	w.store, err = w.open(c)
	return err
}

// Process implements topology.GlobalProcessor.
func (w *globalWriter) Process(_ *topology.ProcessingContext, r record) error {
	if r.Key == nil {
		return nil
	}
	return w.store.put(r.Key, made(w.f(printed(r.Key), printed(r.Value))), r.Timestamp)
}

// joinGlobal joins a stream with a global table.
func joinGlobal(s *step, in *stream, with globalTable) (any, error) {
	f, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	find, err := parseFunction(s.text("key"))
	if err != nil {
		return nil, err
	}
	key := func(k, v datum) (datum, bool) {
		found := find(printed(k), printed(v.(keyed).value))
		return made(found), found != nil
	}
	join := func(l, r datum) datum {
		both := l.(keyed)
		return made(f.f(printed(both.key), printed(both.value), printed(r)))
	}
	both := in.paired()
	if s.op == "join" {
		return in.behind(both.JoinGlobal(with.GlobalTable, key, join, s.options()...)), nil
	}
	return in.behind(both.LeftJoinGlobal(with.GlobalTable, key, func(l datum, r *datum) datum {
		if r == nil {
			return join(l, nil)
		}
		return join(l, *r)
	}, s.options()...)), nil
}
