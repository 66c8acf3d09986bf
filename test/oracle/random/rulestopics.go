package random

import (
	"slices"
	"strings"
)

// topicRules returns the differences of topics and their records.
func topicRules() []Rule {
	return []Rule{
		{
			"groupings with new keys in a cogroup",
			"Kafka Streams gives two unnamed ones the same repartition topic and refuses, and it refuses a named one that's " +
				"also aggregated alone or in another cogroup",
			(*graph).cogroupsRekeyed,
		},
		{
			"partition counts that differ",
			"Kafka Streams checks co-partitioning in topologies with repartition topics alone, and compares the source of a " +
				"stream with new keys in a cogroup, which is read through such a topic",
			(*graph).differInPartitions,
		},
		{
			"a default extractor and the topics of a foreign-key join",
			"Kafka Streams asks the extractor for the time of its own records, too",
			(*graph).extractsInternally,
		},
		{
			"the partition time of a pattern's topics",
			"Kafka Streams' test driver has one for all of them, and brokers one for each",
			(*graph).sharesPartitionTime,
		},
		{
			"a topic chooser that fails, and a handler that continues",
			"Kafka Streams skips the sink's siblings as well, and behind a source asks no handler",
			(*graph).choosesFailing,
		},
		{
			"a processor that looks at the topic of what isn't at hand as it was read",
			"the topic may be an internal one, whose name Kafka Streams generates where it isn't given",
			(*graph).tellsTopics,
		},
		{
			"a join without a name of a stream that one with a name has joined",
			"Kafka Streams lets it read the topic of that one, which the language gives to that alone",
			(*graph).joinsAgain,
		},
		{
			"the offsets of a pattern's topics in a suppress buffer's changelog",
			"Kafka Streams' test driver counts them together, and brokers don't",
			(*graph).logsOffsets,
		},
	}
}

// differInPartitions returns whether topics have different partition counts where
// Kafka Streams compares none of them, or some that aren't read together.
func (g *graph) differInPartitions() bool {
	counts := map[any]bool{}
	for _, n := range g.s.Partitions {
		counts[n] = true
	}
	for _, s := range g.s.Steps {
		if n, ok := s["partitions"]; ok && len(counts) > 0 {
			counts[n] = true
		}
	}
	if len(counts) < 2 {
		return false
	}
	repartitions := false
	for _, s := range g.s.Steps {
		groups, _ := s["groups"].([]Object)
		for _, m := range groups {
			if g.rekeyed(m.text("from")) {
				return true
			}
		}
		switch s.text("op") {
		case "repartition", "fkJoin", "fkLeftJoin":
			repartitions = true
		case "count", "reduce", "aggregate", "toTable", "windowedBy":
			repartitions = repartitions || g.rekeyed(s.text("from")) || g.groupsTable(s.text("from"))
		case "join", "leftJoin", "outerJoin":
			if g.op(s.text("with")) != "globalTable" {
				repartitions = repartitions || g.rekeyed(s.text("from")) || g.rekeyed(s.text("with"))
			}
		}
	}
	return !repartitions
}

// groupsTable returns whether a step groups a table.
func (g *graph) groupsTable(id string) bool {
	s := g.step(id)
	return s.text("op") == "groupBy" && g.isTable(s.text("from"))
}

// cogroupsRekeyed returns whether several groupings of a cogroup have new keys but
// no names, or one with a name is aggregated alone or in another one as well.
func (g *graph) cogroupsRekeyed() bool {
	read := map[string]int{}
	for _, s := range g.s.Steps {
		for _, id := range g.inputsOf(s.text("id")) {
			read[id]++
		}
	}
	for _, s := range g.s.Steps {
		groups, _ := s["groups"].([]Object)
		unnamed := 0
		for _, m := range groups {
			of := g.step(m.text("from"))
			switch id := of.text("id"); {
			case !g.rekeyed(id):
			case of["name"] == nil:
				unnamed++
			case read[id] > 1:
				return true
			}
		}
		if unnamed > 1 {
			return true
		}
	}
	return false
}

// extractsInternally returns whether there's a default extractor, and a foreign-key join
// with topics of its own.
func (g *graph) extractsInternally() bool {
	return g.s.Config["default.timestamp.extractor"] != nil &&
		slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s["fk"] != nil })
}

// sharesPartitionTime returns whether the time of a record may be the partition time of
// a pattern's topics.
func (g *graph) sharesPartitionTime() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		of := s["timestamps"]
		if of == nil {
			of = g.s.Config["default.timestamp.extractor"]
		}
		return s["pattern"] != nil && of == "embeddedOrPartitionTime"
	})
}

// logsOffsets returns whether a suppress buffer has records of a pattern's topics.
func (g *graph) logsOffsets() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		return s["op"] == "suppress" && g.readsPattern(s.text("from"))
	})
}

func (g *graph) readsPattern(id string) bool {
	return g.step(id)["pattern"] != nil || slices.ContainsFunc(g.inputsOf(id), g.readsPattern)
}

// tellsTopics returns whether a processor's results have names of internal topics.
func (g *graph) tellsTopics() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		return s["processor"] == "meta" && !g.direct(s.text("from"))
	})
}

// joinsAgain returns whether a stream with new keys is joined by a step with a name, and by one
// without.
func (g *graph) joinsAgain() bool {
	named, unnamed := map[string]bool{}, map[string]bool{}
	for _, s := range g.s.Steps {
		for _, id := range []string{s.text("from"), s.text("with")} {
			switch {
			case s["joiner"] == nil || !g.rekeyed(id) || g.op(s.text("with")) == "globalTable":
			case s["name"] == nil:
				unnamed[id] = true
			default:
				named[id] = true
			}
			if named[id] && unnamed[id] {
				return true
			}
		}
	}
	return false
}

// choosesFailing returns whether a topic chooser may fail, or choose none, where a handler
// continues and the sink has siblings or is a source's.
func (g *graph) choosesFailing() bool {
	if g.s.Config["processing.exception.handler"] != "continue" {
		return false
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		fn, from := s.text("topicFn"), s.text("from")
		return fn != "" && !strings.HasPrefix(fn, "const:") && !strings.HasPrefix(fn, "nullTo:") &&
			(g.op(from) == "stream" || len(g.readers(from)) > 1)
	})
}
