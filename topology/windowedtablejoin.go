package topology

import (
	"slices"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Join joins the rows of both tables that have the same key and window, as
// [Table.Join] does. Windows are the same that have the same start; sessions must
// have the same end, too.
func (t *WindowedTable[K, V]) Join[V2, R any](other *WindowedTable[K, V2], f func(V, V2) R, options ...Option) *WindowedTable[K, R] {
	return joinWindowed(t, other, innerTables(f), options)
}

// LeftJoin joins each row with the other table's row of the same key and window, as
// Join does, but f gets nil where there's none. The pointer is valid during the
// call.
func (t *WindowedTable[K, V]) LeftJoin[V2, R any](other *WindowedTable[K, V2], f func(V, *V2) R, options ...Option) *WindowedTable[K, R] {
	return joinWindowed(t, other, leftTables(f), options)
}

// OuterJoin joins the rows of both tables that have the same key and window, as
// Join does, but f gets nil for the side that has no row. The pointers are valid
// during the call.
func (t *WindowedTable[K, V]) OuterJoin[V2, R any](other *WindowedTable[K, V2], f func(*V, *V2) R, options ...Option) *WindowedTable[K, R] {
	return joinWindowed(t, other, outerTables(f), options)
}

func joinWindowed[K, V, V2, R any](left *WindowedTable[K, V], right *WindowedTable[K, V2], j tablesJoin[V, V2, R], options []Option) *WindowedTable[K, R] {
	left, right = left.valid(), right.valid()
	b := left.b
	merge, this, other := b.joinNodes(options)
	b.needFunc(merge.Name, j.method, j.noFunc)
	from := right.node
	if !b.sameBuilder(merge.Name, right.b) {
		from = left.node // the graph stays one of this builder's nodes
	}
	this.Stores, other.Stores = right.rows.stores, left.rows.stores
	if !j.needRight { // a left row that was there has had a result
		left.old.ask()
	}
	if !j.needLeft {
		right.old.ask()
	}
	old := &oldValues{from: []*oldValues{left.old, right.old}}
	gone := goneUnseen[Windowed[K]](left.node, from, j.inner())
	sent := func() bool { return old.sent }
	linkSide(this, sent, partner[Windowed[K], V2]{right.rows.lookup, j.needRight, gone}, j.joiner)
	linkSide(other, sent, partner[Windowed[K], V]{left.rows.lookup, j.needLeft, gone}, func() op.Joiner[V2, V, R] { return j.joiner().Flip() })
	link(merge, func(_ *graph.Task, _ op.Node, out op.Func[Windowed[K], op.Change[R]]) (op.Func[Windowed[K], op.Change[R]], error) {
		return out, nil
	})
	b.placeJoin(merge, this, other, left.node, from)
	return &WindowedTable[K, R]{b: b, node: merge, windows: left.windows, old: old, rows: joinedRows(left.rows, right.rows, merge, j.joiner)}
}

// goneUnseen is Table.gone for windowed tables. With record caches any deletion may
// have been made unseen.
func goneUnseen[K any](left, right *graph.Node, inner bool) func(*graph.Task) func(K) (bool, error) {
	return func(task *graph.Task) func(K) (bool, error) {
		if !inner || task.Env.Cache == nil && !graph.Related(left, right) {
			return nil
		}
		return func(K) (bool, error) { return true, nil }
	}
}

// joinedRows is how the rows of a join are made of those of both tables.
func joinedRows[K, V, V2, R any](left windowedRows[K, V], right windowedRows[K, V2], merge *graph.Node, joiner func() op.Joiner[V, V2, R]) windowedRows[K, R] {
	stores := slices.Concat(left.stores, right.stores)
	slices.Sort(stores)
	return windowedRows[K, R]{stores: slices.Compact(stores), lookup: func(task *graph.Task, node string) (op.Lookup[Windowed[K], R], error) {
		return viewJoin(task, node, left.lookup, right.lookup, merge, joiner())
	}}
}
