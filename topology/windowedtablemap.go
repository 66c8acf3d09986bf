package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Filter returns the table of the rows for which keep returns true. An update of a
// row that passed to a value that doesn't is a deletion. Deletions aren't shown to
// keep, but the values before updates are.
func (t *WindowedTable[K, V]) Filter(keep func(Windowed[K], V) bool, options ...Option) *WindowedTable[K, V] {
	return t.filter("Filter", keep, true, options)
}

// FilterNot returns the table of the rows for which drop returns false, otherwise
// as Filter.
func (t *WindowedTable[K, V]) FilterNot(drop func(Windowed[K], V) bool, options ...Option) *WindowedTable[K, V] {
	return t.filter("FilterNot", drop, false, options)
}

func (t *WindowedTable[K, V]) filter(method string, f func(Windowed[K], V) bool, want bool, options []Option) *WindowedTable[K, V] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-FILTER-", options)}
	t.b.needFunc(n.Name, method, f == nil)
	t.old.ask()
	link(n, func(_ *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[V]]) (op.Func[Windowed[K], op.Change[V]], error) {
		return op.FilterWindowed(at, f, want, out), nil
	})
	rows := t.rows.as(n, func(at op.Node, rows op.Lookup[Windowed[K], V]) op.Lookup[Windowed[K], V] {
		return op.FilterRows(at, f, want, rows)
	})
	return &WindowedTable[K, V]{b: t.b, node: t.b.g.Add(n, t.node), windows: t.windows, old: t.old, rows: rows}
}

// MapValues returns the table with other values. A nil value deletes the row.
// Deletions aren't shown to f.
func (t *WindowedTable[K, V]) MapValues[W any](f func(V) W, options ...Option) *WindowedTable[K, W] {
	if f == nil {
		return mapWindowed[K, V, W](t, "MapValues", nil, options)
	}
	return mapWindowed(t, "MapValues", func(_ Windowed[K], v V) W { return f(v) }, options)
}

// MapValuesWithKey returns the table with the values that f makes of each one and
// its key and window. A nil value deletes the row (KIP-149).
func (t *WindowedTable[K, V]) MapValuesWithKey[W any](f func(Windowed[K], V) W, options ...Option) *WindowedTable[K, W] {
	return mapWindowed(t, "MapValuesWithKey", f, options)
}

func mapWindowed[K, V, W any](t *WindowedTable[K, V], method string, f func(Windowed[K], V) W, options []Option) *WindowedTable[K, W] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-MAPVALUES-", options)}
	t.b.needFunc(n.Name, method, f == nil)
	link(n, func(_ *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[W]]) (op.Func[Windowed[K], op.Change[V]], error) {
		return op.MapWindowed(at, f, t.old.sent, out), nil
	})
	rows := t.rows.as(n, func(at op.Node, rows op.Lookup[Windowed[K], V]) op.Lookup[Windowed[K], W] {
		return op.MapRows(at, f, rows)
	})
	return &WindowedTable[K, W]{b: t.b, node: t.b.g.Add(n, t.node), windows: t.windows, old: t.old, rows: rows}
}
