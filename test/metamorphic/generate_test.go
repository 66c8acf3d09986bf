package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// All streams and tables are of one type, so that any of them goes with any other.
type (
	stream = topology.Stream[string, int64]
	table  = topology.Table[string, int64]
)

// The input topics. Those of settled tables have all their records before the
// streams have their first ones: what a stream finds in a table depends on the order.
var (
	streamTopics  = []string{"s0", "s1", "s2"}
	tableTopics   = []string{"t0", "t1"}
	settledTopics = []string{"u0", "u1"}
)

const globalTopic = "g0"

// step is the time from one round of closing records to the next. It's longer than
// all input.
const step = time.Hour

// maker makes a topology by chance.
type maker struct {
	*rand.Rand
	b       *topology.Builder
	v       variant
	streams []streamNode
	tables  []tableNode
	global  *topology.GlobalTable[string, int64]
	made    int
	// rounds of closing records bring out all final results.
	rounds int
	sinks  sinks
	// about says what was made, line by line.
	about []string
}

// sinks are the output topics, and the stores.
type sinks struct {
	// final are topics whose records don't depend on how the topology runs.
	final []string
	// tables are topics of which only the last record of a key doesn't.
	tables []string
	stores []string
}

// streamNode is a stream whose records don't depend on how the topology runs, but
// for their order.
type streamNode struct {
	*stream
	name string
	// lag is the number of rounds after which its last record comes.
	lag int
	// ordered says that the order of a key's records doesn't depend on it either.
	ordered bool
}

// tableNode is a table whose rows don't depend on it in the end.
type tableNode struct {
	*table
	name string
	lag  int
	// settled says that it's complete before the streams begin.
	settled bool
}

// generate makes the topology of a seed for a variant, with more steps after those
// made by chance.
func generate(seed uint64, v variant, more ...func(*maker)) (*topology.Topology, *maker, error) {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), b: topology.NewBuilder(), v: v}
	m.sources()
	for range 3 + m.IntN(10) {
		steps[m.IntN(len(steps))](m)
	}
	for _, add := range more {
		add(m)
	}
	for _, s := range m.streams {
		m.final(s)
	}
	for _, t := range m.tables {
		m.sinkTable(t)
	}
	var options []topology.BuildOption
	if v.optimize {
		options = append(options, topology.Optimize())
	}
	t, err := m.b.Build(options...)
	return t, m, err
}

// sources makes the streams and tables of the input topics.
func (m *maker) sources() {
	for _, topic := range streamTopics {
		m.stream(m.b.Stream(topic, serde.String, serde.Int64), 0, true, "stream of %s", topic)
	}
	for _, topic := range tableTopics {
		m.table(m.b.Table(topic, serde.String, m.store(topic)), 0, false, "table of %s", topic)
	}
	for _, topic := range settledTopics {
		m.table(m.b.Table(topic, serde.String, m.store(topic)), 0, true, "settled table of %s", topic)
	}
}

// name returns a name that's new.
func (m *maker) name(kind string) string {
	m.made++
	return fmt.Sprintf("%s%d", kind, m.made)
}

// store declares a store that's compared in the end.
func (m *maker) store(name string) topology.Stored[int64] {
	m.sinks.stores = append(m.sinks.stores, name)
	return topology.StoreAs(name, serde.Int64, m.storeOptions()...)
}

func (m *maker) storeOptions() (options []topology.StoreOption) {
	if m.v.inMemory {
		options = append(options, topology.InMemory())
	}
	return options
}

func (m *maker) stream(s *stream, lag int, ordered bool, format string, args ...any) streamNode {
	n := streamNode{stream: s, name: m.name("stream"), lag: lag, ordered: ordered}
	m.streams = append(m.streams, n)
	m.note(n.name, lag, format, args...)
	return n
}

func (m *maker) table(t *table, lag int, settled bool, format string, args ...any) {
	n := tableNode{table: t, name: m.name("table"), lag: lag, settled: settled}
	m.tables = append(m.tables, n)
	m.note(n.name, lag, format, args...)
}

// note writes down what was made, and that it's complete after so many rounds.
func (m *maker) note(name string, lag int, format string, args ...any) {
	m.rounds = max(m.rounds, lag+2)
	m.about = append(m.about, fmt.Sprintf("%s: %s", name, fmt.Sprintf(format, args...)))
}

// final writes the records of a stream to a topic.
func (m *maker) final(s streamNode) {
	topic := s.name + "-out"
	m.sinks.final = append(m.sinks.final, topic)
	s.To(topic, serde.String, serde.Int64)
}

// sinkTable writes the changes of a table to a topic.
func (m *maker) sinkTable(t tableNode) {
	topic := t.name + "-out"
	m.sinks.tables = append(m.sinks.tables, topic)
	t.ToStream().To(topic, serde.String, serde.Int64)
}

func (m *maker) anyStream() streamNode { return m.streams[m.IntN(len(m.streams))] }

func (m *maker) anyTable() tableNode { return m.tables[m.IntN(len(m.tables))] }

// settledTable returns one that's complete before the streams begin.
func (m *maker) settledTable() tableNode {
	for {
		if t := m.anyTable(); t.settled {
			return t
		}
	}
}

// grace is that of an operator whose input has a lag: nothing is late then.
func grace(lag int) time.Duration { return time.Duration(lag+1) * step }

// closed is the lag of results that wait until windows close. The time that closes
// them is that of round lag+2, whose records have the lag themselves.
func closed(lag int) int { return 2*lag + 2 }

// maxLag keeps the number of rounds small.
const maxLag = 6

// closing reports whether a key is one of those that only close windows. They go
// through all operators as they are, and no result of them is compared.
func closing(key string) bool { return strings.HasPrefix(key, "~") }
