package random

import (
	"slices"
	"strings"
)

// tableRules returns the differences of tables and their stores.
func tableRules() []Rule {
	return []Rule{
		{
			"the first change of an aggregate",
			"Kafka Streams sends the initial value as the old value of a key's first result: a grouping of the results " +
				"subtracts what was never added, and a foreign-key join unsubscribes from what was never subscribed to",
			(*graph).readsFirstOld,
		},
		{
			"the old values of a suppressed table",
			"Kafka Streams sends the row before the last change that was held back, though it may never have been sent",
			(*graph).readsSuppressed,
		},
		{
			"reading a transformed table that isn't stored",
			"Kafka Streams refuses it, as it doesn't connect the reader to the transformer's stores",
			(*graph).readsTransformed,
		},
		{
			"reading one of several aggregates of a grouped table with a name",
			"Kafka Streams adds the reader before the store and refuses",
			(*graph).readsSharedGroup,
		},
		{
			"inner joins of tables that one record changes both of",
			"Kafka Streams sees neither row any more when both are deleted, and the result stays; old values of a stored " +
				"join may be of rows that have changed already, and an answer by foreign key may come too late",
			(*graph).joinsRelated,
		},
		{
			"joins of the windowed tables of a cogroup",
			"Kafka Streams can't read their stores",
			(*graph).joinsWindowedCogroup,
		},
	}
}

// readsFirstOld returns whether the old values of a stream's count or aggregate get
// to a grouping, to a suppression, to the left side of a foreign-key join, or to a filter that they
// may pass. Suppressed windowed tables have them as Kafka
// Streams does.
func (g *graph) readsFirstOld() bool {
	first, windowed := map[string]bool{}, map[string]bool{}
	for _, s := range g.s.Steps {
		from := first[s.text("from")]
		if windowed[s.text("from")] && g.isTable(s.text("from")) {
			if op := s.text("op"); op == "groupBy" || op == "suppress" && g.joined(s.text("from")) {
				return true
			}
			windowed[s.text("id")] = true
		}
		switch id := s.text("id"); s.text("op") {
		case "count", "aggregate":
			first[id] = g.isStreams(s.text("from"))
			windowed[id] = g.op(s.text("from")) == "windowedBy"
		case "groupBy", "fkJoin", "fkLeftJoin":
			if from {
				return true
			}
		case "filter", "filterNot":
			if from && g.mayPassFirst(s) {
				return true
			}
			first[id] = from && s["store"] == nil
		case "mapValues", "transformValues":
			// Rows of a store have no old value before their first one.
			first[id] = from && s["store"] == nil
		case "suppress": // the buffer has it
			if from {
				return true
			}
		case "join", "leftJoin", "outerJoin":
			first[id] = (from || first[s.text("with")]) && g.isTable(s.text("from"))
		}
	}
	return false
}

// readsSuppressed returns whether the old values of a table that's suppressed until a
// time limit get to an operator that makes use of them.
func (g *graph) readsSuppressed() bool {
	held := map[string]bool{}
	for _, s := range g.s.Steps {
		of := held[s.text("from")] || held[s.text("with")]
		switch s.text("op") {
		case "suppress":
			if of {
				return true
			}
			held[s.text("id")] = s.text("until") == "timeLimit"
		case "groupBy", "fkJoin", "fkLeftJoin", "filter", "filterNot", "join", "leftJoin", "outerJoin":
			if of {
				return true
			}
		case "mapValues", "transformValues":
			held[s.text("id")] = of
		}
	}
	return false
}

// joined returns whether a table is a join, or made of one.
func (g *graph) joined(id string) bool {
	s := g.step(id)
	return id != "" && (s["joiner"] != nil || g.joined(s.text("from")))
}

// isStreams returns whether a step makes groups of streams without windows.
func (g *graph) isStreams(id string) bool {
	switch s := g.step(id); s.text("op") {
	case "groupByKey", "cogroup":
		return true
	case "groupBy":
		return !g.isTable(s.text("from"))
	}
	return false
}

// mayPassFirst returns whether a filter right behind an aggregation may let its
// initial value through.
func (g *graph) mayPassFirst(filter Object) bool {
	init, pred := "0", filter.text("pred")
	switch of := g.step(filter.text("from")); of.text("op") {
	case "count":
	case "aggregate":
		init = of.text("init")
	default:
		return true
	}
	want := filter.text("op") == "filter"
	if p, ok := strings.CutPrefix(pred, "not:"); ok {
		pred, want = p, !want
	}
	name, arg, _ := strings.Cut(pred, ":")
	switch name {
	case "valueContains":
		return strings.Contains(init, arg) == want
	case "valueIs":
		return (init == arg) == want
	case "isNullValue":
		return !want
	case "valueLenGt", "valueIntGt":
		return !want // neither is negative
	}
	return true
}

