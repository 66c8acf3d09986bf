package random

// asked is a store that can be asked, with what it's a store of.
type asked struct {
	store     string
	of        node
	versioned bool
	// rows says that it has rows under windowed keys.
	rows bool
}

// queries asks the stores of steps.
func (g *generator) queries() {
	for _, a := range g.asks {
		for range 1 + g.IntN(4) {
			q := Object{"store": a.store}
			switch {
			case a.versioned:
				g.askVersions(q)
			case a.rows:
				g.askWindowedRows(q)
			case a.of.window == nil:
				g.askRows(q)
			case a.of.window["type"] == "session":
				g.askSessions(q)
			default:
				g.askWindows(q)
			}
			g.s.Queries = append(g.s.Queries, q)
		}
	}
}

func (g *generator) key() string {
	return pick(g, append(g.keys[:len(g.keys):len(g.keys)], "1", "all")...)
}

// moment returns a time of the inputs.
func (g *generator) moment() int { return max(0, g.start+g.times(-5, 100)) }

func (g *generator) askRows(q Object) {
	q["op"] = pick(g, "get", "all", "reverseAll", "range", "reverseRange", "prefix")
	switch q["op"] {
	case "get":
		q["key"] = g.key()
	case "range", "reverseRange":
		from, to := g.key(), g.key()
		if g.chance(80) {
			q["from"] = min(from, to)
		}
		if g.chance(80) {
			q["to"] = max(from, to)
		}
	case "prefix":
		q["prefix"] = g.key()
	}
}

// askWindowedRows asks in ways that take no windowed key.
func (g *generator) askWindowedRows(q Object) {
	if q["op"] = pick(g, "all", "reverseAll", "prefix"); q["op"] == "prefix" {
		q["prefix"] = g.key()
	}
}

func (g *generator) askVersions(q Object) {
	q["op"], q["key"] = pick(g, "get", "get", "history"), g.key()
	switch {
	case q["op"] == "history":
		from, to := g.moment(), g.moment()
		q["from"], q["to"] = min(from, to), max(from, to)
		if g.chance(30) {
			q["descending"] = true
		}
	case g.chance(70):
		q["asOf"] = g.moment()
	}
}

func (g *generator) askSessions(q Object) {
	q["op"], q["key"] = pick(g, "sessions", "findSessions", "session"), g.key()
	from, to := g.moment(), g.moment()
	switch q["op"] {
	case "findSessions":
		q["from"], q["to"] = min(from, to), max(from, to)
	case "session":
		q["start"], q["end"] = min(from, to), max(from, to)
	}
}

func (g *generator) askWindows(q Object) {
	q["op"] = pick(g, "fetch", "backwardFetch", "fetchOne", "fetchAll", "fetchKeys")
	from, to := g.moment(), g.moment()
	q["from"], q["to"] = min(from, to), max(from, to)
	switch q["op"] {
	case "fetch", "backwardFetch":
		q["key"] = g.key()
	case "fetchOne":
		delete(q, "from")
		delete(q, "to")
		q["key"], q["start"] = g.key(), from
	case "fetchKeys":
		a, b := g.key(), g.key()
		q["keyFrom"], q["keyTo"] = min(a, b), max(a, b)
	}
}
