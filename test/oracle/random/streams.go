package random

// onStream applies an operator to a stream.
func (g *generator) onStream(n *node) {
	if n.window != nil {
		g.onWindowedStream(n)
		return
	}
	switch g.IntN(24) {
	case 20, 21, 22:
		g.process(n)
	case 23:
		g.joinGlobal(n)
	case 0, 1, 2, 3:
		g.group(n)
	case 4, 5:
		g.joinStreams(n)
	case 6, 7:
		g.joinTable(n)
	case 8, 9:
		g.toTable(n)
	case 10:
		g.split(n)
	case 11, 12:
		g.merge(n)
	case 13:
		o := g.named(Object{})
		if g.chance(20) {
			o["partitions"] = 1 + g.IntN(3)
		}
		made := *n
		made.used = false
		g.step("repartition", n, o, made)
	case 14:
		g.through(n)
	case 15, 16:
		g.expand(n)
	default:
		g.mapStream(n)
	}
}

// onWindowedStream applies an operator that goes with windowed keys.
func (g *generator) onWindowedStream(n *node) {
	switch g.IntN(9) {
	case 7:
		g.process(n)
	case 8:
		g.joinGlobal(n)
	case 0, 1, 2:
		g.step("selectKey", n, g.named(Object{"fn": g.rekey(n)}), node{kind: stream, style: n.style, long: n.long})
	case 3, 4:
		g.filter(n)
	default:
		fn, of := g.mapper(n)
		g.step("mapValues", n, g.named(Object{"fn": fn}), node{kind: stream, style: of, window: n.window})
	}
}

func (g *generator) filter(n *node) *node {
	made := *n
	made.used = false
	return g.step(pick(g, "filter", "filterNot"), n, g.named(Object{"pred": g.predicate(n)}), made)
}

// mapStream changes records one by one.
func (g *generator) mapStream(n *node) {
	fn, of := g.mapper(n)
	switch g.IntN(5) {
	case 0:
		g.filter(n)
	case 1, 2:
		g.step("mapValues", n, g.named(Object{"fn": fn}), node{kind: stream, style: of})
	case 3:
		g.step("map", n, g.named(Object{"key": g.rekey(n), "value": fn}), node{kind: stream, style: of})
	case 4:
		g.step("selectKey", n, g.named(Object{"fn": g.rekey(n)}), node{kind: stream, style: n.style, long: n.long})
	}
}

// expand applies what gives many records, and what looks at them.
func (g *generator) expand(n *node) {
	switch g.IntN(3) {
	case 0:
		g.step("flatMap", n, g.named(Object{"fn": g.expander()}), node{kind: stream})
	case 1:
		g.step("flatMapValues", n, g.named(Object{"fn": g.expander()}), node{kind: stream})
	default:
		if g.chance(25) {
			n.used = true
			g.end("foreach", g.named(Object{"id": g.next(), "from": n.id}))
			return
		}
		made := *n
		made.used = false
		g.step("peek", n, g.named(Object{}), made)
	}
}

func (g *generator) split(n *node) {
	n.used = true
	o := g.named(Object{"id": g.next(), "from": n.id})
	var branches []Object
	branch := func(extra Object) Object {
		made := *n
		made.used = false
		made.id = g.next() + "-" + string(rune('a'+len(branches)))
		extra["id"] = made.id
		if g.chance(20) {
			extra["name"] = "name-" + made.id
		}
		g.nodes = append(g.nodes, &made)
		return extra
	}
	for range 1 + g.IntN(2) {
		branches = append(branches, branch(Object{"pred": g.predicate(n)}))
	}
	o["branches"] = branches
	if g.chance(60) {
		o["default"] = branch(Object{})
	}
	g.end("split", o)
}

// merge takes a stream of the same types.
func (g *generator) merge(n *node) {
	with := g.other(func(o *node) bool { return o.kind == stream && o.window == nil && o.long == n.long })
	if with == nil {
		g.mapStream(n)
		return
	}
	with.used = true
	made := *n
	made.used = false
	if with.style != n.style {
		made.style = text
	}
	g.step("merge", n, g.named(Object{"with": with.id}), made)
}

// through writes the stream to a topic and reads that.
func (g *generator) through(n *node) {
	topic := "through-" + g.next()
	g.end("to", g.named(Object{"from": n.id, "topic": topic}))
	n.used = true
	g.written = append(g.written, topic)
	o := Object{"topics": []string{topic}}
	if n.long {
		o["value"] = "long"
	}
	g.step("stream", nil, o, node{kind: stream, style: n.style, long: n.long})
}

func (g *generator) to(n *node) {
	n.used = true
	o := Object{"from": n.id}
	switch {
	case g.chance(5):
		o["topicFn"] = g.topicOf(n)
	default:
		o["topic"] = "out-" + g.next()
	}
	if g.chance(5) {
		o["dropNullValues"] = true
	}
	g.end("to", g.named(o))
}

// topicOf returns a function whose results can be names of topics: numbers and
// constants. It's not null, of which docs/parity.md says what becomes.
func (g *generator) topicOf(n *node) string {
	if n.style == number && !n.long {
		if f, ok := g.throwing(60); ok {
			return f
		}
	}
	if n.style == number && !n.long && g.chance(60) {
		return "nullTo:out"
	}
	return "const:out-" + g.next()
}

func (g *generator) toTable(n *node) *node {
	o := g.named(Object{})
	g.store(o, 60)
	return g.step("toTable", n, o, node{kind: table, style: n.style, long: n.long, versioned: isVersioned(o)})
}

func (g *generator) group(n *node) {
	made := node{kind: grouped, style: n.style, long: n.long}
	if g.chance(50) {
		g.onGroups(g.step("groupByKey", n, g.named(Object{}), made))
		return
	}
	g.onGroups(g.step("groupBy", n, g.named(Object{"key": g.rekey(n)}), made))
}