// readsTransformed returns whether another operator looks rows up that a table
// transforms without storing them.
func (g *graph) readsTransformed() bool {
	through := map[string]bool{}
	for _, s := range g.s.Steps {
		from, with := through[s.text("from")], through[s.text("with")]
		switch s.text("op") {
		case "transformValues":
			through[s.text("id")] = s["store"] == nil || s.object("store")["name"] == nil && s.text("store") == ""
		case "filter", "filterNot", "mapValues":
			through[s.text("id")] = from && s["store"] == nil
		case "join", "leftJoin", "outerJoin", "fkJoin", "fkLeftJoin":
			if from && g.isTable(s.text("from")) || with {
				return true
			}
		case "suppress", "toTable":
			if from {
				return g.isTable(s.text("from"))
			}
		}
	}
	return false
}

// readsSharedGroup returns whether a grouped table with a name has several aggregates,
// and rows are read.
func (g *graph) readsSharedGroup() bool {
	aggregates, several, read := map[string]int{}, false, false
	for _, s := range g.s.Steps {
		from := s.text("from")
		if g.groupsTable(from) && g.step(from)["name"] != nil {
			aggregates[from]++
			several = several || aggregates[from] > 1
		}
		read = read || s["joiner"] != nil || s["stores"] != nil
	}
	return several && read
}

// joinsRelated returns whether one input may change both tables of an inner join or of
// one that's stored, or change a row of an inner foreign-key join several times.
func (g *graph) joinsRelated() bool {
	for _, s := range g.s.Steps {
		from, with := s.text("from"), s.text("with")
		if s["joiner"] == nil || !g.isTable(from) || !g.isTable(with) {
			continue
		}
		switch op := s.text("op"); {
		case op != "join" && op != "fkJoin" && s["store"] == nil:
		case g.s.Config["statestore.cache.max.bytes"] != nil, g.s.Config["topology.optimization"] != nil:
			return true
		case op == "fkJoin" && g.repeats(from):
			return true
		default:
			of := g.origins(with)
			if slices.ContainsFunc(g.origins(from), func(id string) bool { return slices.Contains(of, id) }) {
				return true
			}
		}
	}
	return false
}

// inputsOf returns what a step reads.
func (g *graph) inputsOf(id string) []string {
	s := g.step(id)
	inputs := []string{s.text("from"), s.text("with")}
	groups, _ := s["groups"].([]Object)
	for _, m := range groups {
		inputs = append(inputs, m.text("from"))
	}
	return slices.DeleteFunc(inputs, func(id string) bool { return id == "" })
}

// origins returns the sources that a step reads from without a topic of a table's own in
// between.
func (g *graph) origins(id string) []string {
	inputs := g.inputsOf(id)
	if len(inputs) == 0 || g.groupsTable(id) || g.step(id)["fk"] != nil {
		return []string{id}
	}
	var all []string
	for _, from := range inputs {
		all = append(all, g.origins(from)...)
	}
	return all
}

// repeats returns whether a table may change a row several times at one input.
func (g *graph) repeats(id string) bool {
	switch s := g.step(id); s.text("op") {
	case "flatMap", "flatMapValues", "merge", "cogroup", "process", "processValues", "join", "leftJoin", "outerJoin",
		"fkJoin", "fkLeftJoin", "suppress":
		return true
	case "groupBy":
		if g.isTable(s.text("from")) {
			return true
		}
	}
	return slices.ContainsFunc(g.inputsOf(id), g.repeats)
}

// joinsWindowedCogroup returns whether a windowed table of a cogroup is joined.
func (g *graph) joinsWindowedCogroup() bool {
	of := map[string]bool{}
	for _, s := range g.s.Steps {
		from := s.text("from")
		of[s.text("id")] = g.op(from) == "windowedBy" && g.op(g.step(from).text("from")) == "cogroup" ||
			of[from] && g.isTable(from)
		if s["joiner"] != nil && (of[from] && g.isTable(from) || of[s.text("with")] && g.isTable(s.text("with"))) {
			return true
		}
	}
	return false
}
