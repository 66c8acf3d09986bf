package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Filter keeps the rows for which keep returns true. A row that no longer passes
// is deleted from the result.
//
// If the table is stored, nothing is sent for a row that didn't pass before
// either; otherwise a deletion is sent for every row that doesn't pass.
func (t *Table[K, V]) Filter(keep func(K, V) bool, options ...Option) *Table[K, V] {
	return t.filter("Filter", keep, true, options)
}

// FilterNot keeps the rows for which drop returns false, as [Table.Filter] does
// with those for which it's true.
func (t *Table[K, V]) FilterNot(drop func(K, V) bool, options ...Option) *Table[K, V] {
	return t.filter("FilterNot", drop, false, options)
}

func (t *Table[K, V]) filter(method string, f func(K, V) bool, want bool, options []Option) *Table[K, V] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-FILTER-", options)}
	t.b.needFunc(n.Name, method, f == nil)
	result := derive[K, V, V](t, n)
	result.stored.value = t.stored.value
	result.old = t.sendOld(n.Name, false)
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[V]]) (op.Func[K, op.Change[V]], error) {
		rows, out, err := result.heldRows(task, n, out)
		if err != nil {
			return nil, err
		}
		return op.FilterTable(at, f, want, rows, out), nil
	})
	result.view = view(t, n, func(at op.Node, rows op.Lookup[K, V]) op.Lookup[K, V] {
		return op.FilterRows(at, f, want, rows)
	})
	return result
}

// MapValues replaces the value of each row. A nil result deletes the row.
func (t *Table[K, V]) MapValues[W any](f func(V) W, options ...Option) *Table[K, W] {
	if f == nil {
		return mapTable[K, V, W](t, "MapValues", nil, options)
	}
	return mapTable(t, "MapValues", func(_ K, v V) W { return f(v) }, options)
}

// MapValuesWithKey replaces the value of each row by what f makes of it and its
// key, which stays. A nil result deletes the row (KIP-149).
func (t *Table[K, V]) MapValuesWithKey[W any](f func(K, V) W, options ...Option) *Table[K, W] {
	return mapTable(t, "MapValuesWithKey", f, options)
}

func mapTable[K, V, W any](t *Table[K, V], method string, f func(K, V) W, options []Option) *Table[K, W] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-MAPVALUES-", options)}
	t.b.needFunc(n.Name, method, f == nil)
	result := derive[K, V, W](t, n)
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[W]]) (op.Func[K, op.Change[V]], error) {
		rows, out, err := result.heldRows(task, n, out)
		if err != nil {
			return nil, err
		}
		return op.MapTable(at, f, rows, out), nil
	})
	result.view = view(t, n, func(at op.Node, rows op.Lookup[K, V]) op.Lookup[K, W] {
		return op.MapRows(at, f, rows)
	})
	return result
}

// derive adds a node whose table is made of another one.
func derive[K, V, W any](t *Table[K, V], n *graph.Node) *Table[K, W] {
	t.b.g.Add(n, t.node)
	return &Table[K, W]{b: t.b, node: n, key: t.key, tableState: tableState{from: []upstream{t}}}
}

// view returns how rows are read through the table that they are made of. The
// functions that make them are those of the node n, whichever node reads.
func view[K, V, W any](t *Table[K, V], n *graph.Node, build func(op.Node, op.Lookup[K, V]) op.Lookup[K, W]) func(*graph.Task, reader) (op.Lookup[K, W], error) {
	return func(task *graph.Task, by reader) (op.Lookup[K, W], error) {
		rows, err := t.lookupFor(task, by)
		if err != nil {
			return nil, err
		}
		return build(operator(task, n), rows), nil
	}
}
