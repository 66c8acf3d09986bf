package random

import "fmt"

// source is what a source step reads.
type source struct {
	topics []string
	style  style
	long   bool
	// embedded says that some values bring their timestamp.
	embedded bool
	// table says that deletions are frequent.
	table bool
}

// source adds a stream or a table of a topic.
func (g *generator) source(k kind) *node {
	src := source{style: pick(g, text, number, number, ref, ref), table: k == table}
	for range pick(g, 1, 1, 1, 1, 2) {
		src.topics = append(src.topics, fmt.Sprintf("in%d", g.topics()+len(src.topics)))
		if k == table {
			break
		}
	}
	o := g.named(Object{})
	if src.style == number && g.chance(10) {
		src.long = true
		o["value"] = "long"
	}
	if src.style == text && g.chance(20) {
		src.embedded = true
		o["timestamps"] = pick(g, "embedded", "embeddedOrSkip", "embeddedOrPartitionTime")
	}
	g.sources = append(g.sources, src)
	made := node{kind: k, style: src.style, long: src.long}
	if k == stream {
		o["topics"] = src.topics
		return g.step("stream", nil, o, made)
	}
	o["topic"] = src.topics[0]
	g.store(o, 50)
	return g.step("table", nil, o, made)
}

// topics returns how many topics the sources read.
func (g *generator) topics() int {
	n := 0
	for _, s := range g.sources {
		n += len(s.topics)
	}
	return n
}

// store gives the step a store in so many of a hundred cases.
func (g *generator) store(o Object, percent int) {
	if !g.chance(percent) {
		return
	}
	name := "store-" + g.next()
	if g.chance(70) {
		o["store"] = name
		return
	}
	st := Object{"name": name, "type": pick(g, "persistent", "inMemory")}
	switch g.IntN(4) {
	case 0:
		st["logging"] = false
	case 1:
		st["logging"] = Object{"cleanup.policy": "compact"}
	case 2:
		st["caching"] = false
	}
	o["store"] = st
}
