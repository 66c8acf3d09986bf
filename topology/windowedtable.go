package topology

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// WindowedTable is a table with a row for each key and window. It's a type apart
// from Table because its rows aren't placed by their whole key.
type WindowedTable[K, V any] struct {
	b       *Builder
	node    *graph.Node
	windows tableWindows[K]
	// old is shared by the tables from an aggregation or a join on.
	old *oldValues
	// rows is how the rows are read.
	rows windowedRows[K, V]
}

// oldValues says that changes carry the values before them. It's asked for while the
// topology is written down, by what stands behind.
type oldValues struct {
	sent bool
	from []*oldValues
}

// ask has the changes carry old values.
func (o *oldValues) ask() {
	o.sent = true
	for _, from := range o.from {
		from.ask()
	}
}

// windowedRows is how nodes read the rows of a windowed table.
type windowedRows[K, V any] struct {
	// stores are the names of the stores that the rows are in, or are made of.
	stores []string
	lookup lookup[Windowed[K], V]
}

// as returns how the rows are read that build makes of these. The functions that
// make them are those of the node n, whichever node reads.
func (r windowedRows[K, V]) as[W any](n *graph.Node, build func(op.Node, op.Lookup[Windowed[K], V]) op.Lookup[Windowed[K], W]) windowedRows[K, W] {
	return windowedRows[K, W]{stores: r.stores, lookup: func(task *graph.Task, node string) (op.Lookup[Windowed[K], W], error) {
		rows, err := r.lookup(task, node)
		if err != nil {
			return nil, err
		}
		return build(operator(task, n), rows), nil
	}}
}

// windowRowsIn is how the rows of a window store are read.
func windowRowsIn[K, A any](st Stored[A], k serde.Serde[K]) windowedRows[K, A] {
	return windowedRows[K, A]{stores: []string{st.name}, lookup: func(task *graph.Task, node string) (op.Lookup[Windowed[K], A], error) {
		raw, err := open(task, node, st.name)
		if err != nil {
			return nil, err
		}
		store, err := statestore.NewWindow(raw, k, st.value)
		if err != nil {
			return nil, storeError(node, st.name, err)
		}
		return op.RowsOfWindows(store), nil
	}}
}

// sessionRowsIn is how the rows of a session store are read.
func sessionRowsIn[K, A any](st Stored[A], k serde.Serde[K]) windowedRows[K, A] {
	return windowedRows[K, A]{stores: []string{st.name}, lookup: func(task *graph.Task, node string) (op.Lookup[Windowed[K], A], error) {
		raw, err := open(task, node, st.name)
		if err != nil {
			return nil, err
		}
		store, err := statestore.NewSession(raw, k, st.value)
		if err != nil {
			return nil, storeError(node, st.name, err)
		}
		return op.RowsOfSessions(store), nil
	}}
}

// valid returns the table, or one that can't be built for none.
func (t *WindowedTable[K, V]) valid() *WindowedTable[K, V] {
	if t != nil && t.b != nil {
		return t
	}
	var none *Table[K, V]
	t0 := none.valid()
	return &WindowedTable[K, V]{b: t0.b, node: t0.node, old: &oldValues{}}
}

// ToStream returns the stream of all updates of the table, with the keys that
// the function makes of the windowed ones: [WindowKey], [WithoutWindow] or any
// other. A deleted row is a null value. A grouping or a join behind it takes a
// repartition topic, unless [Stream.MarkAsPartitioned] says that it needs none, which
// is so behind WindowKey and WithoutWindow.
func (t *WindowedTable[K, V]) ToStream[J any](key func(Windowed[K]) J, options ...Option) *Stream[J, V] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-TOSTREAM-", options)}
	t.b.needFunc(n.Name, "ToStream", key == nil)
	link(n, func(_ *graph.Task, at op.Node, out op.Func[J, V]) (op.Func[Windowed[K], op.Change[V]], error) {
		return op.RekeyChanges(at, key, out), nil
	})
	return &Stream[J, V]{b: t.b, node: t.b.g.Add(n, t.node), rekeyed: true}
}
