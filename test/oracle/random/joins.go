package random

// joinStreams joins with a stream, sometimes with itself.
func (g *generator) joinStreams(n *node) {
	with := g.partner(stream)
	with.used = true
	o := g.named(Object{"with": with.id, "window": g.joinWindow(), "joiner": g.joiner(true)})
	if g.chance(15) {
		o["storeName"] = "join-" + g.next()
	}
	if g.chance(10) {
		o["inMemory"] = true
	}
	if g.chance(10) {
		o["logging"] = false
	}
	g.step(pick(g, "join", "leftJoin", "outerJoin"), n, o, node{kind: stream})
}

func (g *generator) joinWindow() Object {
	w := Object{}
	if g.chance(60) {
		w["diffMs"] = g.times(0, 5)
	} else {
		w["beforeMs"], w["afterMs"] = g.times(0, 5), g.times(0, 5)
		switch g.IntN(6) {
		case 0:
			w["beforeMs"] = -w.number("afterMs") / 2 / g.unit * g.unit
		case 1:
			w["afterMs"] = -w.number("beforeMs") / 2 / g.unit * g.unit
		}
	}
	if g.chance(60) {
		w["graceMs"] = g.times(0, 4)
	}
	return w
}

func (g *generator) joinTable(n *node) {
	with := g.partner(table)
	with.used = true
	o := g.named(Object{"with": with.id, "joiner": g.joiner(true)})
	if with.versioned && g.chance(60) || g.chance(1) {
		o["graceMs"] = g.times(0, 8)
	}
	g.step(pick(g, "join", "leftJoin"), n, o, node{kind: stream})
}

func (g *generator) joinTables(n *node) {
	with := g.partner(table)
	with.used = true
	o := g.named(Object{"with": with.id, "joiner": g.joiner(false)})
	g.store(o, 40)
	g.step(pick(g, "join", "leftJoin", "outerJoin"), n, o, node{kind: table})
}

// joinWindowedTables joins with a table of the same windows, which may be the same.
func (g *generator) joinWindowedTables(n *node) {
	window := string(compact(n.window))
	with := g.other(func(o *node) bool { return o.kind == table && o.window != nil && string(compact(o.window)) == window })
	with.used = true
	o := g.named(Object{"with": with.id, "joiner": g.joiner(false)})
	g.storeRows(o, n, 40)
	g.step(pick(g, "join", "leftJoin", "outerJoin"), n, o, node{kind: table, window: n.window})
}

func (g *generator) joinByForeignKey(n *node) {
	with := g.partner(table)
	with.used = true
	o := g.named(Object{"with": with.id, "fk": g.foreignKey(n), "joiner": g.joiner(false)})
	g.storeRows(o, n, 40)
	g.step(pick(g, "fkJoin", "fkLeftJoin"), n, o, node{kind: table, window: n.window})
}

func (g *generator) foreignKey(n *node) string {
	if f, ok := g.throwing(20); ok {
		return f
	}
	if n.style == ref {
		return pick(g, "beforeColon", "beforeColon", "nullIf:3")
	}
	return pick(g, "const:a", "firstChar", "key", "beforeColon", "null")
}
