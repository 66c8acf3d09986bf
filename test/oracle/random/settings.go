package random

import "fmt"

// settings chooses the configuration. Most scenarios have none.
func (g *generator) settings() {
	set := func(percent int, name string, value any) bool {
		if !g.chance(percent) {
			return false
		}
		if g.s.Config == nil {
			g.s.Config = map[string]any{}
		}
		g.s.Config[name] = value
		return true
	}
	g.cached = set(15, "statestore.cache.max.bytes", pick(g, "10000000", "1", "150", "300", "500", "1000", "3000"))
	set(12, "topology.optimization", pick(g, "all", "all", "all", "none", "reuse.ktable.source.topics",
		"merge.repartition.topics", "single.store.self.join", "reuse.ktable.source.topics, merge.repartition.topics"))
	set(5, "default.timestamp.extractor", pick(g, "embedded", "embeddedOrSkip", "embeddedOrPartitionTime"))
	g.badValues = set(12, "deserialization.exception.handler", pick(g, "continue", "continue", "continue", "fail"))
	g.failures = set(12, "processing.exception.handler", pick(g, "continue", "continue", "continue", "fail")) || g.chance(2)
	if g.badValues || g.failures {
		g.deadLetters = set(30, "errors.dead.letter.queue.topic.name", "dead-letters")
	}
	if set(4, "max.task.idle.ms", pick(g, "1", "10", "50", "200")) {
		g.wall = true
	}
	set(5, "wallClockStartMs", pick(g, 1, 1000, 12345))
}

// throwing returns a function that fails for some values, of a kind that throwIf is one
// of. Where there are dead letters, only what comes first behind a source fails: later
// on, Kafka Streams may have sent the record and freed its bytes.
func (g *generator) throwing(percent int) (string, bool) {
	if !g.failures || g.deadLetters || !g.chance(percent) {
		return "", false
	}
	return fmt.Sprintf("throwIf:%d", 1+g.IntN(9)), true
}

// failFirst lets some records fail before anything else is done with them.
func (g *generator) failFirst(n *node) *node {
	if !g.deadLetters || !g.failures || n.kind != stream || !g.chance(70) {
		return n
	}
	fn := fmt.Sprintf("throwIf:%d", 1+g.IntN(9))
	if g.chance(30) {
		return g.step("filter", n, g.named(Object{"pred": fn}), node{kind: stream, style: n.style, long: n.long})
	}
	return g.step("mapValues", n, g.named(Object{"fn": fn}), node{kind: stream, style: n.style})
}
