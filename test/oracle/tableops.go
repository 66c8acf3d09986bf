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
		return filterWindowed(b, s, w, f)
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
		return mapWindowed(b, s, w, datumOf(f))
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

// inner, left and outer are a joiner of tables, which sees no key.
func inner(j joiner) func(l, r datum) datum {
	return func(l, r datum) datum { return made(j.f(nil, printed(l), printed(r))) }
}

func left(j joiner) func(l datum, r *datum) datum {
	return func(l datum, r *datum) datum { return made(j.f(nil, printed(l), side(r))) }
}

func outer(j joiner) func(l, r *datum) datum {
	return func(l, r *datum) datum { return made(j.f(nil, side(l), side(r))) }
}

func joinTables(b *builder, s *step) (any, error) {
	if w, ok := b.results[s.text("from")].(windowedTable); ok {
		return joinWindowed(b, s, w)
	}
	in, err := from[table](b, s, "from")
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
	t, with := in.rows(), right.rows().Table
	switch s.op {
	case "join":
		return t.made(b, s, t.Join(with, inner(j), s.options()...), textSerde{})
	case "leftJoin":
		return t.made(b, s, t.LeftJoin(with, left(j), s.options()...), textSerde{})
	}
	return t.made(b, s, t.OuterJoin(with, outer(j), s.options()...), textSerde{})
}

// foreignKey is what a step says of a join by foreign key but its left table.
type foreignKey struct {
	with   *topology.Table[datum, datum]
	of     func(k, v datum) (datum, bool)
	joiner joiner
}

func foreignKeyParams(b *builder, s *step) (k foreignKey, err error) {
	right, err := from[table](b, s, "with")
	if err != nil {
		return k, err
	}
	f, err := parseFunction(s.text("fk"))
	if err != nil {
		return k, err
	}
	k.with = right.rows().Table
	k.of = func(k, v datum) (datum, bool) {
		of := datumOf(f)(k, v)
		return of, of != nil
	}
	k.joiner, err = parseJoiner(s.text("joiner"))
	return k, err
}

// joinByForeignKey has the topics of the step's name or id.
func joinByForeignKey(b *builder, s *step) (any, error) {
	k, err := foreignKeyParams(b, s)
	if err != nil {
		return nil, err
	}
	if w, ok := b.results[s.text("from")].(windowedTable); ok {
		return joinWindowedByForeignKey(b, s, w, k)
	}
	in, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	t := in.rows()
	if s.op == "fkJoin" {
		return t.made(b, s, t.JoinByForeignKey(s.name(), k.with, k.of, inner(k.joiner)), textSerde{})
	}
	return t.made(b, s, t.LeftJoinByForeignKey(s.name(), k.with, k.of, left(k.joiner)), textSerde{})
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
		t := w.rows()
		g.by = func(name string) *topology.GroupedTable[datum, datum] {
			return t.GroupBy(name, keyedTwice(t.spans, f), serde.Serde[datum](textSerde{}), serde.Serde[datum](textSerde{}))
		}
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
