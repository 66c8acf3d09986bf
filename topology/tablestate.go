package topology

import (
	"slices"
	"time"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// tableState is what others have asked of a table while the topology is written
// down. Tasks are built later, so it's complete by then.
type tableState struct {
	// pending says that the store is declared once it's needed: when something reads
	// rows that can't be made of those of other tables.
	pending bool
	// old says that changes carry the values before them.
	old bool
	// from are the tables that this one is made of, where its rows can be made of
	// theirs.
	from []upstream
	// joins says that old values are asked of all tables in from, whether the result
	// is stored, and knows its own, or not.
	joins bool
	// buffer is the store of a suppressed table's changes that wait, which reading
	// its rows takes, or empty.
	buffer string
	// wasRead says that something reads the rows.
	wasRead bool
	// rowsHandle is what processors read the rows through, once it was asked for.
	rowsHandle *handle
}

// upstream is a table of any type.
type upstream interface {
	// sendOld asks for the values before changes, on behalf of the named node, and
	// returns whether they will come. Without force a table doesn't begin to store
	// its rows for that.
	sendOld(user string, force bool) bool
	// read makes the rows readable for the named node, and returns the names of the
	// stores that they are in.
	read(user string) []string
	// isVersioned and history say whether the table has the history of its rows, and
	// of what length.
	isVersioned() bool
	history() time.Duration
	// ofWindows says that rows are read from a window store.
	ofWindows() bool
}

// isStored returns whether the table has a store of its own by now.
func (t *tableNode[K, V]) isStored() bool { return t.stored.name != "" && !t.pending }

// store declares the store that has been pending.
func (t *tableNode[K, V]) store() {
	t.pending = false
	t.stored.declare(t.b, t.node, nil)
}

func (t *tableNode[K, V]) sendOld(user string, force bool) bool {
	switch {
	case t.old:
		return true
	case t.joins:
		for _, from := range t.from {
			from.sendOld(user, true)
		}
		t.old = true
	case t.isStored():
		t.old = true
	case t.from != nil:
		t.old = t.from[0].sendOld(user, force)
	case force:
		t.read(user)
		t.old = true
	}
	return t.old
}

func (t *tableNode[K, V]) read(user string) []string {
	t.wasRead = true
	switch {
	case t.pending && t.from == nil:
		t.store()
	case t.stored.name == "" && t.from == nil:
		t.b.g.Fail(user, "it needs the rows of %s, which aren't stored: call Materialize on that table", t.node.Name)
	}
	if t.isStored() {
		return []string{t.stored.name}
	}
	var stores []string
	for _, from := range t.from {
		stores = append(stores, from.read(user)...)
	}
	if t.buffer != "" {
		stores = append(stores, t.buffer)
	}
	slices.Sort(stores)
	return slices.Compact(stores)
}

// isVersioned returns whether the table has the history of its rows: it's kept in
// the table's own store, or in that of the table that this one is made of.
func (t *tableNode[K, V]) isVersioned() bool {
	switch {
	case t.stored.name != "" && !t.passesRows():
		return t.stored.isVersioned()
	case t.joins || t.buffer != "" || len(t.from) == 0:
		return false
	}
	return t.from[0].isVersioned()
}

// passesRows returns whether the table has a store that is never needed, as its rows are
// made of those of one other table.
func (t *tableNode[K, V]) passesRows() bool { return t.pending && t.from != nil && !t.joins }

// history returns how long the table has the history of its rows.
func (t *tableNode[K, V]) history() time.Duration {
	if t.stored.name != "" && !t.passesRows() {
		return t.stored.resolve().history
	}
	return t.from[0].history()
}

func (t *tableNode[K, V]) ofWindows() bool {
	return !t.isStored() && slices.ContainsFunc(t.from, upstream.ofWindows)
}

// storeName returns the name of the store that the table has, or was said to have.
func (t *tableNode[K, V]) storeName() string {
	if len(t.from) == 1 {
		if s, ok := t.from[0].(windowStore); ok {
			return string(s)
		}
	}
	return t.stored.name
}

// reader is who reads rows.
type reader struct {
	// node is the name of the node.
	node string
	// asOf is the time as of which it reads, nil for the rows as they are. It's looked
	// at when a row is read. Only versioned tables have others.
	asOf *int64
}

// lookup returns how the named node of a task reads the rows.
func (t *tableNode[K, V]) lookup(task *graph.Task, node string) (op.Lookup[K, V], error) {
	return t.lookupFor(task, reader{node: node})
}

// lookupAsOf returns how the named node of a task reads the rows as they were at a
// time. A table that isn't versioned has them as they are alone.
func (t *tableNode[K, V]) lookupAsOf(task *graph.Task, node string) (op.LookupAsOf[K, V], error) {
	if !t.isVersioned() {
		rows, err := t.lookup(task, node)
		return func(key K, _ int64) (V, int64, bool, error) { return rows(key) }, err
	}
	var asOf int64
	rows, err := t.lookupFor(task, reader{node: node, asOf: &asOf})
	return func(key K, at int64) (V, int64, bool, error) {
		asOf = at
		return rows(key)
	}, err
}

func (t *tableNode[K, V]) lookupFor(task *graph.Task, by reader) (op.Lookup[K, V], error) {
	switch {
	case !t.isStored():
		return t.view(task, by)
	case t.isVersioned():
		store, err := openVersioned(task, by.node, t.stored.name, t.key, t.stored.value)
		if err != nil {
			return nil, err
		}
		if by.asOf != nil {
			return op.RowsAsOf(store, by.asOf), nil
		}
		return op.LatestRows(store), nil
	}
	store, err := openKeyValue(task, by.node, t.stored.name, t.key, t.stored.value)
	if err != nil {
		return nil, err
	}
	return store.Get, nil
}

// Materialize keeps the rows of the table in a state store of its own, and
// returns the table. It's for tables that are made of other ones, and comes right
// behind the operator that makes the table.
//
// It makes rows cheap to read where the functions that make them are not, and
// gives them a changelog of their own. A table is materialized once.
//
// With [IfNeeded] it only says how values are written, as a foreign-key join asks:
// rows that can be made of those of other tables aren't stored then.
func (t *Table[K, V]) Materialize(st Stored[V]) *Table[K, V] {
	t = t.valid()
	t.materialize(st)
	return t
}

func (t *tableNode[K, V]) materialize(st Stored[V]) {
	switch {
	case t.storeName() != "":
		t.b.g.Fail(t.node.Name, "Materialize: the table has the store %q already", t.storeName())
		return
	case t.wasRead || len(t.node.Children()) > 0:
		t.b.g.Fail(t.node.Name, "Materialize comes too late: call it before anything else is made of the table")
	}
	t.stored = st
	if t.pending = st.resolve().ifNeeded; !t.pending {
		st.declare(t.b, t.node, nil)
	}
}
