package random

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// tableRules returns the differences of tables and their stores.
func tableRules() []Rule {
	return []Rule{
		{
			"history until a time in a segment before the last one",
			"Kafka Streams leaves out the versions that ended in a later segment, though they were valid",
			(*graph).asksAcrossSegments,
		},
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
			"reading one of several aggregates of a grouping with a name",
			"Kafka Streams adds the reader before the store and refuses",
			(*graph).readsSharedGroup,
		},
		{
			"a grouping of a table without a name that fails",
			"a grouping has a name here, so each aggregate of one without is given a grouping of its own, which fails itself",
			(*graph).failsOftenInGroups,
		},
		{
			"inner joins of tables that one record changes both of",
			"Kafka Streams sees neither row any more when both are deleted, and the result stays; old values of a stored " +
				"join may be of rows that have changed already, and an answer by foreign key may come too late",
			(*graph).joinsRelated,
		},
		{
			"a table of one with versions, with a store that has no name",
			"Kafka Streams makes no such store, but takes the rows' history for unknown",
			(*graph).forgetsVersions,
		},
		{
			"a stored join whose joiner fails",
			"Kafka Streams calls it for old values, too, which are in the store here",
			(*graph).failsOnOld,
		},
		{
			"joins of the windowed tables of a cogroup",
			"Kafka Streams can't read their stores",
			(*graph).joinsWindowedCogroup,
		},
		{
			"a row with versions that is deleted at the time of its only one",
			"Kafka Streams forgets the deletion: an older record that comes later is then the latest version",
			(*graph).deletesAtOnce,
		},
	}
}

// readsFirstOld returns whether the old values of a stream's count or aggregate get
// to a grouping, to a suppression, to the left side of a foreign-key join, or to a filter that they
// may pass. Windowed tables that are suppressed until
// their windows close have them as Kafka Streams does.
func (g *graph) readsFirstOld() bool {
	first, windowed := map[string]bool{}, map[string]bool{}
	for _, s := range g.s.Steps {
		from := first[s.text("from")]
		if (windowed[s.text("from")] || windowed[s.text("with")]) && g.isTable(s.text("from")) {
			switch op := s.text("op"); {
			case op == "groupBy", op == "fkJoin", op == "fkLeftJoin", op == "suppress" && g.joined(s.text("from")):
				return true
			}
			// Rows of a store have no old value before their first one, but Kafka Streams
			// makes those of joins anyway.
			windowed[s.text("id")] = !s.stored() || s["joiner"] != nil
		}
		switch id := s.text("id"); s.text("op") {
		case "count", "aggregate":
			first[id] = g.isStreams(s.text("from"))
			windowed[id] = g.op(s.text("from")) == "windowedBy"
		case "reduce": // a sliding window may begin with what others hold
			windowed[id] = g.windowOf(id)["type"] == "sliding"
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
			for _, id := range []string{s.text("from"), s.text("with")} {
				if (first[id] || windowed[id]) && g.firstDeletes(id) {
					return true
				}
			}
			first[id] = (from || first[s.text("with")]) && g.isTable(s.text("from"))
		}
	}
	return false
}

// firstDeletes returns whether the first result of a stream's aggregate may be null, of
// which its table is made: to a join that's a deletion of the initial value.
func (g *graph) firstDeletes(id string) bool {
	s := g.step(id)
	if s.text("op") != "aggregate" && (s.text("op") != "reduce" || g.windowOf(id)["type"] != "sliding") {
		return s["joiner"] == nil && s["from"] != nil && g.firstDeletes(s.text("from"))
	}
	of := g.step(s.text("from"))
	if of.text("op") == "windowedBy" {
		of = g.step(of.text("from"))
	}
	groups, _ := of["groups"].([]Object)
	return strings.HasPrefix(s.text("fn"), "nullIf") ||
		slices.ContainsFunc(groups, func(m Object) bool { return strings.HasPrefix(m.text("fn"), "nullIf") })
}

// readsSuppressed returns whether the old values of a table that's suppressed get to an
// operator that makes use of them.
func (g *graph) readsSuppressed() bool {
	held := map[string]bool{}
	for _, s := range g.s.Steps {
		of := held[s.text("from")] || held[s.text("with")]
		switch s.text("op") {
		case "suppress":
			if of {
				return true
			}
			held[s.text("id")] = true
		case "groupBy", "fkJoin", "fkLeftJoin", "filter", "filterNot", "leftJoin", "outerJoin":
			if of && g.isTable(s.text("from")) {
				return true
			}
		case "mapValues", "transformValues", "join":
			held[s.text("id")] = of && g.isTable(s.text("from"))
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
			through[s.text("id")] = !named(s)
		case "filter", "filterNot", "mapValues":
			through[s.text("id")] = from && !named(s)
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

// named returns whether a table has a store for sure: without a name it's there only
// where rows are read.
func named(s Object) bool { return s.text("store") != "" || s.object("store")["name"] != nil }

// readsSharedGroup returns whether a grouping with a name and a repartition topic has
// several aggregates, and rows are read.
func (g *graph) readsSharedGroup() bool {
	aggregates, several, read := map[string]int{}, false, false
	for _, s := range g.s.Steps {
		from := s.text("from")
		if (g.groupsTable(from) || g.rekeyed(from)) && strings.HasPrefix(g.op(from), "group") && g.step(from)["name"] != nil {
			aggregates[from]++
			several = several || aggregates[from] > 1
		}
		read = read || s["joiner"] != nil || s["stores"] != nil
	}
	return several && read
}

// failsOftenInGroups returns whether a grouping of a table may fail that has no name
// and several aggregates.
func (g *graph) failsOftenInGroups() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		fails := strings.HasPrefix(s.text("key"), "throwIf") || strings.HasPrefix(s.text("value"), "throwIf")
		return fails && s["name"] == nil && g.groupsTable(s.text("id")) && len(g.readers(s.text("id"))) > 1
	})
}

