package topology

import (
	"reflect"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Table is the latest value of each key: its rows. They are kept in a state
// store, or are made of the rows of other tables when they are read.
//
// Functions of a table aren't called for deleted rows. They may be called more
// than once for a row: with its value before a change, and whenever something
// reads the row.
type Table[K, V any] struct{ *tableNode[K, V] }

// tableNode is what tables with windowed keys and without have in common: the node
// that makes the rows, and how they are kept and read.
type tableNode[K, V any] struct {
	b    *Builder
	node *graph.Node
	key  serde.Serde[K]
	// stored is the table's own store. One without a name doesn't exist, but may
	// know the values' serde.
	stored Stored[V]
	tableState
	// view reads the rows of a table without a store of its own.
	view view[K, V]
}

// view makes in a task what reads rows for a reader.
type view[K, V any] = func(task *graph.Task, by reader) (op.Lookup[K, V], error)

// valid returns the table, or one that can't be built for none.
func (t *Table[K, V]) valid() *Table[K, V] {
	if t != nil && t.tableNode != nil {
		return t
	}
	return &Table[K, V]{noTable[K, V]()}
}

// noTable returns a table that can't be built.
func noTable[K, V any]() *tableNode[K, V] {
	b := NewBuilder()
	name := b.g.Next("KTABLE-NONE-")
	b.g.Fail(name, "the table is nil or empty: take one from a Builder or a stream")
	return &tableNode[K, V]{b: b, node: b.g.Add(&graph.Node{Name: name})}
}

// Table reads a topic as a table: a record replaces the row of its key, and one
// with a null value deletes it. Records are applied in the order of the topic,
// whatever their timestamps, unless the store is [Versioned]. Records with a null key are dropped. A topic can be read as a table once, and not as a stream as well.
func (b *Builder) Table[K, V any](topic string, k serde.Serde[K], st Stored[V], options ...SourceOption) *Table[K, V] {
	b = b.valid()
	var o sourceOptions
	present(options, func(s SourceOption) { s.setSource(&o) })
	read, table := b.tableNames(o.nodeOptions)
	n := sourceNode(b, read, topic, o, k, st.value)
	first := b.addSource(n, source{kind: "table", key: reflect.TypeOf(k), value: reflect.TypeOf(st.value)})
	st.source = true
	t := newTable(b, table, first, k, st)
	noteTableSource(t, n, o)
	return t
}

// tableNames returns the names of the two nodes of a table's topic.
func (b *Builder) tableNames(o nodeOptions) (read, table string) {
	read = b.g.Next("KSTREAM-SOURCE-")
	table = b.pick("KTABLE-SOURCE-", o)
	if o.named && table == o.name {
		read = o.name + "-source"
	}
	return read, table
}

// ToTable keeps the latest value of each key, as [Builder.Table] does with the
// records of a topic. If the key may have changed, records go through the
// repartition topic <application id>-<name>-repartition first; the name is that of
// the option [Named], or the store's (KIP-523).
func (s *Stream[K, V]) ToTable(k serde.Serde[K], st Stored[V], options ...Option) *Table[K, V] {
	s = s.valid()
	name := s.b.nodeName("KSTREAM-TOTABLE-", options)
	from := s.node
	if s.rekeyed {
		from = repartition(s, name, repartitionTo[K, V]{name: topicName(options, st.name), key: k, value: st.value})
	} else {
		s.b.needSerde(name, "key", k == nil)
	}
	return newTable(s.b, name, from, k, st)
}

// topicName returns the name that a repartition topic has from the option Named,
// or else another.
func topicName(options []Option, or string) string {
	var o nodeOptions
	present(options, func(f Option) { f.setNode(&o) })
	if o.named {
		return o.name
	}
	return or
}

// newTable adds the node that keeps the rows.
func newTable[K, V any](b *Builder, name string, from *graph.Node, k serde.Serde[K], st Stored[V]) *Table[K, V] {
	t := &Table[K, V]{&tableNode[K, V]{b: b, node: &graph.Node{Name: name}, key: k, stored: st}}
	if t.pending = st.resolve().ifNeeded; !t.pending {
		st.declare(b, t.node, nil)
	}
	t.update()
	b.g.Add(t.node, from)
	return t
}

// update makes the table's node the one that takes the rows as records.
func (t *tableNode[K, V]) update() {
	link(t.node, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[V]]) (op.Func[K, V], error) {
		rows, out, err := t.heldRows(task, t.node, out)
		if err != nil {
			return nil, err
		}
		return op.UpdateTable(at, rows, out), nil
	})
}

// rows returns how the table's own node keeps its rows in a task.
func (t *tableNode[K, V]) rows(task *graph.Task) (op.Rows[K, V], error) {
	rows := op.Rows[K, V]{Old: t.old, OfVersions: len(t.from) == 1 && t.from[0].isVersioned()}
	var err error
	switch {
	case !t.isStored():
	case t.isVersioned():
		rows.Versions, err = openVersioned(task, t.node.Name, t.stored.name, t.key, t.stored.value)
	default:
		rows.Store, err = openKeyValue(task, t.node.Name, t.stored.name, t.key, t.stored.value)
	}
	return rows, err
}

// ToStream returns the stream of all updates of the table. A deleted row is a
// null value.
func (t *Table[K, V]) ToStream(options ...Option) *Stream[K, V] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-TOSTREAM-", options)}
	link(n, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, op.Change[V]], error) {
		return op.Changes(out), nil
	})
	return &Stream[K, V]{b: t.b, node: t.b.g.Add(n, t.node)}
}
