package random

// onTable applies an operator to a table.
func (g *generator) onTable(n *node) {
	if n.window != nil {
		g.onWindowedTable(n)
		return
	}
	switch g.IntN(15) {
	case 14:
		g.transform(n)
	case 0, 1:
		g.filterTable(n)
	case 2, 3:
		g.mapTable(n)
	case 4, 5:
		g.joinTables(n)
	case 6, 7:
		g.joinByForeignKey(n)
	case 8, 9, 10:
		g.groupTable(n)
	case 11:
		g.suppressTable(n)
	default:
		g.toStream(n)
	}
}

func (g *generator) filterTable(n *node) *node {
	o := g.named(Object{"pred": g.predicate(n)})
	g.storeRows(o, n, 35)
	made := *n
	made.used = false
	return g.step(pick(g, "filter", "filterNot"), n, o, made)
}

func (g *generator) mapTable(n *node) *node {
	fn, of := g.mapper(n)
	o := g.named(Object{"fn": fn})
	g.storeRows(o, n, 35)
	return g.step("mapValues", n, o, node{kind: table, style: of, window: n.window})
}

func (g *generator) toStream(n *node) *node {
	o := g.named(Object{})
	made := *n
	made.kind, made.used = stream, false
	if percent := 20; g.chance(percent) || n.window != nil && g.chance(60) {
		o["fn"] = g.rekey(n)
		made.window = nil
	}
	return g.step("toStream", n, o, made)
}

// groupTable groups and aggregates.
func (g *generator) groupTable(n *node) {
	o := g.named(Object{"key": g.rekey(n)})
	of := n.style
	if g.chance(30) {
		o["value"], of = g.mapper(n)
	}
	grouped := g.step("groupBy", n, o, node{kind: groupedTable, style: of})
	for range pick(g, 1, 1, 1, 2) {
		g.aggregateTable(grouped)
	}
}

func (g *generator) aggregateTable(n *node) *node {
	o := g.named(Object{})
	g.store(o, 60)
	if g.chance(35) {
		return g.step("count", n, o, node{kind: table, style: number, long: true})
	}
	of := text
	o["add"], o["sub"] = pick(g, "concat", "concat", "nullIf:3"), pick(g, "remove", "remove", "keep")
	if n.style == number && g.chance(50) {
		o["add"], o["sub"], of = "sum", "subtract", number
	}
	op := pick(g, "reduce", "aggregate")
	switch {
	case op == "aggregate" && of == number:
		o["init"] = "0"
	case op == "aggregate":
		o["init"] = ""
	case o["sub"] == "keep": // for aggregators alone
		o["sub"] = "first"
	}
	return g.step(op, n, o, node{kind: table, style: of})
}

func (g *generator) suppressTable(n *node) *node {
	o := g.named(Object{"until": "timeLimit", "ms": g.times(0, 8)})
	switch g.IntN(10) {
	case 0, 1, 2:
		o["maxRecords"] = 1 + g.IntN(4)
	case 3:
		o["maxBytes"] = 50 * (1 + g.IntN(20))
	case 4:
		o["maxRecords"], o["maxBytes"] = 1+g.IntN(6), 50*(1+g.IntN(20))
	}
	if o["maxRecords"] != nil || o["maxBytes"] != nil {
		o["whenFull"] = pick(g, "emitEarly", "emitEarly", "emitEarly", "shutDown")
	}
	if g.chance(10) {
		o["logging"] = false
	}
	made := *n
	made.used = false
	return g.step("suppress", n, o, made)
}

// onWindowedTable applies an operator that goes with windowed keys.
func (g *generator) onWindowedTable(n *node) {
	switch g.IntN(11) {
	case 6:
		g.groupTable(n)
	case 7, 8:
		g.joinWindowedTables(n)
	case 9:
		g.joinByForeignKey(n)
	case 10:
		g.transform(n)
	case 0, 1:
		made := *n
		made.used = false
		g.step("suppress", n, g.named(Object{"until": "windowCloses"}), made)
	case 2:
		g.suppressTable(n)
	case 3:
		g.filterTable(n)
	case 4:
		g.mapTable(n)
	default:
		g.toStream(n)
	}
}
