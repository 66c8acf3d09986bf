package random

// longRetention is how long a store keeps windows that are sent when they close.
const longRetention = 1 << 30

// onGroups goes on behind a grouping.
func (g *generator) onGroups(n *node) {
	if n.kind == grouped && !n.long && g.chance(15) {
		n = g.cogroup(n)
	}
	if (n.kind == grouped || n.kind == cogrouped) && g.chance(65) {
		n = g.windowedBy(n)
	}
	g.aggregate(n)
}

// cogroup adds one or two other grouped streams.
func (g *generator) cogroup(n *node) *node {
	n.used = true
	groups := []Object{{"from": n.id, "fn": pick(g, "concat", "last", "nullIf:3")}}
	for range 1 + g.IntN(2) {
		other := g.other(func(o *node) bool { return o.kind == grouped && !o.used && !o.long })
		if other == nil {
			of := g.partner(stream)
			if of.long {
				continue
			}
			other = g.step("groupByKey", of, Object{"name": "name-" + g.next()}, node{kind: grouped, style: of.style})
		}
		other.used = true
		groups = append(groups, Object{"from": other.id, "fn": pick(g, "concat", "concat", "keep")})
	}
	return g.step("cogroup", nil, Object{"groups": groups}, node{kind: cogrouped})
}

func (g *generator) windowedBy(n *node) *node {
	w := g.window()
	o := Object{"window": w}
	made := node{kind: windowed, style: n.style, long: n.long, window: w, ofCogroup: n.kind == cogrouped}
	if !made.ofCogroup && w["type"] != "unlimited" && g.chance(25) {
		o["emit"] = "onClose"
		made.window = Object{"type": w["type"], "onClose": true}
	}
	return g.step("windowedBy", n, o, made)
}

func (g *generator) window() Object {
	w := Object{"type": pick(g, "tumbling", "tumbling", "hopping", "sliding", "sliding", "session", "session", "unlimited")}
	switch w["type"] {
	case "tumbling":
		w["sizeMs"] = g.times(1, 10)
	case "hopping":
		w["sizeMs"] = g.times(1, 10)
		w["advanceMs"] = g.unit * (1 + g.IntN(w.number("sizeMs")/g.unit))
	case "sliding":
		w["diffMs"] = g.times(1, 8)
	case "session":
		w["gapMs"] = g.times(1, 5)
	case "unlimited":
		w["startMs"] = pick(g, 0, g.start, g.start+g.times(1, 9))
		return w
	}
	if g.chance(70) {
		w["graceMs"] = g.times(0, 5)
		if g.unit == 10 && g.chance(30) {
			w["graceMs"] = w.number("graceMs") + 5
		}
	}
	return w
}

// aggregate makes a table of what is grouped.
func (g *generator) aggregate(n *node) *node {
	if n.kind == groupedTable {
		return g.aggregateTable(n)
	}
	o := g.named(Object{})
	g.storeWindows(o, n)
	made := node{kind: table, style: number, long: true, window: n.window}
	cogroup := n.kind == cogrouped || n.ofCogroup
	if !cogroup && g.chance(35) {
		return g.step("count", n, o, made)
	}
	made.long, made.style = false, text
	op := pick(g, "reduce", "aggregate")
	if cogroup || n.long {
		op = "aggregate"
	}
	init, fn, of := g.adder(n, n.kind == windowed)
	if op == "reduce" && fn == "keep" {
		fn = "first"
	}
	if !cogroup {
		o["fn"], made.style = fn, of
	}
	if op == "aggregate" {
		o["init"] = init
		if n.window != nil && n.window["type"] == "session" {
			o["merger"] = "concat"
			if of == number {
				o["merger"] = "sum"
			}
		}
	}
	return g.step(op, n, o, made)
}

// storeWindows gives a store to an aggregation. Windows that are sent when they
// close get a store that keeps them.
func (g *generator) storeWindows(o Object, n *node) {
	switch {
	case n.window == nil:
		g.store(o, 60)
		return
	case n.window["onClose"] != true:
		g.windowStore(o, n, 60)
		return
	}
	o["store"] = Object{"name": "store-" + g.next(), "retentionMs": longRetention, "type": pick(g, "persistent", "inMemory")}
}
