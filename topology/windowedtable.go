package topology

import (
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// WindowedTable is a table with a row for each key and window. It's a type apart
// from Table because its rows aren't placed by their whole key. Otherwise its
// methods do what those of [Table] do, with windowed keys.
type WindowedTable[K, V any] struct {
	*tableNode[Windowed[K], V]
	windows tableWindows[K]
}

// windowedTable returns the table of an aggregation's windows, whose rows are in the
// store st.
func windowedTable[K, A any](b *Builder, n *graph.Node, st Stored[A], w tableWindows[K], view view[Windowed[K], A]) *WindowedTable[K, A] {
	t := &tableNode[Windowed[K], A]{b: b, node: n, key: w.key, view: view, tableState: tableState{from: []upstream{windowStore(st.name)}}}
	t.stored.value = st.value
	return w.table(t)
}

// table returns a table of rows with these windows.
func (w tableWindows[K]) table[V any](t *tableNode[Windowed[K], V]) *WindowedTable[K, V] {
	return &WindowedTable[K, V]{tableNode: t, windows: w}
}

// windowStore is the name of an aggregation's store, as what its table is made of: the
// operator keeps the rows there by itself.
type windowStore string

func (windowStore) sendOld(string, bool) bool { return true }

func (s windowStore) read(string) []string { return []string{string(s)} }

func (windowStore) isVersioned() bool { return false }

func (windowStore) history() time.Duration { return 0 }

func (windowStore) ofWindows() bool { return true }

// windowRowsIn is how the rows of a window store are read.
func windowRowsIn[K, A any](st Stored[A], k serde.Serde[K]) view[Windowed[K], A] {
	return func(task *graph.Task, by reader) (op.Lookup[Windowed[K], A], error) {
		raw, err := open(task, by.node, st.name)
		if err != nil {
			return nil, err
		}
		store, err := statestore.NewWindow(raw, k, st.value)
		if err != nil {
			return nil, storeError(by.node, st.name, err)
		}
		return op.RowsOfWindows(store), nil
	}
}

// sessionRowsIn is how the rows of a session store are read.
func sessionRowsIn[K, A any](st Stored[A], k serde.Serde[K]) view[Windowed[K], A] {
	return func(task *graph.Task, by reader) (op.Lookup[Windowed[K], A], error) {
		raw, err := open(task, by.node, st.name)
		if err != nil {
			return nil, err
		}
		store, err := statestore.NewSession(raw, k, st.value)
		if err != nil {
			return nil, storeError(by.node, st.name, err)
		}
		return op.RowsOfSessions(store), nil
	}
}

// valid returns the table, or one that can't be built for none.
func (t *WindowedTable[K, V]) valid() *WindowedTable[K, V] {
	if t != nil && t.tableNode != nil {
		return t
	}
	return &WindowedTable[K, V]{tableNode: noTable[Windowed[K], V]()}
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

// Materialize keeps the rows of the table in a key-value store of its own, as
// [Table.Materialize] does, under the bytes of the windowed key: those of the inner
// key and the window's start, or a session's end and start, in 8 bytes each. It's for
// tables that are made of other ones: those of aggregations are stored anyway.
//
// Such a store has no retention. Rows stay until they are deleted, so its changelog
// grows with the number of windows.
func (t *WindowedTable[K, V]) Materialize(st Stored[V]) *WindowedTable[K, V] {
	t = t.valid()
	t.materialize(st)
	return t
}

// Rows returns the handle through which processors read the table's rows, as
// [Table.Rows] does. Rows of windows that their store has dropped aren't there. A
// range of rows takes a store of [WindowedTable.Materialize].
func (t *WindowedTable[K, V]) Rows() StoreHandle[*TableRows[Windowed[K], V]] {
	return rowsHandle(t.valid().tableNode)
}
