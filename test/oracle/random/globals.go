package random

import "fmt"

// globalTable adds a global table of a topic of its own.
func (g *generator) globalTable() *node {
	src := source{style: pick(g, text, number, ref), table: true, topics: []string{fmt.Sprintf("in%d", g.topics())}}
	o := g.named(Object{"topic": src.topics[0]})
	if src.style == number && g.chance(10) {
		src.long = true
		o["value"] = "long"
	}
	g.sources = append(g.sources, src)
	if g.chance(50) {
		name := "store-" + g.next()
		o["store"] = Object{"name": name, "type": pick(g, "persistent", "inMemory")}
		g.asks = append(g.asks, asked{store: name, of: node{kind: table}})
	}
	return g.step("globalTable", nil, o, node{kind: global, style: src.style, long: src.long})
}

// globalStore adds a store that all processors read.
func (g *generator) globalStore() {
	src := source{style: pick(g, text, number, ref), table: true, topics: []string{fmt.Sprintf("in%d", g.topics())}}
	g.sources = append(g.sources, src)
	name := "store-" + g.next()
	g.end("globalStore", g.named(Object{
		"topic": src.topics[0], "store": Object{"name": name}, "fn": pick(g, "value", "upper", "keyValue", "nullIf:3"),
	}))
	g.globals = append(g.globals, name)
}

// joinGlobal joins a stream with a global table.
func (g *generator) joinGlobal(n *node) {
	with := g.other(func(o *node) bool { return o.kind == global })
	if with == nil || g.chance(20) {
		with = g.globalTable()
	}
	with.used = true
	o := g.named(Object{"with": with.id, "key": g.rekey(n), "joiner": g.joiner(true)})
	g.step(pick(g, "join", "leftJoin"), n, o, node{kind: stream, window: n.window})
}