// joinsRelated returns whether one input may delete rows of both tables of an inner join,
// or change both tables of a stored join whose old values are read, or change a row of an
// inner foreign-key join several times.
func (g *graph) joinsRelated() bool {
	for _, s := range g.s.Steps {
		from, with := s.text("from"), s.text("with")
		if s["joiner"] == nil || !g.isTable(from) || !g.isTable(with) {
			continue
		}
		inner, op := false, s.text("op")
		if op == "join" || op == "fkJoin" {
			inner = g.deletes(from) && g.deletes(with)
		}
		switch {
		case op == "fkJoin" && g.repeats(from):
			return true
		case !inner && (s["store"] == nil || !g.oldRead(s.text("id"))):
		case g.cacheBytes() > 0, g.related(s), s["store"] != nil && (g.ofRelated(from) || g.ofRelated(with)):
			return true
		}
	}
	return false
}

// related returns whether both tables of a join have a source in common.
func (g *graph) related(s Object) bool {
	of := g.origins(s.text("with"))
	return slices.ContainsFunc(g.origins(s.text("from")), func(id string) bool { return slices.Contains(of, id) })
}

// ofRelated returns whether a table is made of a join of such tables without a topic of
// its own in between.
func (g *graph) ofRelated(id string) bool {
	s := g.step(id)
	if g.groupsTable(id) || s["fk"] != nil {
		return false
	}
	return s["joiner"] != nil && g.isTable(s.text("from")) && g.isTable(s.text("with")) && g.related(s) ||
		slices.ContainsFunc(g.inputsOf(id), g.ofRelated)
}

// forgetsVersions returns whether a table without versions is made of one with, in a store
// without a name.
func (g *graph) forgetsVersions() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		return s["store"] != nil && s.text("store") == "" && s.object("store")["name"] == nil && g.isTable(s.text("from")) &&
			slices.ContainsFunc(g.inputsOf(s.text("id")), g.ofVersions)
	})
}

// ofVersions returns whether a table has versions, or is made of one that has.
func (g *graph) ofVersions(id string) bool {
	return isVersioned(g.step(id)) || slices.ContainsFunc(g.inputsOf(id), g.ofVersions)
}

// failsOnOld returns whether the joiner of a stored join may fail, and old values are read.
func (g *graph) failsOnOld() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		return s["store"] != nil && strings.HasPrefix(s.text("joiner"), "throwIf") && g.oldRead(s.text("id"))
	})
}

// deletes returns whether a table may lose rows.
func (g *graph) deletes(id string) bool {
	switch s := g.step(id); s.text("op") {
	case "table":
		topic := s.text("topic")
		return slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s.text("op") == "to" && s.text("topic") == topic }) ||
			slices.ContainsFunc(g.s.Input, func(in Object) bool { return in["topic"] == topic && in["value"] == nil })
	case "count":
		return g.windowOf(id)["type"] == "session"
	case "suppress":
		return g.deletes(s.text("from"))
	}
	return true
}

// oldRead returns whether something makes use of the old values of a table. A suppress
// buffer writes them down.
func (g *graph) oldRead(id string) bool {
	return slices.ContainsFunc(g.readers(id), func(s Object) bool {
		switch s.text("op") {
		case "toStream", "":
			return false
		case "mapValues", "transformValues":
			return g.oldRead(s.text("id"))
		}
		return true
	})
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
	case "windowedBy": // a session is taken out and put back with the same bounds
		if s.object("window")["type"] == "session" {
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

// deletesAtOnce returns whether a row of a table with versions may be deleted at the very
// time at which it was put.
func (g *graph) deletesAtOnce() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		if !isVersioned(s) {
			return false
		}
		switch s.text("op") {
		case "table":
			return s["timestamps"] != nil || g.s.Config["default.timestamp.extractor"] != nil || g.deletesInput(s.text("topic"))
		case "count":
			return false
		case "aggregate", "reduce":
			return strings.HasPrefix(s.text("fn")+s.text("add")+s.text("sub"), "nullIf") || g.op(s.text("from")) == "cogroup"
		}
		return true
	})
}

// deletesInput returns whether a key of a topic gets a null value at the time of another
// record of the key, and an older record later.
func (g *graph) deletesInput(topic string) bool {
	type row struct{ key, ts any }
	put, deleted := map[row]bool{}, map[any]int{}
	for _, in := range g.s.Input {
		if in["topic"] != topic || in["key"] == nil {
			continue
		}
		key, ts := fmt.Sprint(in["key"]), in.number("ts")
		if at, ok := deleted[key]; ok && ts < at {
			return true
		}
		at := row{key, ts}
		if in["value"] == nil && put[at] {
			deleted[key] = max(ts, deleted[key])
		}
		put[at] = true
	}
	return false
}

// asksAcrossSegments returns whether versions are asked for that may have ended in a
// later segment than the time until which they're asked for.
func (g *graph) asksAcrossSegments() bool {
	latest, segment := 0, map[string]int{}
	for _, in := range g.s.Input {
		latest = max(latest, in.number("ts"))
	}
	for _, s := range g.s.Steps {
		st := s.object("store")
		segment[st.text("name")] = max(1, cmp.Or(st.number("segmentMs"), 2000))
	}
	return slices.ContainsFunc(g.s.Queries, func(q Object) bool {
		n := max(1, segment[q.text("store")])
		return q["op"] == "history" && q["to"] != nil && q.number("to")/n < latest/n
	})
}
