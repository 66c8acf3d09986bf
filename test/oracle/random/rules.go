package random

import (
	"slices"
	"strings"
)

// Rule is a difference on purpose: a row of docs/parity.md. Scenarios that show it
// say nothing else, so they aren't made.
type Rule struct {
	// Name says what the rule is about.
	Name string
	// Why is the reason why the difference is wanted.
	Why string
	// shows returns whether a scenario may show the difference.
	shows func(*graph) bool
}

// Rules returns all differences on purpose.
func Rules() []Rule {
	return []Rule{
		{
			"the first change of an aggregate",
			"Kafka Streams sends the initial value as the old value of a key's first result: a grouping of the results " +
				"subtracts what was never added, and a foreign-key join unsubscribes from what was never subscribed to",
			(*graph).readsFirstOld,
		},
		{
			"emit on close with a short retention",
			"Kafka Streams puts the record that closes windows into the store first, which may drop those windows before " +
				"their results are sent",
			(*graph).closesEarly,
		},
		{
			"suppression of a sliding window or a session at its very edge",
			"Kafka Streams sends the result a millisecond before the window stops taking records",
			(*graph).suppressesAtEdge,
		},
		{
			"join windows without any length and grace",
			"Kafka Streams' stores of such a join keep nothing, so that records of equal timestamps never meet",
			(*graph).joinsWithoutLength,
		},
		{
			"join windows that lie before time 0",
			"Kafka Streams takes a window's negative end as 0, so records that aren't in it match",
			(*graph).reachesBeforeTime,
		},
		{
			"groupings with new keys in a cogroup",
			"Kafka Streams gives two unnamed ones the same repartition topic and refuses, and it refuses a named one that's " +
				"also aggregated alone",
			(*graph).cogroupsRekeyed,
		},
		{
			"drops of joins with stores in memory",
			"Kafka Streams counts a null value that's too old for such a store twice, which it wouldn't keep anyway",
			(*graph).joinsInMemory,
		},
		{
			"partition counts that differ",
			"Kafka Streams checks co-partitioning in topologies with repartition topics alone, and compares the source of a " +
				"stream with new keys in a cogroup, which is read through such a topic",
			(*graph).differInPartitions,
		},
		{
			"a left or outer self-join with one store",
			"Kafka Streams makes an inner join of it",
			(*graph).joinsItselfOnce,
		},
		{
			"reading a transformed table that isn't stored",
			"Kafka Streams refuses it, as it doesn't connect the reader to the transformer's stores",
			(*graph).readsTransformed,
		},
		{
			"a left join with grace of a stream with null keys",
			"Kafka Streams fails at the first null key",
			(*graph).buffersNullKeys,
		},
		{
			"the order in which sessions in memory are sent when they close",
			"Kafka Streams' store orders those of one end by key first, and those on disk by start",
			(*graph).closesInMemory,
		},
		{
			"a default extractor and the topics of a foreign-key join",
			"Kafka Streams asks the extractor for the time of its own records, too",
			(*graph).extractsInternally,
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
		{
			"versions from before the history",
			"Kafka Streams shows them until it drops their segment",
			(*graph).asksBeforeHistory,
		},
		{
			"a full buffer that shuts down, and a handler that continues",
			"Kafka Streams drops the change and goes on",
			(*graph).survivesShutDown,
		},
		{
			"suppression until unlimited windows close",
			"Kafka Streams keeps all changes for ever",
			(*graph).waitsForever,
		},
	}
}

// OnPurpose returns the rule that knows a difference of the scenario, or nil.
func OnPurpose(s *Scenario) *Rule {
	g := graphOf(s)
	for _, r := range Rules() {
		if r.shows(g) {
			return &r
		}
	}
	return nil
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
			if s.text("op") == "groupBy" {
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

// closesEarly returns whether windows are sent when they close out of a store that
// doesn't keep them for long.
func (g *graph) closesEarly() bool {
	for _, s := range g.s.Steps {
		if g.step(s.text("from")).text("emit") == "onClose" && s.object("store").number("retentionMs") < longRetention {
			return true
		}
	}
	return false
}

// suppressesAtEdge returns whether stream time may be at the end of a sliding
// window or a session and its grace. It isn't where all times are multiples of 10
// and the windows end between them.
func (g *graph) suppressesAtEdge() bool {
	for _, s := range g.s.Steps {
		if s.text("until") != "windowCloses" {
			continue
		}
		w := g.windowOf(s.text("from"))
		if w["type"] != "sliding" && w["type"] != "session" {
			continue
		}
		reach := w.number("diffMs") + w.number("gapMs")
		if reach%10 != 0 || w.number("graceMs")%10 != 5 || !g.allTimes(func(ts int) bool { return ts%10 == 0 }) {
			return true
		}
	}
	return false
}

// joinsWithoutLength returns whether a join of streams has nothing to keep.
func (g *graph) joinsWithoutLength() bool {
	for _, s := range g.s.Steps {
		if w, ok := s["window"].(Object); ok && s["joiner"] != nil &&
			2*w.number("diffMs")+w.number("beforeMs")+w.number("afterMs")+w.number("graceMs") <= 0 {
			return true
		}
	}
	return false
}

// reachesBeforeTime returns whether a join has a negative reach, near time 0.
func (g *graph) reachesBeforeTime() bool {
	for _, s := range g.s.Steps {
		w := s.object("window")
		if (w.number("beforeMs") < 0 || w.number("afterMs") < 0) && !g.allTimes(func(ts int) bool { return ts >= 1000 }) {
			return true
		}
	}
	return false
}

// differInPartitions returns whether topics have different partition counts where
// Kafka Streams compares none of them, or some that aren't read together.
func (g *graph) differInPartitions() bool {
	counts := map[any]bool{}
	for _, n := range g.s.Partitions {
		counts[n] = true
	}
	if len(counts) < 2 {
		return false
	}
	repartitions := false
	for _, s := range g.s.Steps {
		groups, _ := s["groups"].([]Object)
		for _, m := range groups {
			if g.rekeyed(m.text("from")) {
				return true
			}
		}
		switch s.text("op") {
		case "repartition", "fkJoin", "fkLeftJoin":
			repartitions = true
		case "count", "reduce", "aggregate", "toTable", "windowedBy":
			repartitions = repartitions || g.rekeyed(s.text("from")) || g.groupsTable(s.text("from"))
		case "join", "leftJoin", "outerJoin":
			repartitions = repartitions || g.rekeyed(s.text("from")) || g.rekeyed(s.text("with"))
		}
	}
	return !repartitions
}

// joinsInMemory returns whether a join of streams keeps its records in memory.
func (g *graph) joinsInMemory() bool {
	for _, s := range g.s.Steps {
		if s["inMemory"] != nil {
			return true
		}
	}
	return false
}

// groupsTable returns whether a step groups a table.
func (g *graph) groupsTable(id string) bool {
	s := g.step(id)
	return s.text("op") == "groupBy" && g.isTable(s.text("from"))
}

// waitsForever returns whether a suppression waits for the end of time.
func (g *graph) waitsForever() bool {
	for _, s := range g.s.Steps {
		if s.text("until") == "windowCloses" && g.windowOf(s.text("from"))["type"] == "unlimited" {
			return true
		}
	}
	return false
}

// cogroupsRekeyed returns whether several groupings of a cogroup have new keys but
// no names, or one with a name is aggregated alone as well.
func (g *graph) cogroupsRekeyed() bool {
	read := map[string]bool{}
	for _, s := range g.s.Steps {
		read[s.text("from")] = true
	}
	for _, s := range g.s.Steps {
		groups, _ := s["groups"].([]Object)
		unnamed := 0
		for _, m := range groups {
			of := g.step(m.text("from"))
			switch id := of.text("id"); {
			case !g.rekeyed(id):
			case of["name"] == nil:
				unnamed++
			case read[id]:
				return true
			}
		}
		if unnamed > 1 {
			return true
		}
	}
	return false
}

// joinsItselfOnce returns whether a self-join is optimized that sends results without a
// match, or whose windows don't reach a record itself.
func (g *graph) joinsItselfOnce() bool {
	ways, _ := g.s.Config["topology.optimization"].(string)
	if ways != "all" && !strings.Contains(ways, "self.join") {
		return false
	}
	for _, s := range g.s.Steps {
		w := s.object("window")
		if s["joiner"] != nil && s.text("from") == s.text("with") &&
			(s.text("op") != "join" || w.number("beforeMs") < 0 || w.number("afterMs") < 0) {
			return true
		}
	}
	return false
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

// buffersNullKeys returns whether records without a key get to a left join with grace.
func (g *graph) buffersNullKeys() bool {
	for _, s := range g.s.Steps {
		if s.text("op") != "leftJoin" || s["graceMs"] == nil {
			continue
		}
		if g.rekeyed(s.text("from")) || !g.allKeyed() {
			return true
		}
	}
	return false
}

// allKeyed returns whether all inputs have keys.
func (g *graph) allKeyed() bool {
	for _, in := range g.s.Input {
		if in["topic"] != nil && in["key"] == nil {
			return false
		}
	}
	return true
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

// closesInMemory returns whether sessions in memory are sent when they close.
func (g *graph) closesInMemory() bool {
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		from := g.step(s.text("from"))
		return from["emit"] == "onClose" && from.object("window")["type"] == "session" && s.object("store")["type"] == "inMemory"
	})
}

// extractsInternally returns whether there's a default extractor, and a foreign-key join
// with topics of its own.
func (g *graph) extractsInternally() bool {
	return g.s.Config["default.timestamp.extractor"] != nil &&
		slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s["fk"] != nil })
}

// survivesShutDown returns whether failures are put to a handler that continues, and a
// buffer may be full that shuts down.
func (g *graph) survivesShutDown() bool {
	if g.s.Config["processing.exception.handler"] != "continue" {
		return false
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s.text("whenFull") == "shutDown" })
}

// asksBeforeHistory returns whether versions are asked for that a store may have as well
// as not.
func (g *graph) asksBeforeHistory() bool {
	latest, history := 0, map[string]int{}
	for _, in := range g.s.Input {
		latest = max(latest, in.number("ts"))
	}
	for _, s := range g.s.Steps {
		history[s.object("store").text("name")] = s.object("store").number("historyMs")
	}
	return slices.ContainsFunc(g.s.Queries, func(q Object) bool {
		return q["op"] == "history" && q.number("from") < latest-history[q.text("store")]
	})
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
