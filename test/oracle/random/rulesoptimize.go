package random

import (
	"slices"
	"strings"
)

// optimizationRules returns the differences of optimizations of topics.
func optimizationRules() []Rule {
	return []Rule{
		{
			"repartition topics that are merged before a processor",
			"Kafka Streams takes the keys that a processor changes for those before it",
			(*graph).mergesBeforeProcessors,
		},
		{
			"repartition topics that are merged before what others read too",
			"Kafka Streams drops records without a key there, or refuses where several groupings read it",
			(*graph).mergesBeforeShared,
		},
		{
			"repartition topics that are merged, of a join without a name",
			"Kafka Streams calls the topic as the stream, and has one for a stream that's joined with itself",
			(*graph).mergesNamed,
		},
	}
}

// mergesTopics returns whether repartition topics are merged.
func (g *graph) mergesTopics() bool {
	ways, _ := g.s.Config["topology.optimization"].(string)
	return ways == "all" || strings.Contains(ways, "merge")
}

// mergesBeforeProcessors returns whether repartition topics are merged, and a processor
// may change keys.
func (g *graph) mergesBeforeProcessors() bool {
	return g.mergesTopics() && slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s["op"] == "process" })
}

// mergesNamed returns whether repartition topics are merged, and a stream that has a name, or
// that is joined with itself behind other values, is joined by a step that has none.
func (g *graph) mergesNamed() bool {
	return g.mergesTopics() && slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		named := func(id string) bool { return g.rekeyed(id) && g.step(id)["name"] != nil }
		itself := s.text("from") == s.text("with") && g.rekeyed(s.text("from")) && strings.HasSuffix(g.op(s.text("from")), "Values")
		return s["joiner"] != nil && s["name"] == nil && (named(s.text("from")) || named(s.text("with")) || itself)
	})
}

// mergesBeforeShared returns whether repartition topics are merged, and an operator
// between new keys and a topic has several readers.
func (g *graph) mergesBeforeShared() bool {
	if !g.mergesTopics() {
		return false
	}
	for _, s := range g.s.Steps {
		switch s.text("op") {
		case "filter", "filterNot", "mapValues", "flatMapValues", "peek", "split", "processValues", "merge", "join", "leftJoin":
		default:
			continue
		}
		readers, moved := 0, false
		for _, id := range made(s.with("store", nil)) {
			readers += len(g.readers(id))
			moved = moved || g.rekeyed(id) && g.repartitions(id)
		}
		if moved && readers > 1 {
			return true
		}
	}
	return false
}

// readers returns the steps that read what another one makes, those of its groupings
// in their place.
func (g *graph) readers(id string) []Object {
	var all []Object
	for _, s := range g.s.Steps {
		groups, _ := s["groups"].([]Object)
		reads := s.text("from") == id || s.text("with") == id ||
			slices.ContainsFunc(groups, func(m Object) bool { return m.text("from") == id })
		switch {
		case !reads:
		case s.text("op") == "groupByKey", s.text("op") == "groupBy":
			all = append(all, g.readers(s.text("id"))...)
		default:
			all = append(all, s)
		}
	}
	return all
}

// repartitions returns whether a stream goes through a repartition topic next, at one of
// its readers or further on.
func (g *graph) repartitions(id string) bool {
	return id != "" && slices.ContainsFunc(g.readers(id), func(s Object) bool {
		switch s.text("op") {
		case "count", "reduce", "aggregate", "windowedBy", "cogroup", "toTable":
			return true
		case "join", "leftJoin", "outerJoin":
			if g.op(s.text("with")) != "globalTable" {
				return true
			}
		case "filter", "filterNot", "mapValues", "flatMapValues", "peek", "split", "processValues", "merge":
		default:
			return false
		}
		return slices.ContainsFunc(made(s.with("store", nil)), g.repartitions)
	})
}
