package topology

import (
	"slices"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Join joins the rows of both tables that have the same key: a row of the result
// is there while both are. Its timestamp is the higher one of theirs. A change on
// either side changes the result; a deletion on one side is passed on whenever
// the other has a row.
//
// Both tables must be partitioned alike, which is checked when the application
// starts. A nil result of f deletes the row.
func (t *Table[K, V]) Join[V2, R any](other *Table[K, V2], f func(V, V2) R, options ...Option) *Table[K, R] {
	return &Table[K, R]{joinTables(t.valid().tableNode, other.valid().tableNode, innerTables(f), options)}
}

// LeftJoin joins each row with the other table's row of the same key, as
// [Table.Join] does, but f gets nil where there's none. The pointer is valid
// during the call.
func (t *Table[K, V]) LeftJoin[V2, R any](other *Table[K, V2], f func(V, *V2) R, options ...Option) *Table[K, R] {
	return &Table[K, R]{joinTables(t.valid().tableNode, other.valid().tableNode, leftTables(f), options)}
}

// OuterJoin joins the rows of both tables that have the same key, as [Table.Join]
// does, but f gets nil for the side that has no row. The pointers are valid
// during the call.
func (t *Table[K, V]) OuterJoin[V2, R any](other *Table[K, V2], f func(*V, *V2) R, options ...Option) *Table[K, R] {
	return &Table[K, R]{joinTables(t.valid().tableNode, other.valid().tableNode, outerTables(f), options)}
}

// tablesJoin is what distinguishes the joins of two tables.
type tablesJoin[V, V2, R any] struct {
	method string // for messages
	noFunc bool   // a function is missing
	// needLeft and needRight say which rows a row of the result needs.
	needLeft, needRight bool
	// joiner makes a joiner, of which each operator of a task has its own.
	joiner func() op.Joiner[V, V2, R]
}

func innerTables[V, V2, R any](f func(V, V2) R) tablesJoin[V, V2, R] {
	return tablesJoin[V, V2, R]{
		method: "Join", noFunc: f == nil, needLeft: true, needRight: true,
		joiner: func() op.Joiner[V, V2, R] { return op.InnerJoiner(f) },
	}
}

func leftTables[V, V2, R any](f func(V, *V2) R) tablesJoin[V, V2, R] {
	return tablesJoin[V, V2, R]{
		method: "LeftJoin", noFunc: f == nil, needLeft: true,
		joiner: func() op.Joiner[V, V2, R] { return op.LeftJoiner(f) },
	}
}

func outerTables[V, V2, R any](f func(*V, *V2) R) tablesJoin[V, V2, R] {
	return tablesJoin[V, V2, R]{
		method: "OuterJoin", noFunc: f == nil,
		joiner: func() op.Joiner[V, V2, R] { return op.OuterJoiner(f) },
	}
}

func (j tablesJoin[V, V2, R]) inner() bool { return j.needLeft && j.needRight }

func joinTables[K, V, V2, R any](left *tableNode[K, V], right *tableNode[K, V2], j tablesJoin[V, V2, R], options []Option) *tableNode[K, R] {
	b := left.b
	merge, this, other := b.joinNodes(options)
	b.needFunc(merge.Name, j.method, j.noFunc)
	from := right.node
	if !b.sameBuilder(merge.Name, right.b) {
		from = left.node // the graph stays one of this builder's nodes
	}
	this.Stores, other.Stores = right.read(this.Name), left.read(other.Name)
	if !j.needRight { // a left row that was there has had a result
		left.sendOld(this.Name, true)
	}
	if !j.needLeft {
		right.sendOld(other.Name, true)
	}
	result := &tableNode[K, R]{b: b, node: merge, key: left.key, tableState: tableState{joins: true, from: []upstream{left, right}}}
	// A join that's stored knows what its rows were.
	old := func() bool { return result.old && !result.isStored() }
	linkSide(this, old, partner[K, V2]{right.lookup, j.needRight, right.gone(this, left.node, j.inner())}, j.joiner)
	linkSide(other, old, partner[K, V]{left.lookup, j.needLeft, left.gone(other, right.node, j.inner())}, func() op.Joiner[V2, V, R] { return j.joiner().Flip() })
	link(merge, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[R]]) (op.Func[K, op.Change[R]], error) {
		rows, out, err := result.heldRows(task, merge, out)
		return op.KeepJoin(at, rows, out), err
	})
	result.view = func(task *graph.Task, by reader) (op.Lookup[K, R], error) {
		return viewJoin(task, by.node, left.lookup, right.lookup, merge, j.joiner())
	}
	b.placeJoin(merge, this, other, left.node, from)
	return result
}

