package metamorphic

import (
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// kept materializes some of the tables. Of the others it only says how values are
// written.
func (m *maker) kept(t *table, lag int, settled bool, format string, args ...any) {
	name := m.name("kept")
	if m.IntN(2) == 0 {
		m.table(t.Materialize(m.store(name)), lag, settled, format+", in "+name, args...)
		return
	}
	t = t.Materialize(topology.StoreAs(name, serde.Int64, append(m.storeOptions(), topology.IfNeeded())...))
	m.table(t, lag, settled, format, args...)
}

func filterTable(m *maker) {
	t := m.anyTable()
	f, about := m.predicate()
	m.kept(t.Filter(f), t.lag, t.settled, "%s filtered by %s", t.name, about)
}

func mapTable(m *maker) {
	t := m.anyTable()
	f, about := m.number()
	m.kept(t.MapValuesWithKey(f), t.lag, t.settled, "%s of %s", about, t.name)
}

func joinTables(m *maker) {
	a, b := m.anyTable(), m.anyTable()
	lag, settled := max(a.lag, b.lag), a.settled && b.settled
	// What its rows were only a stored join knows where both sides may have changed:
	// see docs/parity.md.
	name := m.name("joined")
	of := func(t *table) *table { return t.Materialize(m.store(name)) }
	switch m.IntN(3) {
	case 0:
		m.table(of(a.Join(b.table, both)), lag, settled, "%s and %s joined", a.name, b.name)
	case 1:
		m.table(of(a.LeftJoin(b.table, left)), lag, settled, "%s and %s left joined", a.name, b.name)
	default:
		m.table(of(a.OuterJoin(b.table, pair)), lag, settled, "%s and %s outer joined", a.name, b.name)
	}
}

func joinByForeignKey(m *maker) {
	a, b := m.anyTable(), m.anyTable()
	key, about := m.key()
	foreign := func(k string, v int64) (string, bool) { return key(k, v), v%17 != 0 || closing(k) }
	lag, settled, name := max(a.lag, b.lag), a.settled && b.settled, m.name("foreign")
	if m.IntN(2) == 0 {
		m.kept(a.JoinByForeignKey(name, b.table, foreign, both), lag, settled, "%s joined by %s with %s", a.name, about, b.name)
		return
	}
	m.kept(a.LeftJoinByForeignKey(name, b.table, foreign, left), lag, settled, "%s left joined by %s with %s", a.name, about, b.name)
}

func groupTable(m *maker) {
	t := m.anyTable()
	key, about := m.key()
	g := t.GroupBy(m.name("grouped"), func(k string, v int64) (string, int64) { return key(k, v), v }, serde.String, serde.Int64)
	name := m.name("aggregate")
	var made *table
	switch m.IntN(3) {
	case 0:
		made = g.Count(m.state(name))
	case 1:
		made = g.Reduce(sum, func(a, b int64) int64 { return a - b }, m.state(name))
	default:
		made = g.Aggregate(zero, add, subtract, m.state(name))
	}
	// A group that has lost its rows is 0. With a cache it may never have been there.
	m.kept(made.Filter(func(k string, v int64) bool { return v != 0 || closing(k) }), t.lag, t.settled, "aggregate of %s by %s", t.name, about)
}

func suppressTable(m *maker) {
	t := m.anyTable()
	until := topology.UntilTimeLimit(time.Duration(1+m.IntN(100)) * time.Millisecond)
	m.kept(t.Suppress(until, m.state(m.name("suppress"))), t.lag+1, false, "%s suppressed", t.name)
}

// doubled is a transformer.
type doubled struct{}

// Transform implements topology.Transformer.
func (doubled) Transform(_ *topology.ProcessingContext, r topology.FixedKeyRecord[string, int64]) (int64, bool, error) {
	return 2 * r.Value % modulus, !r.NullValue, nil
}

func transformTable(m *maker) {
	t := m.anyTable()
	supply := func() topology.Transformer[string, int64, int64] { return doubled{} }
	m.kept(t.Transform(supply), t.lag, t.settled, "%s doubled", t.name)
}

// number counts the records of each key: which record has which number depends on
// the order, the numbers don't.
func number(m *maker) {
	s := m.anyStream()
	name := m.name("numbers")
	f, _ := m.key()
	numbers := m.b.KeyValueStore(name, serde.String, serde.Int64, m.storeOptions()...)
	by := s.SelectKey(f).Repartition(m.name("repartitioned"), serde.String, serde.Int64)
	made := by.Process(func() topology.Processor[string, int64, string, int64] {
		return topology.ProcessorFunc[string, int64, string, int64](func(c *topology.Context[string, int64], r topology.Record[string, int64]) error {
			if closing(r.Key) {
				return c.Forward(r)
			}
			store, err := c.Open(numbers)
			if err != nil {
				return err
			}
			n, _, _, err := store.Get(r.Key)
			if err != nil {
				return err
			}
			n++
			r.Value, r.Timestamp = n, n
			r.NullValue = false
			if err := store.Put(r.Key, n, n); err != nil {
				return err
			}
			return c.Forward(r)
		})
	}, numbers)
	m.stream(made, s.lag, false, "%s numbered in %s", s.name, name)
}
