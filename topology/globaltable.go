package topology

import (
	"reflect"
	"slices"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// GlobalTable is a table of which every process holds all rows, of all partitions.
// So a stream can be joined with it by any key, see [Stream.JoinGlobal], whatever
// the partitions of both.
type GlobalTable[K, V any] struct {
	b      *Builder
	node   *graph.Node
	key    serde.Serde[K]
	stored Stored[V]
	// readers is what the handles of Rows have in common, nil before the first.
	readers *handle
}

// GlobalTable reads a topic as a table of which every process holds all rows: a
// record replaces the row of its key, and one with a null value deletes it. Records
// with a null key are dropped.
//
// A process reads the whole topic before it processes anything else, goes on
// reading while it runs, and after a restart begins where its local state ends. It
// reads committed records alone, independently of all others: what the stream is
// joined with is the table as this process knows it at that moment. A change of the
// table leads to no results.
//
// The topic is its own changelog, so it should be a compacted one. It's read from
// its start, with the timestamps that the records have: [WithReset] and
// [WithTimestamps] are mistakes here, and so is [TopicConfig].
func (b *Builder) GlobalTable[K, V any](topic string, k serde.Serde[K], st Stored[V], options ...SourceOption) *GlobalTable[K, V] {
	b = b.valid()
	var o sourceOptions
	present(options, func(s SourceOption) { s.setSource(&o) })
	read, table := b.tableNames(o.nodeOptions)
	b.checkGlobal(globalKind, table, st.name, o, st.resolve())
	n := sourceNode(b, read, topic, o, k, st.value)
	n.Global = true
	from := b.addSource(n, source{kind: globalKind, key: reflect.TypeOf(k), value: reflect.TypeOf(st.value)})
	t := &GlobalTable[K, V]{b: b, node: &graph.Node{Name: table}, key: k, stored: st}
	st.options = append(slices.Clone(st.options), WithoutLogging())
	st.declare(b, t.node, nil)
	link(t.node, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[V]]) (op.Func[K, V], error) {
		rows, err := t.open(task, table)
		return op.UpdateTable(at, op.Rows[K, V]{Store: rows}, out), err
	})
	b.g.Add(t.node, from)
	return t
}

// Rows returns the handle through which processors read the table's rows, as they are
// at that moment. It may be opened without being connected.
func (t *GlobalTable[K, V]) Rows() StoreHandle[*TableRows[K, V]] {
	t = t.valid()
	if t.readers == nil {
		t.readers = &handle{b: t.b, name: "global table " + t.node.Name, global: true}
	}
	return StoreHandle[*TableRows[K, V]]{handle: t.readers, open: func(task *graph.Task, node string) (*TableRows[K, V], error) {
		store, err := t.open(task, node)
		if err != nil {
			return nil, err
		}
		return &TableRows[K, V]{get: store.Get, store: store}, nil
	}}
}

const globalKind = "global table"

// checkGlobal notes options that a global store's topic can't have.
func (b *Builder) checkGlobal(kind, node, store string, o sourceOptions, st storeOptions) {
	if o.reset != Earliest {
		b.g.Fail(node, "a %s is always read from the topic's start: leave WithReset out", kind)
	}
	if o.idle.given {
		b.g.Fail(node, "nothing waits for the time of a global table: leave WithIdleTimeout out")
	}
	if o.times != (Timestamps{}) {
		b.g.Fail(node, "a %s has the timestamps of its records: leave WithTimestamps out", kind)
	}
	if st.versioned {
		b.g.Fail(node, "a global table can't be versioned: records are joined with it as it is")
	}
	if st.spec.TopicConfig != nil {
		b.g.Fail(node, "the store %q is global and has no changelog besides its topic: leave TopicConfig out", store)
	}
}

// valid returns the table, or one that can't be built for none.
func (t *GlobalTable[K, V]) valid() *GlobalTable[K, V] {
	if t != nil && t.b != nil {
		return t
	}
	b := NewBuilder()
	name := b.g.Next("KTABLE-NONE-")
	b.g.Fail(name, "the global table is nil or empty: take one from a Builder")
	return &GlobalTable[K, V]{b: b, node: b.g.Add(&graph.Node{Name: name})}
}

// open returns the rows for a node: to write for the table's own, to read for
// those of tasks.
func (t *GlobalTable[K, V]) open(task *graph.Task, node string) (*statestore.KeyValue[K, V], error) {
	return openKeyValue(task, node, t.stored.name, t.key, t.stored.value)
}
