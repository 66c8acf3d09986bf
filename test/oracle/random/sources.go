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
	if src.style == text && g.s.Config["default.timestamp.extractor"] != nil {
		src.embedded = true
	}
	if src.style == text && g.chance(20) {
		src.embedded = true
		o["timestamps"] = pick(g, "embedded", "embeddedOrSkip", "embeddedOrPartitionTime")
	}
	g.sources = append(g.sources, src)
	made := node{kind: k, style: src.style, long: src.long}
	if k == stream && g.chance(5) {
		prefix := fmt.Sprintf("many%d-", g.steps)
		g.sources[len(g.sources)-1].topics = []string{prefix + "a", prefix + "b"}
		o["pattern"] = prefix + ".*"
		return g.step("stream", nil, o, made)
	}
	if k == stream {
		o["topics"] = src.topics
		return g.failFirst(g.step("stream", nil, o, made))
	}
	o["topic"] = src.topics[0]
	g.store(o, 50)
	made.versioned = isVersioned(o)
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
	if g.chance(60) {
		o["store"] = name
		g.readable = append(g.readable, name)
		g.asks = append(g.asks, asked{store: name, of: node{}})
		return
	}
	if g.chance(25) {
		st := Object{"name": name, "type": "versioned", "historyMs": g.times(1, 20)}
		if g.chance(30) {
			st["segmentMs"] = g.times(2, 10)
		}
		o["store"] = st
		g.asks = append(g.asks, asked{store: name, of: node{}, versioned: true})
		return
	}
	st := Object{"name": name, "type": pick(g, "persistent", "inMemory")}
	if g.chance(10) {
		delete(st, "name")
	} else {
		g.asks = append(g.asks, asked{store: name, of: node{}})
	}
	switch g.IntN(5) {
	case 0:
		st["logging"] = false
	case 1:
		st["logging"] = Object{"cleanup.policy": "compact"}
	case 2:
		st["caching"] = false
	}
	o["store"] = st
}

// storeRows gives a step that makes rows of others a store in so many of a hundred
// cases. One of rows with windows has no history, which the oracle can't read, and isn't
// read by processors, whose keys are texts.
func (g *generator) storeRows(o Object, n *node, percent int) {
	readable, asks := len(g.readable), len(g.asks)
	g.store(o, percent)
	if n.window == nil || o["store"] == nil {
		return
	}
	g.readable, g.asks = g.readable[:readable], g.asks[:asks]
	name, st := o.text("store"), o.object("store")
	if isVersioned(o) {
		st = Object{"name": st["name"]}
		o["store"] = st
	}
	if name == "" {
		name = st.text("name")
	}
	if name != "" {
		g.asks = append(g.asks, asked{store: name, of: *n, rows: true})
	}
}

// isVersioned returns whether a step's store is a versioned one.
func isVersioned(o Object) bool { return o.object("store").text("type") == "versioned" }

// windowStore gives the step a store of windows in so many of a hundred cases.
func (g *generator) windowStore(o Object, n *node, percent int) {
	keep := g.cached && n.window["type"] != "unlimited" // a record cache shows what its store has dropped
	if !g.chance(percent) && !keep {
		return
	}
	st := Object{"name": "store-" + g.next()}
	if g.chance(40) {
		st["type"] = pick(g, "persistent", "inMemory")
	}
	switch g.IntN(8) {
	case 0:
		st["logging"] = false
	case 1:
		st["caching"] = false
	}
	if keep || n.window["type"] != "unlimited" && g.chance(50) {
		st["retentionMs"] = longRetention
	}
	o["store"] = st
	g.asks = append(g.asks, asked{store: st.text("name"), of: *n})
}
