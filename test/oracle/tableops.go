package main

import (
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// rows is a table of data with the serde of its keys.
type rows struct {
	*topology.Table[datum, datum]
	key serde.Serde[datum]
}

// rows implements table. Counts become data.
func (t tableOf[V]) rows() rows {
	if of, ok := any(t.Table).(*topology.Table[datum, datum]); ok {
		return rows{of, t.key}
	}
	stored := topology.StoreAs("data", t.value, topology.IfNeeded())
	return rows{t.MapValues(t.datum).Materialize(stored), t.key}
}

// ofTables applies one operator to tables and another to everything else.
func ofTables(tables, others operator) operator {
	return func(b *builder, s *step) (any, error) {
		switch b.results[s.text("from")].(type) {
		case table, *groupedTable, windowedTable:
			return tables(b, s)
		}
		return others(b, s)
	}
}

// made of other tables, a table is stored where the step has a store, or where its
// rows can't be made of those of other tables.
func (t rows) made(b *builder, s *step, of *topology.Table[datum, datum], v serde.Serde[datum]) (any, error) {
	stored, err := storeAs(b, s, t.key, v)
	if err != nil {
		return nil, err
	}
	return newTable(of.Materialize(stored), t.key, v), nil
}

func filterTable(b *builder, s *step) (any, error) {
	p, err := parsePredicate(s.text("pred"))
	if err != nil {
		return nil, err
	}
	f := func(k, v datum) bool { return p(printed(k), printed(v)) }
	if w, ok := b.results[s.text("from")].(windowedTable); ok {
		return w.filter(f, s.op == "filterNot", s.options()), nil
	}
	in, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	t := in.rows()
	if s.op == "filterNot" {
		return t.made(b, s, t.FilterNot(f, s.options()...), in.serde())
	}
	return t.made(b, s, t.Filter(f, s.options()...), in.serde())
}

func mapTable(b *builder, s *step) (any, error) {
	f, err := parseFunction(s.text("fn"))
	if err != nil {
		return nil, err
	}
	if w, ok := b.results[s.text("from")].(windowedTable); ok {
		return w.mapped(datumOf(f), s.options()), nil
	}
	in, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	t := in.rows()
	return t.made(b, s, t.MapValuesWithKey(datumOf(f), s.options()...), textSerde{})
}

// side is the optional side of a join.
func side(d *datum) *string {
	if d == nil {
		return nil
	}
	return printed(*d)
}

func joinTables(b *builder, s *step) (any, error) {
	if left, ok := b.results[s.text("from")].(windowedTable); ok {
		return joinWindowed(b, s, left)
	}
	left, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	right, err := from[table](b, s, "with")
	if err != nil {
		return nil, err
	}
	j, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	t, with := left.rows(), right.rows().Table
	switch s.op {
	case "join":
		return t.made(b, s, t.Join(with, func(l, r datum) datum { return made(j.f(nil, printed(l), printed(r))) }, s.options()...), textSerde{})
	case "leftJoin":
		return t.made(b, s, t.LeftJoin(with, func(l datum, r *datum) datum { return made(j.f(nil, printed(l), side(r))) }, s.options()...), textSerde{})
	}
	return t.made(b, s, t.OuterJoin(with, func(l, r *datum) datum { return made(j.f(nil, side(l), side(r))) }, s.options()...), textSerde{})
}

func joinWindowed(b *builder, s *step, from windowedTable) (any, error) {
	with, ok := b.results[s.text("with")].(windowedTable)
	if !ok {
		return nil, missing("step %s of a windowed table and another kind", s.op)
	}
	j, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	left, right := from.rows(), with.rows().WindowedTable
	switch s.op {
	case "join":
		return left.table(left.Join(right, func(l, r datum) datum { return made(j.f(nil, printed(l), printed(r))) }, s.options()...)), nil
	case "leftJoin":
		return left.table(left.LeftJoin(right, func(l datum, r *datum) datum { return made(j.f(nil, printed(l), side(r))) }, s.options()...)), nil
	}
	return left.table(left.OuterJoin(right, func(l, r *datum) datum { return made(j.f(nil, side(l), side(r))) }, s.options()...)), nil
}

// joinByForeignKey has the topics of the step's name or id.
func joinByForeignKey(b *builder, s *step) (any, error) {
	left, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	right, err := from[table](b, s, "with")
	if err != nil {
		return nil, err
	}
	f, err := parseFunction(s.text("fk"))
	if err != nil {
		return nil, err
	}
	j, err := parseJoiner(s.text("joiner"))
	if err != nil {
		return nil, err
	}
	key := func(k, v datum) (datum, bool) {
		of := datumOf(f)(k, v)
		return of, of != nil
	}
	t, with := left.rows(), right.rows().Table
	if s.op == "fkJoin" {
		return t.made(b, s, t.JoinByForeignKey(s.name(), with, key, func(l, r datum) datum { return made(j.f(nil, printed(l), printed(r))) }), textSerde{})
	}
	return t.made(b, s, t.LeftJoinByForeignKey(s.name(), with, key, func(l datum, r *datum) datum { return made(j.f(nil, printed(l), side(r))) }), textSerde{})
}

// groupedTable is a grouped table. Without a name each aggregation groups anew,
// under its store's name.
type groupedTable struct {
	by     func(name string) *topology.GroupedTable[datum, datum]
	shared *topology.GroupedTable[datum, datum]
}

func groupTable(b *builder, s *step) (any, error) {
	key, err := parseFunction(s.text("key"))
	if err != nil {
		return nil, err
	}
	of := "value"
	if s.has("value") {
		of = s.text("value")
	}
	value, err := parseFunction(of)
	if err != nil {
		return nil, err
	}
	f := func(k, v datum) (datum, datum) { return datumOf(key)(k, v), datumOf(value)(k, v) }
	g := &groupedTable{}
	if w, ok := b.results[s.text("from")].(windowedTable); ok {
		g.by = func(name string) *topology.GroupedTable[datum, datum] { return w.group(name, f) }
	} else if in, err := from[table](b, s, "from"); err != nil {
		return nil, err
	} else {
		t := in.rows()
		g.by = func(name string) *topology.GroupedTable[datum, datum] {
			return t.GroupBy(name, f, serde.Serde[datum](textSerde{}), serde.Serde[datum](textSerde{}))
		}
	}
	if s.has("name") {
		g.shared = g.by(s.text("name"))
	}
	return g, nil
}

// aggregateTable applies count, reduce and aggregate.
func aggregateTable(b *builder, s *step) (any, error) {
	grouped, err := from[*groupedTable](b, s, "from")
	if err != nil {
		return nil, err
	}
	st, err := storeParam(s)
	if err != nil {
		return nil, err
	}
	g := grouped.shared
	if g == nil {
		g = grouped.by(st.name)
	}
	if s.op == "count" {
		stored, err := storeOf(b, s, textSerde{}, serde.Serde[int64](serde.Int64), counted)
		return tableOf[int64]{Table: g.Count(stored, s.options()...), key: textSerde{}, value: numberSerde{}, datum: counted}, err
	}
	add, err := parseCombiner(s.text("add"))
	if err != nil {
		return nil, err
	}
	sub, err := parseCombiner(s.text("sub"))
	if err != nil {
		return nil, err
	}
	stored, err := storeAs(b, s, textSerde{}, textSerde{})
	if err != nil {
		return nil, err
	}
	fold := func(f combiner) func(g, v datum) datum {
		return func(g, v datum) datum { return made(f(printed(g), printed(v))) }
	}
	if s.op == "reduce" {
		return newTable(g.Reduce(fold(add), fold(sub), stored, s.options()...), textSerde{}, textSerde{}), nil
	}
	init := s.text("init")
	member := func(f combiner) func(k, v, g datum) datum {
		return func(_, v, g datum) datum { return fold(f)(g, v) }
	}
	return newTable(g.Aggregate(func() datum { return text(init) }, member(add), member(sub), stored, s.options()...), textSerde{}, textSerde{}), nil
}
