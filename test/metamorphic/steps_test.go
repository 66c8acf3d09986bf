package metamorphic

import (
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// steps make one operator each, or a few.
var steps = []func(*maker){
	mapValues, filter, selectKey, flatMap, merge, branch, repartition, number, optional(toTable),
	aggregate, aggregate, cogroup, windows, windows, sessions, sessions,
	joinStreams, joinStreams, joinTable, joinGlobal,
	filterTable, mapTable, joinTables, joinTables, joinByForeignKey, groupTable, groupTable, suppressTable, transformTable,
}

// optional has a step do something half of the time.
func optional(f func(*maker)) func(*maker) {
	return func(m *maker) {
		if m.IntN(2) == 0 {
			f(m)
		}
	}
}

func mapValues(m *maker) {
	s := m.anyStream()
	f, about := m.number()
	m.stream(s.MapValuesWithKey(f), s.lag, s.ordered, "%s, %s", s.name, about)
}

func filter(m *maker) {
	s := m.anyStream()
	f, about := m.predicate()
	m.stream(s.Filter(f), s.lag, s.ordered, "%s, filtered by %s", s.name, about)
}

func selectKey(m *maker) {
	s := m.anyStream()
	f, about := m.key()
	m.stream(s.SelectKey(f), s.lag, false, "%s by %s", s.name, about)
}

func flatMap(m *maker) {
	s := m.anyStream()
	f, about := m.several()
	m.stream(s.FlatMap(f), s.lag, false, "several of %s by %s", s.name, about)
}

func merge(m *maker) {
	a, b := m.anyStream(), m.anyStream()
	m.stream(a.Merge(b.stream), max(a.lag, b.lag), false, "%s and %s", a.name, b.name)
}

func branch(m *maker) {
	s := m.anyStream()
	f, about := m.predicate()
	b := s.Branches()
	m.stream(b.Branch("some", f), s.lag, s.ordered, "branch of %s, %s", s.name, about)
	rest := b.Default("rest")
	// What closes windows is in both.
	closing := s.Filter(func(k string, _ int64) bool { return closing(k) })
	m.stream(rest.Merge(closing), s.lag, false, "the other branch")
}

func repartition(m *maker) {
	s := m.anyStream()
	m.stream(s.Repartition(m.name("repartitioned"), serde.String, serde.Int64), s.lag, s.ordered, "%s repartitioned", s.name)
}

func toTable(m *maker) {
	s := m.anyStream()
	if !s.ordered {
		return
	}
	name := m.name("latest")
	m.table(s.ToTable(serde.String, m.store(name)), s.lag, false, "the latest of %s in %s", s.name, name)
}

// grouped returns a stream that's grouped by its key or another one.
func (m *maker) grouped() (*topology.GroupedStream[string, int64], streamNode) {
	s := m.anyStream()
	if m.IntN(2) == 0 {
		return s.GroupByKey(serde.String, serde.Int64, topology.Named(m.name("grouped"))), s
	}
	key, _ := m.key()
	return s.GroupBy(m.name("grouped"), key, serde.String, serde.Int64), s
}

func aggregate(m *maker) {
	g, s := m.grouped()
	name := m.name("aggregate")
	switch m.IntN(3) {
	case 0:
		m.table(g.Count(m.store(name)), s.lag, false, "count of %s in %s", s.name, name)
	case 1:
		m.table(g.Reduce(sum, m.store(name)), s.lag, false, "sum of %s in %s", s.name, name)
	default:
		m.table(g.Aggregate(zero, add, m.store(name)), s.lag, false, "aggregate of %s in %s", s.name, name)
	}
}

func cogroup(m *maker) {
	a, s := m.grouped()
	b, t := m.grouped()
	name, lag := m.name("cogroup"), max(s.lag, t.lag)
	both := a.Cogroup(add).And(b, func(_ string, v, agg int64) int64 { return agg + v })
	if m.IntN(2) == 0 {
		m.table(both.Aggregate(zero, m.store(name)), lag, false, "cogroup of %s and %s in %s", s.name, t.name, name)
		return
	}
	w := both.WindowedBy(topology.Tumbling(m.size()).Grace(grace(lag)))
	m.windowedTable(w.Aggregate(zero, m.state(name)), lag, "windowed cogroup of "+s.name+" and "+t.name)
}

// size returns that of a window, and short that of a gap between records.
func (m *maker) size() time.Duration { return time.Duration(5+m.IntN(500)) * time.Millisecond }

func (m *maker) short() time.Duration { return time.Duration(1+m.IntN(50)) * time.Millisecond }

// state is a store that isn't compared by itself: what it had to say is.
func (m *maker) state(name string) topology.Stored[int64] {
	return topology.StoreAs(name, serde.Int64, m.storeOptions()...)
}

func windows(m *maker) {
	g, s := m.grouped()
	name, size := m.name("windows"), m.size()
	var w topology.Windows
	switch m.IntN(3) {
	case 0:
		w = topology.Tumbling(size).Grace(grace(s.lag))
	case 1:
		w = topology.Hopping(3*size, size).Grace(grace(s.lag))
	default:
		w = topology.Sliding(size).Grace(grace(s.lag))
	}
	by := g.WindowedBy(w)
	about := "windows of " + s.name
	if onClose := m.IntN(3) == 0; onClose && closed(s.lag) <= maxLag {
		m.results(by.EmitOnClose().Aggregate(zero, add, m.state(name)), s.lag, about+", on close")
		return
	}
	m.windowedTable(by.Aggregate(zero, add, m.state(name)), s.lag, about)
}

func sessions(m *maker) {
	g, s := m.grouped()
	name := m.name("sessions")
	by := g.SessionsBy(topology.Sessions(m.short()).Grace(grace(s.lag)))
	if onClose := m.IntN(3) == 0; onClose && closed(s.lag) <= maxLag {
		m.results(by.EmitOnClose().Aggregate(zero, add, mergeSessions, m.state(name)), s.lag, "sessions of "+s.name+", on close")
		return
	}
	m.windowedTable(by.Aggregate(zero, add, mergeSessions, m.state(name)), s.lag, "sessions of "+s.name)
}

// windowedTable sends what becomes of a windowed table: its changes, or the results
// of its windows when they close.
func (m *maker) windowedTable(t *topology.WindowedTable[string, int64], lag int, about string) {
	t, about = m.storedWindows(t, about)
	if m.IntN(2) == 0 && closed(lag) <= maxLag {
		m.results(t.Suppress(topology.UntilWindowCloses(), m.state(m.name("suppress"))), lag, about+", suppressed")
		return
	}
	topic := m.name("windowed") + "-out"
	m.sinks.tables = append(m.sinks.tables, topic)
	t.ToStream(windowed).To(topic, serde.String, serde.Int64)
	m.note(topic, lag, "%s", about)
}

// storedWindows makes another windowed table with a store of one, half of the time.
func (m *maker) storedWindows(t *topology.WindowedTable[string, int64], about string) (*topology.WindowedTable[string, int64], string) {
	switch m.IntN(6) {
	case 0:
		f, how := m.predicate()
		t, about = t.Filter(func(w topology.Windowed[string], v int64) bool { return f(w.Key, v) }), about+" filtered by "+how
	case 1:
		f, how := m.number()
		t, about = t.MapValuesWithKey(func(w topology.Windowed[string], v int64) int64 { return f(w.Key, v) }), how+" of "+about
	case 2:
		f, how := m.number()
		other := t.MapValuesWithKey(func(w topology.Windowed[string], v int64) int64 { return f(w.Key, v) })
		t, about = t.OuterJoin(other, pair), about+" joined with "+how
	default:
		return t, about
	}
	return t.Materialize(m.state(m.name("stored"))), about
}

// results makes a stream of those of closed windows.
func (m *maker) results(t *topology.WindowedTable[string, int64], lag int, about string) {
	m.stream(t.ToStream(windowed), closed(lag), false, "%s", about)
}

func joinStreams(m *maker) {
	a, b := m.anyStream(), m.anyStream()
	lag := max(a.lag, b.lag)
	// A record out of order without a match at hand is sent without one at once if its
	// window is behind stream time. It can be so in one order and not in another,
	// unless windows are as long as the input.
	long := topology.Within(grace(lag)).Grace(grace(lag))
	all := closed(lag) + lag + 1
	kind := m.IntN(3)
	if all > maxLag {
		kind = 0
	}
	st := topology.JoinAs(m.name("join"), serde.String, serde.Int64, serde.Int64, m.storeOptions()...)
	switch kind {
	case 0:
		m.stream(a.Join(b.stream, topology.Within(m.short()).Grace(grace(lag)), both, st), lag, false, "%s and %s joined", a.name, b.name)
	case 1:
		m.stream(a.LeftJoin(b.stream, long, left, st), all, false, "%s and %s left joined", a.name, b.name)
	default:
		m.stream(a.OuterJoin(b.stream, long, pair, st), all, false, "%s and %s outer joined", a.name, b.name)
	}
}

func joinTable(m *maker) {
	s, t := m.anyStream(), m.settledTable()
	by := topology.RepartitionAs(m.name("lookup"), serde.String, serde.Int64)
	if m.IntN(2) == 0 {
		m.stream(s.JoinTable(t.table, both, by), s.lag, s.ordered, "%s joined with %s", s.name, t.name)
		return
	}
	m.stream(s.LeftJoinTable(t.table, left, by), s.lag, s.ordered, "%s left joined with %s", s.name, t.name)
}

func joinGlobal(m *maker) {
	if m.global == nil {
		m.global = m.b.GlobalTable(globalTopic, serde.String, topology.StoreAs("global", serde.Int64))
	}
	s := m.anyStream()
	f, about := m.key()
	key := func(k string, v int64) (string, bool) { return f(k, v), true }
	m.stream(s.LeftJoinGlobal(m.global, key, left), s.lag, s.ordered, "%s joined with the global table by %s", s.name, about)
}
