package main

import (
	"github.com/oncestream/oncestream/topology"
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
	return globalTable{b.GlobalTable(s.text("topic"), textSerde{}, stored, globalOptions(s)...)}, nil
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
