package topology

import (
	"slices"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Transformer makes the rows of a table from those of another. It may have state
// stores, schedule functions, and fail, but not forward.
//
// Each task makes one of its own and uses it on one goroutine; what a [Processor]
// may keep, begin and end with holds for it, too.
type Transformer[K, V, W any] interface {
	// Transform returns the value of a row, given the row of the same key that it's
	// made of: with a null value where that was deleted. Without ok, or with a nil,
	// there is no row. An error stops the application.
	Transform(c *ProcessingContext, r FixedKeyRecord[K, V]) (w W, ok bool, err error)
}

// Transform replaces the value of each row by what a transformer makes of it.
// supply makes one for each task, a new one each time it's called; that's tried
// twice while the topology is written. The stores whose handles are given can be
// opened by it.
//
// Unlike the function of MapValues it's also called for rows that are deleted. What
// a row was before is read from the store where the result is materialized; where
// it isn't and something needs it, the transformer is called again with the value
// before. A join with a result that isn't materialized calls a transformer for each
// row that it reads, another one of the same task (KIP-292).
func (t *Table[K, V]) Transform[W any](supply func() Transformer[K, V, W], options ...ProcessOption) *Table[K, W] {
	return &Table[K, W]{transformTable(t.valid().tableNode, supply, options)}
}

func transformTable[K, V, W any](t *tableNode[K, V], supply func() Transformer[K, V, W], options []ProcessOption) *tableNode[K, W] {
	n := processorNode(t.b, "KTABLE-TRANSFORMVALUES-", options)
	checkSupply[*ProcessingContext](t.b, n.Name, "Transform", supply)
	// Reading the rows takes the transformer's stores as well.
	from := transformed[K, V]{tableNode: t, stores: slices.Clone(n.Stores)}
	t.b.g.Add(n, t.node)
	result := &tableNode[K, W]{b: t.b, node: n, key: t.key, tableState: tableState{from: []upstream{from}}}
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[W]]) (op.Func[K, op.Change[V]], error) {
		rows, out, err := result.heldRows(task, n, out)
		if err != nil {
			return nil, err
		}
		f, err := transformer(task, at, n, supply)
		if err != nil {
			return nil, err
		}
		return op.TransformTable(at, f, rows, out), nil
	})
	result.view = func(task *graph.Task, by reader) (op.Lookup[K, W], error) {
		rows, err := t.lookupFor(task, by)
		if err != nil {
			return nil, err
		}
		at := operator(task, n)
		f, err := transformer(task, at, n, supply)
		if err != nil {
			return nil, err
		}
		return op.TransformRows(at, f, rows), nil
	}
	return result
}

// transformed is the table that a transformed one is made of.
type transformed[K, V any] struct {
	*tableNode[K, V]
	stores []string
}

func (t transformed[K, V]) read(user string) []string {
	stores := append(t.tableNode.read(user), t.stores...)
	slices.Sort(stores)
	return slices.Compact(stores)
}

// transformer returns a new transformer of a task as a function.
func transformer[K, V, W any](task *graph.Task, at op.Node, n *graph.Node, supply func() Transformer[K, V, W]) (op.Transformer[K, V, W], error) {
	c, err := newContext(task, at, n)
	if err != nil {
		return nil, err
	}
	p := supply()
	c.live(p, c)
	return func(r *op.Record[K, V]) (W, bool, error) {
		c.begin()
		w, ok, err := p.Transform(c, fixedKey(r))
		return w, ok, c.finish(err)
	}, nil
}
