package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// WindowedTable is a table with a row for each key and window. It's a type apart
// from Table because its rows aren't placed by their whole key.
type WindowedTable[K, V any] struct {
	b       *Builder
	node    *graph.Node
	windows tableWindows[K]
	// old says that changes carry the values before them. It's set while the topology
	// is written down, by what stands behind, for all tables from the aggregation on.
	old *bool
}

// valid returns the table, or one that can't be built for none.
func (t *WindowedTable[K, V]) valid() *WindowedTable[K, V] {
	if t != nil && t.b != nil {
		return t
	}
	var none *Table[K, V]
	t0 := none.valid()
	return &WindowedTable[K, V]{b: t0.b, node: t0.node, old: new(bool)}
}

// ToStream returns the stream of all updates of the table, with the keys that
// the function makes of the windowed ones: [WindowKey], [WithoutWindow] or any
// other. A deleted row is a null value. A grouping or a join behind it takes a
// repartition topic.
func (t *WindowedTable[K, V]) ToStream[J any](key func(Windowed[K]) J, options ...Option) *Stream[J, V] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-TOSTREAM-", options)}
	t.b.needFunc(n.Name, "ToStream", key == nil)
	link(n, func(_ *graph.Task, at op.Node, out op.Func[J, V]) (op.Func[Windowed[K], op.Change[V]], error) {
		return op.RekeyChanges(at, key, out), nil
	})
	return &Stream[J, V]{b: t.b, node: t.b.g.Add(n, t.node), rekeyed: true}
}
