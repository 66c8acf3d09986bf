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
	return &Table[K, V]{filterTable(t.valid().tableNode, "Filter", keep, true, options)}
}

// FilterNot keeps the rows for which drop returns false, as [Table.Filter] does
// with those for which it's true.
func (t *Table[K, V]) FilterNot(drop func(K, V) bool, options ...Option) *Table[K, V] {
	return &Table[K, V]{filterTable(t.valid().tableNode, "FilterNot", drop, false, options)}
}

func filterTable[K, V any](t *tableNode[K, V], method string, f func(K, V) bool, want bool, options []Option) *tableNode[K, V] {
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
	result.view = viewed(t, n, func(at op.Node, rows op.Lookup[K, V]) op.Lookup[K, V] {
		return op.FilterRows(at, f, want, rows)
	})
	return result
}

// MapValues replaces the value of each row. A nil result deletes the row.
func (t *Table[K, V]) MapValues[W any](f func(V) W, options ...Option) *Table[K, W] {
	return &Table[K, W]{mapTable(t.valid().tableNode, "MapValues", ofValue[K](f), options)}
}

// MapValuesWithKey replaces the value of each row by what f makes of it and its
// key, which stays. A nil result deletes the row (KIP-149).
func (t *Table[K, V]) MapValuesWithKey[W any](f func(K, V) W, options ...Option) *Table[K, W] {
	return &Table[K, W]{mapTable(t.valid().tableNode, "MapValuesWithKey", f, options)}
}

// ofValue is a function of a value alone as one of the key, too.
func ofValue[K, V, W any](f func(V) W) func(K, V) W {
	if f == nil {
		return nil
	}
	return func(_ K, v V) W { return f(v) }
}

func mapTable[K, V, W any](t *tableNode[K, V], method string, f func(K, V) W, options []Option) *tableNode[K, W] {
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
	result.view = viewed(t, n, func(at op.Node, rows op.Lookup[K, V]) op.Lookup[K, W] {
		return op.MapRows(at, f, rows)
	})
	return result
}

// derive adds a node whose table is made of another one.
func derive[K, V, W any](t *tableNode[K, V], n *graph.Node) *tableNode[K, W] {
	t.b.g.Add(n, t.node)
	return &tableNode[K, W]{b: t.b, node: n, key: t.key, tableState: tableState{from: []upstream{t}}}
}

// viewed returns how rows are read through the table that they are made of. The
// functions that make them are those of the node n, whichever node reads.
func viewed[K, V, W any](t *tableNode[K, V], n *graph.Node, build func(op.Node, op.Lookup[K, V]) op.Lookup[K, W]) view[K, W] {
	return func(task *graph.Task, by reader) (op.Lookup[K, W], error) {
		rows, err := t.lookupFor(task, by)
		if err != nil {
			return nil, err
		}
		return build(operator(task, n), rows), nil
	}
}
