package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// GroupedStream is a stream whose records of one key are all processed by one
// task, so that they can be aggregated.
type GroupedStream[K, V any] struct {
	s *Stream[K, V]
	// name is the repartition topic's, or empty: then it's the store's.
	name  string
	key   serde.Serde[K]
	value serde.Serde[V]
	// topic is the source of the repartition topic, which all aggregations of the
	// grouping share. It's nil before the first one.
	topic *graph.Node
}

// valid returns the grouping, or one that can't be built for none.
func (g *GroupedStream[K, V]) valid() *GroupedStream[K, V] {
	if g != nil && g.s != nil {
		return g
	}
	var none *Stream[K, V]
	return &GroupedStream[K, V]{s: none.valid()}
}

// GroupByKey groups records by their key. If the key may have changed, records
// go through the repartition topic <application id>-<name>-repartition; the name
// is that of the option [Named], which all aggregations of the grouping then
// share, or the name of the store of each aggregation.
func (s *Stream[K, V]) GroupByKey(k serde.Serde[K], v serde.Serde[V], options ...Option) *GroupedStream[K, V] {
	s = s.valid()
	var o nodeOptions
	present(options, func(f Option) { f.setNode(&o) })
	if o.named {
		if err := graph.CheckName(o.name); err != nil {
			s.b.g.Fail(s.node.Name, "GroupByKey: the name given with Named: %w", err)
		}
	}
	s.b.needSerde(s.node.Name, "grouping's key", k == nil)
	s.b.needSerde(s.node.Name, "grouping's value", v == nil)
	return &GroupedStream[K, V]{s: s, name: o.name, key: k, value: v}
}

// GroupBy groups records by what f makes of each. They go through the repartition
// topic <application id>-<name>-repartition, which all aggregations of the
// grouping share.
func (s *Stream[K, V]) GroupBy[J any](name string, f func(K, V) J, k serde.Serde[J], v serde.Serde[V]) *GroupedStream[J, V] {
	st := step{method: "GroupBy", prefix: "KSTREAM-KEY-SELECT-", noFunc: f == nil, rekeys: true}
	selected := then(s, st, []Option{Named(name)}, func(n op.Node, out op.Func[J, V]) op.Func[K, V] {
		return op.SelectKey(n, f, out)
	})
	return &GroupedStream[J, V]{s: selected, name: name, key: k, value: v}
}

// input returns the node whose records an aggregation takes, after the
// repartition that it needs. The node called user keeps the named store.
func (g *GroupedStream[K, V]) input(user, store string) *graph.Node {
	if !g.s.rekeyed {
		return g.s.node
	}
	if g.topic != nil {
		g.s.b.g.Skip(repartitionNames)
		return g.topic
	}
	to := repartitionTo[K, V]{name: g.name, key: g.key, value: g.value}
	if g.name != "" {
		g.topic = repartition(g.s, user, to)
		return g.topic
	}
	to.name = store
	return repartition(g.s, user, to)
}

// Count counts the records of each key. Records with a null key or a null value
// are dropped. A row's timestamp is the highest of its records.
func (g *GroupedStream[K, V]) Count(st Stored[int64], options ...Option) *Table[K, int64] {
	return aggregate(g, st, aggregation[K, V, int64]{
		method: "Count", prefix: "KSTREAM-AGGREGATE-", fold: op.Count[K, V],
	}, options)
}

// Reduce combines the values of each key: the first one is the first result, and
// f gets the result so far and the next value. Records with a null key or a null
// value are dropped. A nil result deletes the row. A row's timestamp is the
// highest of its records.
func (g *GroupedStream[K, V]) Reduce(f func(V, V) V, st Stored[V], options ...Option) *Table[K, V] {
	return aggregate(g, st, reduction[K](f), options)
}

// Aggregate combines the values of each key: zero makes the first aggregate, and
// add returns the aggregate with a record added. Records with a null key or a
// null value are dropped. A nil aggregate deletes the row. A row's timestamp is
// the highest of its records.
func (g *GroupedStream[K, V]) Aggregate[A any](zero func() A, add func(K, V, A) A, st Stored[A], options ...Option) *Table[K, A] {
	return aggregate(g, st, addition(zero, add), options)
}

// aggregation is what distinguishes the aggregations of grouped streams.
type aggregation[K, V, A any] struct {
	method string   // for messages
	prefix string   // of the generated name
	noFunc bool     // a function is missing
	zero   func() A // makes what an aggregate starts with, nil for a first value
	fold   func(op.Node) op.Fold[K, V, A]
}

func reduction[K, V any](f func(V, V) V) aggregation[K, V, V] {
	return aggregation[K, V, V]{
		method: "Reduce", prefix: "KSTREAM-REDUCE-", noFunc: f == nil,
		fold: func(n op.Node) op.Fold[K, V, V] { return op.Reduce[K](n, f) },
	}
}

func addition[K, V, A any](zero func() A, add func(K, V, A) A) aggregation[K, V, A] {
	return aggregation[K, V, A]{
		method: "Aggregate", prefix: "KSTREAM-AGGREGATE-", noFunc: zero == nil || add == nil,
		zero: zero,
		fold: func(n op.Node) op.Fold[K, V, A] { return op.Add(n, zero, add) },
	}
}

// place adds the aggregation's node to the graph, behind the repartition that it
// needs. The store is a key-value store unless a shape is given.
func (a aggregation[K, V, A]) place(g *GroupedStream[K, V], st Stored[A], w *storeShape, options []Option) *graph.Node {
	b := g.s.b
	n := &graph.Node{Name: b.nodeName(a.prefix, options)}
	b.needFunc(n.Name, a.method, a.noFunc)
	st.declare(b, n, w)
	return b.g.Add(n, g.input(n.Name, st.name))
}

func aggregate[K, V, A any](g *GroupedStream[K, V], st Stored[A], a aggregation[K, V, A], options []Option) *Table[K, A] {
	g = g.valid()
	n := a.place(g, st, nil, options)
	t := &Table[K, A]{&tableNode[K, A]{b: g.s.b, node: n, key: g.key, stored: st}}
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[A]]) (op.Func[K, V], error) {
		rows, out, err := t.heldRows(task, n, out)
		if err != nil {
			return nil, err
		}
		return op.Aggregate(at, rows, a.fold(at), out), nil
	})
	return t
}
