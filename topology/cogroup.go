package topology

import (
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Cogrouped is several grouped streams, of values of different types, that are
// aggregated together: each has a function that adds its records to the one
// aggregate of their key.
type Cogrouped[K, A any] struct {
	b      *Builder
	key    serde.Serde[K]
	inputs []cogroupInput[K, A]
}

// cogroupInput is one of the grouped streams, with the type of its values hidden.
type cogroupInput[K, A any] interface {
	// place returns the node whose records are aggregated, after the repartition that
	// it needs. The node called user keeps the named store.
	place(user, store string) *graph.Node
	// check notes what's wrong on behalf of the node, and returns whether the stream
	// is one of the builder.
	check(b *Builder, node string) bool
	// The others make the node's operators. Rows are opened for each task.
	plain(n *graph.Node, zero func() A, rows keyValueRows[K, A])
	windowed(n *graph.Node, zero func() A, w windowShape, rows windowRows[K, A])
	sessions(n *graph.Node, zero func() A, merge func(K, A, A) A, rows sessionRows[K, A])
}

// Cogroup starts a group of streams that are aggregated together. add returns the
// aggregate with a record of this stream added; it may change it in place
// (KIP-150).
func (g *GroupedStream[K, V]) Cogroup[A any](add func(K, V, A) A) *Cogrouped[K, A] {
	g = g.valid()
	return &Cogrouped[K, A]{b: g.s.b, key: g.key, inputs: []cogroupInput[K, A]{&cogroupOf[K, V, A]{g: g, add: add}}}
}

// And returns the group with another stream, whose records add adds to the
// aggregate. Its keys must be written as those of the first stream.
func (c *Cogrouped[K, A]) And[V any](g *GroupedStream[K, V], add func(K, V, A) A) *Cogrouped[K, A] {
	c, g = c.valid(), g.valid()
	return &Cogrouped[K, A]{b: c.b, key: c.key, inputs: append(slices.Clip(c.inputs), &cogroupOf[K, V, A]{g: g, add: add})}
}

// valid returns the group, or one that can't be built for none.
func (c *Cogrouped[K, A]) valid() *Cogrouped[K, A] {
	if c != nil && c.b != nil {
		return c
	}
	var none *Stream[K, A]
	s := none.valid()
	s.b.g.Fail(s.node.Name, "the group of streams is nil or empty: start it with Cogroup")
	return &Cogrouped[K, A]{b: s.b}
}

// Aggregate combines the records of each key: zero makes the first aggregate.
// Records with a null key or a null value are dropped. A nil aggregate deletes the
// row. A row's timestamp is the highest of its records.
//
// All streams must be partitioned alike, which is checked when the application
// starts. The option [Named] gives the nodes <name>-cogroup-agg-<i>, from 0 on in
// the order of the streams, and <name>-cogroup-merge.
func (c *Cogrouped[K, A]) Aggregate(zero func() A, st Stored[A], options ...Option) *Table[K, A] {
	c = c.valid()
	n := c.place(st, nil, zero == nil, options)
	t := &Table[K, A]{&tableNode[K, A]{b: c.b, node: n.merge, key: c.key, stored: st}}
	for i, input := range c.inputs {
		input.plain(n.aggregates[i], zero, t.heldRows)
	}
	link(n.merge, func(_ *graph.Task, _ op.Node, out op.Func[K, op.Change[A]]) (op.Func[K, op.Change[A]], error) {
		return out, nil
	})
	return t
}

// cogroupNodes are the nodes of an aggregation of several streams.
type cogroupNodes struct {
	aggregates []*graph.Node
	merge      *graph.Node
}

// place adds the nodes of the aggregation to the graph: one for each stream, which
// have the store in common, behind the repartitions that they need.
func (c *Cogrouped[K, A]) place(st Stored[A], shape *storeShape, noFunc bool, options []Option) cogroupNodes {
	var o nodeOptions
	present(options, func(f Option) { f.setNode(&o) })
	var parents []*graph.Node
	for _, input := range c.inputs {
		parents = append(parents, input.place("the cogroup with store "+st.name, st.name))
	}
	var n cogroupNodes
	for i, parent := range parents {
		named := o
		named.name = fmt.Sprintf("%s-cogroup-agg-%d", o.name, i)
		node := &graph.Node{Name: c.b.pick("COGROUPKSTREAM-AGGREGATE-", named)}
		if i == 0 {
			st.declare(c.b, node, shape)
			c.b.needFunc(node.Name, "Aggregate", noFunc)
		} else {
			node.Stores = []string{st.name}
		}
		if c.inputs[i].check(c.b, node.Name) {
			c.b.g.Add(node, parent)
		}
		n.aggregates = append(n.aggregates, node)
	}
	o.name += "-cogroup-merge"
	n.merge = c.b.g.Add(&graph.Node{Name: c.b.pick("COGROUPKSTREAM-MERGE-", o)}, n.aggregates...)
	if len(parents) > 1 {
		c.b.g.CoPartition(n.merge, parents...)
	}
	return n
}

// cogroupOf is a grouped stream and the function for its records.
type cogroupOf[K, V, A any] struct {
	g   *GroupedStream[K, V]
	add func(K, V, A) A
	// input is what the first aggregation reads, and the others with it.
	input *graph.Node
}

// place leaves it to the grouping if that has a name: its topic is that of all who
// aggregate it.
func (c *cogroupOf[K, V, A]) place(user, store string) *graph.Node {
	if c.input == nil || c.g.topic != nil {
		c.input = c.g.input(user, store)
	} else if c.g.s.rekeyed {
		c.g.s.b.g.Skip(repartitionNames)
	}
	return c.input
}

func (c *cogroupOf[K, V, A]) check(b *Builder, node string) bool {
	b.needFunc(node, "Cogroup", c.add == nil)
	return b.sameBuilder(node, c.g.s.b)
}

func (c *cogroupOf[K, V, A]) plain(n *graph.Node, zero func() A, rows keyValueRows[K, A]) {
	link(n, func(t *graph.Task, at op.Node, out op.Func[K, op.Change[A]]) (op.Func[K, V], error) {
		table, out, err := rows(t, n, out)
		if err != nil {
			return nil, err
		}
		return op.Aggregate(at, table, op.Add(at, zero, c.add), out), nil
	})
}

func (c *cogroupOf[K, V, A]) windowed(n *graph.Node, zero func() A, w windowShape, open windowRows[K, A]) {
	link(n, func(t *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[A]]) (op.Func[K, V], error) {
		rows, err := open(t, n, out)
		if err != nil {
			return nil, err
		}
		return aggregateWindows(rows, w, c.g.key, op.Add(at, zero, c.add)), nil
	})
}

func (c *cogroupOf[K, V, A]) sessions(n *graph.Node, zero func() A, merge func(K, A, A) A, open sessionRows[K, A]) {
	link(n, func(t *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[A]]) (op.Func[K, V], error) {
		rows, err := open(t, n, out)
		if err != nil {
			return nil, err
		}
		return op.SessionAggregate(rows, op.Add(at, zero, c.add), op.MergeAggregates(at, zero, merge)), nil
	})
}
