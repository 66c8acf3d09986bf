package random

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// kind is what a step makes.
type kind uint8

const (
	stream kind = iota
	table
	grouped
	groupedTable
	windowed
	cogrouped
	global
)

// style says what the values of a node look like, where that's known: functions of
// numbers fail with other texts.
type style uint8

const (
	// text is any.
	text style = iota
	// number is a decimal number.
	number
	// ref is a key, a colon and a number.
	ref
)

// node is what a step has made.
type node struct {
	id   string
	kind kind
	// window is of windowed things and of windowed keys, nil for text keys.
	window Object
	style  style
	// long says that values are longs and no strings.
	long bool
	// ofCogroup says that a windowed stream is a cogrouped one.
	ofCogroup bool
	// versioned says that a table knows the history of its rows.
	versioned bool
	used      bool
}

// generator makes one scenario.
type generator struct {
	*rand.Rand
	s     *Scenario
	nodes []*node
	steps int
	// unit is what all times are multiples of.
	unit int
	// start is the time of the first input.
	start   int
	keys    []string
	sources []source
	// written are the topics that are written and read again.
	written []string
	// stores are those of addStore, counters those with numbers, readable those of tables
	// and globals global ones that processors may look into, and asks those that are asked
	// at the end.
	stores, counters, readable, globals []string
	asks                                []asked
	// cached says that there are record caches, badValues that some values can't be
	// deserialized, failures that functions fail, and deadLetters where to they go.
	cached, badValues, failures, deadLetters bool
	// wall says that something happens by the wall clock, and routed that nodes have the
	// names of keys.
	wall, routed bool
	// chain says that each operator goes on behind the one before it, and that there are
	// many inputs.
	chain bool
}

// Generate returns the scenario of a seed and a number.
func Generate(seed, number uint64) *Scenario {
	return generate(generator{}, "fuzz", seed, number)
}

// Chain returns the scenario of a seed and a number that has one long chain of operators,
// and many inputs.
func Chain(seed, number uint64) *Scenario {
	return generate(generator{chain: true}, "chain", seed, number)
}

// generate makes scenarios until none of the rules knows a difference.
func generate(as generator, name string, seed, number uint64) *Scenario {
	for try := uint64(0); ; try++ {
		g := as
		g.Rand = rand.New(rand.NewPCG(seed, number<<16+try))
		g.s = &Scenario{Name: fmt.Sprintf("%s-%d-%d", name, seed, number), About: "made by chance"}
		g.scenario()
		if OnPurpose(g.s) == nil {
			return g.s
		}
	}
}

// scenario makes all of it.
func (g *generator) scenario() {
	g.unit = pick(g, 1, 1, 10, 10, 10)
	g.start = pick(g, 1000, 1000, 1000, 0)
	g.keys = []string{"a", "b", "c", "d"}[:2+g.IntN(3)]
	g.settings()
	for range 1 + g.IntN(3) {
		g.source(pick(g, stream, stream, table))
	}
	if g.chance(5) {
		g.globalStore()
	}
	operators := 1 + g.IntN(pick(g, 8, 8, 8, 20))
	if g.chain {
		operators = 6 + g.IntN(10)
	}
	for range operators {
		g.operate()
	}
	g.outputs()
	g.feed()
	if g.chance(30) {
		g.queries()
	}
	if g.chance(15) {
		g.count()
	}
}

// count asks for partition counts, mostly the same for all topics. The oracle doesn't
// find those of a pattern's topics.
func (g *generator) count() {
	if slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s["pattern"] != nil }) {
		return
	}
	g.s.Partitions = map[string]any{}
	all := 1 + g.IntN(4)
	topics := g.written
	for _, src := range g.sources {
		topics = append(topics, src.topics...)
	}
	for _, topic := range topics {
		g.s.Partitions[topic] = all
		if g.chance(4) {
			g.s.Partitions[topic] = 1 + g.IntN(4)
		}
	}
}

// operate applies an operator to a node, later ones more often.
func (g *generator) operate() {
	back := g.IntN(len(g.nodes)) * g.IntN(len(g.nodes)) / len(g.nodes)
	if g.chain && g.chance(85) {
		back = 0
	}
	n := g.nodes[len(g.nodes)-1-back]
	switch n.kind {
	case stream:
		g.onStream(n)
	case table:
		g.onTable(n)
	case global:
		g.joinGlobal(g.partner(stream))
	default:
		g.onGroups(n)
	}
}

// outputs writes to topics what nothing else reads, and some of the rest.
func (g *generator) outputs() {
	for _, n := range g.nodes {
		if n.used && !g.chance(35) {
			continue
		}
		switch n.kind {
		case stream:
			g.to(n)
		case table:
			g.to(g.toStream(n))
		case grouped, groupedTable, windowed, cogrouped:
			g.to(g.toStream(g.aggregate(n)))
		}
	}
}

// step adds a step, and the node it makes.
func (g *generator) step(op string, from *node, o Object, made node) *node {
	made.id = fmt.Sprintf("n%d", g.steps)
	o["id"] = made.id
	if from != nil {
		o["from"] = from.id
		from.used = true
	}
	g.end(op, o)
	g.nodes = append(g.nodes, &made)
	return &made
}

// end adds a step that makes nothing, or nothing more.
func (g *generator) end(op string, o Object) {
	o["op"] = op
	g.steps++
	g.s.Steps = append(g.s.Steps, o)
}

// next returns the id of the next step.
func (g *generator) next() string { return fmt.Sprintf("n%d", g.steps) }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// times returns a length of time, from low to high units.
func (g *generator) times(low, high int) int { return g.unit * (low + g.IntN(high-low+1)) }

// named gives the step a name sometimes.
func (g *generator) named(o Object) Object {
	if g.chance(20) || g.deadLetters {
		o["name"] = "name-" + g.next()
	}
	return o
}

// pick returns one of some values.
func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// other returns another node that fits, or nil.
func (g *generator) other(fits func(*node) bool) *node {
	var found []*node
	for _, n := range g.nodes {
		if fits(n) {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return pick(g, found...)
}

// partner returns a node of the kind with text keys for a join, an earlier one or a
// new source.
func (g *generator) partner(k kind) *node {
	if n := g.other(func(n *node) bool { return n.kind == k && n.window == nil }); n != nil && g.chance(60) {
		return n
	}
	return g.source(k)
}