// joinNodes returns the nodes of a join: the one behind both sides, the left
// side's and the right side's.
func (b *Builder) joinNodes(options []Option) (merge, this, other *graph.Node) {
	merge = &graph.Node{Name: b.nodeName("KTABLE-MERGE-", options)}
	this = &graph.Node{Name: b.g.Next("KTABLE-JOINTHIS-")}
	other = &graph.Node{Name: b.g.Next("KTABLE-JOINOTHER-")}
	var o nodeOptions
	present(options, func(s Option) { s.setNode(&o) })
	if o.named && merge.Name == o.name {
		this.Name, other.Name = o.name+"-join-this", o.name+"-join-other"
	}
	return merge, this, other
}

// placeJoin adds the nodes of a join behind those of both tables.
func (b *Builder) placeJoin(merge, this, other, left, right *graph.Node) {
	b.g.Add(this, left)
	b.g.Add(other, right)
	b.g.Add(merge, this, other)
	b.g.CoPartition(merge, left, right)
}

// lookup is how the named node of a task reads the rows of a table.
type lookup[K, V any] = func(task *graph.Task, node string) (op.Lookup[K, V], error)

// partner is the other table of a join: how its rows are read, whether a row of the
// result needs one, and what tells in a task whether one has gone unseen.
type partner[K, V any] struct {
	rows   lookup[K, V]
	needed bool
	gone   func(*graph.Task) func(K) (bool, error)
}

// linkSide builds the node that joins the changes of one table with the rows of
// the other. old says, once the topology is complete, whether it makes the values
// before its results.
func linkSide[K, V, V2, R any](n *graph.Node, old func() bool, other partner[K, V2], joiner func() op.Joiner[V, V2, R]) {
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[R]]) (op.Func[K, op.Change[V]], error) {
		rows, err := other.rows(task, n.Name)
		if err != nil {
			return nil, err
		}
		partner := op.Partner[K, V2]{Rows: rows, Needed: other.needed, Gone: other.gone(task)}
		return op.JoinTables(at, partner, joiner(), old(), out), nil
	})
}

// gone returns what tells in a task whether a row that isn't in the table's stores
// any more may have been there for an inner join with the table of another node,
// whose own row is being deleted: if one record changes both, or if a record cache
// hasn't passed the deletion on. Of window stores, whose keys have forms of their own,
// any row may have been there.
func (t *tableNode[K, V]) gone(n, with *graph.Node, inner bool) func(*graph.Task) func(K) (bool, error) {
	return func(task *graph.Task) func(K) (bool, error) {
		switch {
		case !inner:
			return nil
		case graph.Related(t.node, with), task.Env.Cache != nil && t.ofWindows():
			return func(K) (bool, error) { return true, nil }
		case task.Env.Cache == nil:
			return nil
		}
		keys := op.NewKeys(t.key)
		return func(key K) (bool, error) {
			b, err := keys(key)
			return err == nil && slices.ContainsFunc(n.Stores, func(store string) bool { return task.Leaves(store, b) }), err
		}
	}
}

// viewJoin makes the rows of a join of those of both tables.
func viewJoin[K, V, V2, R any](task *graph.Task, node string, left lookup[K, V], right lookup[K, V2], merge *graph.Node, joiner op.Joiner[V, V2, R]) (op.Lookup[K, R], error) {
	leftRows, err := left(task, node)
	if err != nil {
		return nil, err
	}
	rightRows, err := right(task, node)
	if err != nil {
		return nil, err
	}
	return op.JoinRows(operator(task, merge), leftRows, rightRows, joiner), nil
}
