package random

import (
	"slices"
	"strings"
)

// windowRules returns the differences of windows, joins of streams and what waits.
func windowRules() []Rule {
	return []Rule{
		{
			"emit on close with a short retention",
			"Kafka Streams puts the record that closes windows into the store first, which may drop those windows before " +
				"their results are sent",
			(*graph).closesEarly,
		},
		{
			"join windows without any length and grace",
			"Kafka Streams' stores of such a join keep nothing, so that records of equal timestamps never meet",
			(*graph).joinsWithoutLength,
		},
		{
			"join windows that lie before time 0",
			"Kafka Streams takes a window's negative end as 0, so records that aren't in it match",
			(*graph).reachesBeforeTime,
		},
		{
			"a left or outer self-join with one store",
			"Kafka Streams makes an inner join of it",
			(*graph).joinsItselfOnce,
		},
		{
			"a joiner that fails at a record without a match",
			"Kafka Streams tries it again with every record to come, and drops those",
			(*graph).failsUnmatched,
		},
		{
			"a left join with grace of a stream with null keys",
			"Kafka Streams fails at the first null key",
			(*graph).buffersNullKeys,
		},
		{
			"a full buffer that shuts down, and a handler that continues",
			"Kafka Streams drops the change and goes on",
			(*graph).survivesShutDown,
		},
		{
			"suppression until unlimited windows close",
			"Kafka Streams keeps all changes for ever",
			(*graph).waitsForever,
		},
	}
}

// closesEarly returns whether windows are sent when they close out of a store that
// doesn't keep them for long.
func (g *graph) closesEarly() bool {
	for _, s := range g.s.Steps {
		if g.step(s.text("from")).text("emit") == "onClose" && s.object("store").number("retentionMs") <= g.span() {
			return true
		}
	}
	return false
}

// joinsWithoutLength returns whether a join of streams has nothing to keep.
func (g *graph) joinsWithoutLength() bool {
	for _, s := range g.s.Steps {
		if w, ok := s["window"].(Object); ok && s["joiner"] != nil &&
			2*w.number("diffMs")+w.number("beforeMs")+w.number("afterMs")+w.number("graceMs") <= 0 {
			return true
		}
	}
	return false
}

// reachesBeforeTime returns whether a join has a negative reach, near time 0.
func (g *graph) reachesBeforeTime() bool {
	for _, s := range g.s.Steps {
		w := s.object("window")
		if (w.number("beforeMs") < 0 || w.number("afterMs") < 0) && !g.allTimes(func(ts int) bool { return ts >= 1000 }) {
			return true
		}
	}
	return false
}

// waitsForever returns whether a suppression waits for the end of time.
func (g *graph) waitsForever() bool {
	for _, s := range g.s.Steps {
		if s.text("until") == "windowCloses" && g.windowOf(s.text("from"))["type"] == "unlimited" {
			return true
		}
	}
	return false
}

// joinsItselfOnce returns whether a self-join is optimized that sends results without a
// match, or whose windows don't reach a record itself.
func (g *graph) joinsItselfOnce() bool {
	ways, _ := g.s.Config["topology.optimization"].(string)
	if ways != "all" && !strings.Contains(ways, "self.join") {
		return false
	}
	for _, s := range g.s.Steps {
		w := s.object("window")
		if s["joiner"] != nil && s.text("from") == s.text("with") &&
			(s.text("op") != "join" || w.number("beforeMs") < 0 || w.number("afterMs") < 0) {
			return true
		}
	}
	return false
}

// buffersNullKeys returns whether records without a key get to a left join with grace.
func (g *graph) buffersNullKeys() bool {
	for _, s := range g.s.Steps {
		if s.text("op") != "leftJoin" || s["graceMs"] == nil {
			continue
		}
		if g.rekeyed(s.text("from")) || !g.allKeyed() {
			return true
		}
	}
	return false
}

// allKeyed returns whether all inputs have keys.
func (g *graph) allKeyed() bool {
	for _, in := range g.s.Input {
		if in["topic"] != nil && in["key"] == nil {
			return false
		}
	}
	return true
}

// survivesShutDown returns whether failures are put to a handler that continues, and a
// buffer may be full that shuts down.
func (g *graph) survivesShutDown() bool {
	if g.s.Config["processing.exception.handler"] != "continue" {
		return false
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s.text("whenFull") == "shutDown" })
}

// failsUnmatched returns whether the joiner of a left or outer join of streams may fail.
func (g *graph) failsUnmatched() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		return s["window"] != nil && s["joiner"] != nil && s["op"] != "join" && strings.HasPrefix(s.text("joiner"), "throwIf")
	})
}
