package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// GroupedTable is a table whose rows of one group are all processed by one task.
// An aggregate of it follows the rows: when a row changes, its old value is
// subtracted from the aggregate of its old group, and then the new one is added
// to that of its new group.
type GroupedTable[K, V any] struct {
	b *Builder
	// selects is the node that gives rows their groups.
	selects *graph.Node
	name    string
	key     serde.Serde[K]
	value   serde.Serde[V]
	// topic is the source of the repartition topic, which all aggregations of the
	// grouping share. It's nil before the first one.
	topic *graph.Node
}

// valid returns the grouping, or one that can't be built for none.
func (g *GroupedTable[K, V]) valid() *GroupedTable[K, V] {
	if g != nil && g.b != nil {
		return g
	}
	var none *Table[K, V]
	t := none.valid()
	return &GroupedTable[K, V]{b: t.b, selects: t.node}
}

// GroupBy makes each row a member of a group: f returns the group and the value
// that the row has in it. A row for which either is nil belongs to no group.
// Changes go through the repartition topic <application id>-<name>-repartition,
// which all aggregations of the grouping share.
func (t *Table[K, V]) GroupBy[J, W any](name string, f func(K, V) (J, W), k serde.Serde[J], v serde.Serde[W]) *GroupedTable[J, W] {
	return groupRows(t.valid().tableNode, name, f, k, v)
}

// GroupBy makes each row a member of a group, as [Table.GroupBy] does.
func (t *WindowedTable[K, V]) GroupBy[J, W any](name string, f func(Windowed[K], V) (J, W), k serde.Serde[J], v serde.Serde[W]) *GroupedTable[J, W] {
	return groupRows(t.valid().tableNode, name, f, k, v)
}

// groupRows groups the rows of a table.
func groupRows[K, V, J, W any](t *tableNode[K, V], name string, f func(K, V) (J, W), k serde.Serde[J], v serde.Serde[W]) *GroupedTable[J, W] {
	n := &graph.Node{Name: t.b.nodeName("KTABLE-SELECT-", []Option{Named(name)})}
	t.b.needFunc(n.Name, "GroupBy", f == nil)
	t.b.needSerde(n.Name, "grouping's key", k == nil)
	t.b.needSerde(n.Name, "grouping's value", v == nil)
	t.sendOld(n.Name, true)
	link(n, func(_ *graph.Task, at op.Node, out op.Func[J, op.Change[W]]) (op.Func[K, op.Change[V]], error) {
		return op.GroupTable(at, f, k, out), nil
	})
	t.b.g.Add(n, t.node)
	return &GroupedTable[J, W]{b: t.b, selects: n, name: name, key: k, value: v}
}

// Count counts the rows of each group. The count of a group that has lost all its
// rows is 0. A count's timestamp is the highest of the changes that made it.
func (g *GroupedTable[K, V]) Count(st Stored[int64], options ...Option) *Table[K, int64] {
	return aggregateTable(g, st, tableAggregation[K, V, int64]{
		method: "Count", prefix: "KTABLE-AGGREGATE-", fold: op.CountRows[K, V],
	}, options)
}

// Reduce combines the values of each group: add returns the result with a value
// added, sub the result with a value taken out. The first value of a group is its
// first result. A nil result deletes the group's row. A result's timestamp is the
// highest of the changes that made it.
func (g *GroupedTable[K, V]) Reduce(add, sub func(result, value V) V, st Stored[V], options ...Option) *Table[K, V] {
	return aggregateTable(g, st, tableAggregation[K, V, V]{
		method: "Reduce", prefix: "KTABLE-REDUCE-", noFunc: add == nil || sub == nil,
		fold: func(n op.Node) op.GroupFold[K, V, V] { return op.ReduceRows[K](n, add, sub) },
	}, options)
}

// Aggregate combines the values of each group: zero makes the first aggregate,
// add returns the aggregate with a row's value added, and sub the aggregate with
// a value taken out. Both may change the aggregate in place. A nil aggregate
// deletes the group's row. An aggregate's timestamp is the highest of the changes
// that made it.
func (g *GroupedTable[K, V]) Aggregate[A any](zero func() A, add, sub func(K, V, A) A, st Stored[A], options ...Option) *Table[K, A] {
	return aggregateTable(g, st, tableAggregation[K, V, A]{
		method: "Aggregate", prefix: "KTABLE-AGGREGATE-", noFunc: zero == nil || add == nil || sub == nil,
		fold: func(n op.Node) op.GroupFold[K, V, A] { return op.FoldRows(n, zero, add, sub) },
	}, options)
}

// tableAggregation is what distinguishes the aggregations of grouped tables.
type tableAggregation[K, V, A any] struct {
	method string // for messages
	prefix string // of the generated name
	noFunc bool   // a function is missing
	fold   func(op.Node) op.GroupFold[K, V, A]
}

func aggregateTable[K, V, A any](g *GroupedTable[K, V], st Stored[A], a tableAggregation[K, V, A], options []Option) *Table[K, A] {
	g = g.valid()
	b := g.b
	sink, source := b.g.Next("KSTREAM-SINK-"), b.g.Next("KSTREAM-SOURCE-")
	n := &graph.Node{Name: b.nodeName(a.prefix, options)}
	b.needFunc(n.Name, a.method, a.noFunc)
	st.declare(b, n, nil)
	if g.topic == nil {
		g.topic = g.repartition(n.Name, sink, source)
	}
	t := &Table[K, A]{&tableNode[K, A]{b: b, node: n, key: g.key, stored: st}}
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[A]]) (op.Func[K, op.Change[V]], error) {
		rows, out, err := t.heldRows(task, n, out)
		if err != nil {
			return nil, err
		}
		return op.AggregateTable(at, rows, a.fold(at), out), nil
	})
	b.g.Add(n, g.topic)
	return t
}

// repartition adds the topic of the changes and returns the source that reads it.
func (g *GroupedTable[K, V]) repartition(user, sinkName, sourceName string) *graph.Node {
	sink, source := &graph.Node{Name: sinkName}, &graph.Node{Name: sourceName}
	g.b.g.Topic(user, g.name+repartitionSuffix, sink, source, g.selects)
	changes := op.ChangeSerde[V]{Value: g.value}
	buildSink(sink, g.key, changes, op.Target[K, op.Change[V]]{})
	buildSource(source, g.key, changes)
	return source
}
