package random

import "slices"

// process applies a processor to a stream.
func (g *generator) process(n *node) {
	op := pick(g, "process", "processValues")
	made := node{kind: stream, style: text}
	if op == "processValues" {
		made.window = n.window
	}
	o := g.named(Object{})
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		g.withStore(o)
		if p := o["processor"]; p == "dedup" || p == "put" {
			made.style = n.style
		}
	case 4, 5:
		if op == "process" {
			g.punctuate(o)
			break
		}
		fallthrough
	case 6:
		o["processor"] = "pass"
		made.style = n.style
	case 7:
		g.ofRecords(o, n)
	case 8:
		o["processor"], o["n"] = "fanout", 1+g.IntN(3)
	default:
		if op == "process" && n.style == ref && !g.routed && n.window == nil {
			g.route(n, o)
			return
		}
		g.ofRecords(o, n)
	}
	g.step(op, n, o, made)
}

// ofRecords chooses a processor that looks at records and changes what isn't their
// value.
func (g *generator) ofRecords(o Object, n *node) {
	switch p := pick(g, "addHeader", "removeHeader", "shiftTime", "meta", "streamTime"); p {
	case "addHeader":
		o["processor"], o["header"] = p, pick(g, "i", "h")
		if g.chance(70) {
			o["value"] = "v"
		}
	case "removeHeader":
		o["processor"], o["header"] = p, pick(g, "i", "h")
	case "shiftTime":
		o["processor"], o["ms"] = p, g.times(-3, 5)
	case "meta":
		o["processor"] = p
		if !graphOf(g.s).direct(n.id) {
			o["processor"] = "streamTime"
		}
	default:
		o["processor"] = p
	}
}

// withStore chooses a processor with a store, which others may use too.
func (g *generator) withStore(o Object) {
	var stores []string
	switch p := pick(g, "dedup", "counter", "seen", "put", "lookup"); p {
	case "lookup":
		o["processor"], stores = p, slices.Concat(g.readable, g.globals, g.stores, g.counters)
	case "counter", "seen":
		o["processor"], stores = p, g.counters
	default:
		o["processor"], stores = p, g.stores
	}
	store := ""
	switch {
	case len(stores) > 0 && g.chance(60):
		store = pick(g, stores...)
	case o["processor"] == "counter" || o["processor"] == "seen":
		store = g.addStore()
		g.counters = append(g.counters, store)
	default:
		store = g.addStore()
		g.stores = append(g.stores, store)
	}
	o["store"] = store
	if !slices.Contains(g.globals, store) {
		o["stores"] = []string{store}
	}
}

// addStore adds a store for processors.
func (g *generator) addStore() string {
	st := Object{"name": "store-" + g.next()}
	if g.chance(30) {
		st["type"] = pick(g, "persistent", "inMemory")
	}
	if g.chance(20) {
		st["logging"] = false
	}
	g.end("addStore", Object{"store": st})
	return st.text("name")
}

// punctuate chooses a processor with a schedule.
func (g *generator) punctuate(o Object) {
	o["processor"], o["time"], o["everyMs"] = "punctuate", pick(g, "stream", "stream", "wall"), g.times(1, 20)
	g.wall = g.wall || o["time"] == "wall"
	if g.chance(70) {
		store := ""
		if len(g.stores) > 0 && g.chance(30) {
			store = pick(g, g.stores...)
		} else {
			store = g.addStore()
			g.stores = append(g.stores, store)
		}
		o["store"], o["stores"] = store, []string{store}
		if g.chance(50) {
			o["clear"] = true
		}
	}
	if g.chance(30) {
		o["times"] = 1 + g.IntN(4)
	}
}

// route sends each record to the child whose name is its value's first part.
func (g *generator) route(n *node, o Object) {
	g.routed = true
	o["processor"] = "route"
	from := g.step("process", n, o, node{kind: stream})
	for _, name := range append(g.keys[:len(g.keys):len(g.keys)], "z") {
		g.step("mapValues", from, Object{"fn": "append:-" + name, "name": name}, node{kind: stream})
	}
}

// transform applies a stateful function to a table.
func (g *generator) transform(n *node) {
	o := g.named(Object{"state": g.addStore()})
	g.storeRows(o, n, 40)
	g.step("transformValues", n, o, node{kind: table, window: n.window})
}
