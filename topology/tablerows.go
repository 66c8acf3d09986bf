package topology

import (
	"errors"
	"iter"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// TableRows reads the rows of a table. Only the table itself writes them: what's
// behind it would never hear of another change.
type TableRows[K, V any] struct {
	get   op.Lookup[K, V]
	store *statestore.KeyValue[K, V]
}

// Rows returns the handle through which processors read the table's rows. They see
// the changes of the records before, and of their own record where that comes
// through the table.
func (t *Table[K, V]) Rows() StoreHandle[*TableRows[K, V]] { return rowsHandle(t.valid().tableNode) }

func rowsHandle[K, V any](t *tableNode[K, V]) StoreHandle[*TableRows[K, V]] {
	if t.rowsHandle == nil {
		t.rowsHandle = &handle{b: t.b, name: "table " + t.node.Name, stores: func(n *graph.Node) []string { return t.read(n.Name) }}
	}
	return StoreHandle[*TableRows[K, V]]{handle: t.rowsHandle, open: func(task *graph.Task, node string) (*TableRows[K, V], error) {
		r := &TableRows[K, V]{}
		var err error
		if r.get, err = t.lookup(task, node); err != nil || !t.isStored() || t.isVersioned() {
			return r, err
		}
		r.store, err = openKeyValue(task, node, t.stored.name, t.key, t.stored.value)
		return r, err
	}}
}

// Get returns the row of a key and its timestamp, in milliseconds since the Unix
// epoch; ok tells whether there is one.
func (r *TableRows[K, V]) Get(key K) (v V, timestamp int64, ok bool, err error) { return r.get(key) }

// Range returns the rows with keys between from and to, both included, in the order
// of the keys' bytes; nil leaves a side open. The table must have a store of its
// own, which isn't [Versioned]: one that's made of other tables has it with
// [Table.Materialize]. An error comes with a zero entry and ends the loop.
func (r *TableRows[K, V]) Range(from, to *K) iter.Seq2[statestore.Entry[K, V], error] {
	if r.store == nil {
		return func(yield func(statestore.Entry[K, V], error) bool) { yield(statestore.Entry[K, V]{}, errNoRange) }
	}
	return r.store.Range(from, to)
}

// All returns all rows, as Range does.
func (r *TableRows[K, V]) All() iter.Seq2[statestore.Entry[K, V], error] { return r.Range(nil, nil) }

var errNoRange = errors.New("the table has no store of its own or a versioned one, and rows can only be read one by one: call Materialize on it, with a store that isn't versioned")
