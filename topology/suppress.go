package topology

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// Suppress holds changes back and passes on the last one of each row, with its
// timestamp and headers, when the suppression says so: [UntilTimeLimit], or else
// Build fails. Changes wait in a buffer, the state store that st names, with the
// changelog that every store has.
//
// Stream time is the highest timestamp of the table's changes; after a restart
// it's that of the changes that wait. Without further changes nothing is passed on.
func (t *Table[K, V]) Suppress(until Suppression, st Stored[V], options ...Option) *Table[K, V] {
	t = t.valid()
	n := suppressNode(t.b, until, st, options)
	if until.final {
		t.b.g.Fail(n.Name, "%w", errNoWindowEnd)
	}
	return &Table[K, V]{suppressed(t.tableNode, n, until, st, limited[K, V](until))}
}

// Suppress holds changes back and passes on the last one of each key and window,
// with its timestamp and headers, when the suppression says so. Changes wait in a
// buffer, the state store that st names, with the changelog that every store has.
//
// Stream time is the highest timestamp of the table's changes; after a restart
// it's that of the changes that wait. Without further changes nothing is passed on.
func (t *WindowedTable[K, V]) Suppress(until Suppression, st Stored[V], options ...Option) *WindowedTable[K, V] {
	t = t.valid()
	n := suppressNode(t.b, until, st, options)
	how := limited[Windowed[K], V](until)
	if until.final {
		how = t.windows.finals[V]()
	}
	switch {
	case until.final && t.windows.endless:
		t.b.g.Fail(n.Name, "%w", errNeverCloses)
	case until.final && t.windows.later:
		t.b.g.Fail(n.Name, "%w", errChangesLater)
	}
	return t.windows.table(suppressed(t.tableNode, n, until, st, how))
}

// limited orders changes by their own time.
func limited[K, V any](until Suppression) op.Suppression[K, V] {
	return op.Suppression[K, V]{
		Due: func(r *op.Record[K, op.Change[V]]) int64 { return r.Timestamp }, Delay: until.limit.Milliseconds(),
	}
}

// finals orders changes by the ends of their windows.
func (w tableWindows[K]) finals[V any]() op.Suppression[Windowed[K], V] {
	return op.Suppression[Windowed[K], V]{
		Due: func(r *op.Record[Windowed[K], op.Change[V]]) int64 { return r.Key.End }, Delay: w.delay.Milliseconds(), Final: true,
	}
}

// suppressed adds the node of a suppressed table.
func suppressed[K, V any](t *tableNode[K, V], n *graph.Node, until Suppression, st Stored[V], how op.Suppression[K, V]) *tableNode[K, V] {
	if t.isVersioned() {
		t.b.g.Fail(n.Name, "Suppress: %s is a versioned table, whose history would be held back too: call Materialize before, with a store that isn't versioned", t.node.Name)
	}
	t.sendOld(n.Name, true)
	result := derive[K, V, V](t, n)
	result.stored.value = st.value
	result.buffer = st.name
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, op.Change[V]]) (op.Func[K, op.Change[V]], error) {
		rows, err := result.rows(task)
		if err != nil {
			return nil, err
		}
		return suppress(task, at, st, t.key, how, until, rows, out)
	})
	result.view = func(task *graph.Task, by reader) (op.Lookup[K, V], error) {
		rows, err := t.lookup(task, by.node)
		if err != nil {
			return nil, err
		}
		buffer, err := openBuffer(task, by.node, st.name)
		if err != nil {
			return nil, err
		}
		return op.SuppressedRows(operator(task, n), buffer, t.key, st.value, rows), nil
	}
	return result
}

// suppressNode declares the node and its buffer.
func suppressNode[V any](b *Builder, until Suppression, st Stored[V], options []Option) *graph.Node {
	n := &graph.Node{Name: b.nodeName("KTABLE-SUPPRESS-", options)}
	b.g.Skip(1) // Kafka Streams numbers the store
	until.check(b, n.Name)
	st.declare(b, n, &storeShape{kind: statestore.PlainKeyValue, format: wire.WaitingFormat})
	return n
}

// suppress returns the operator of a task.
func suppress[K, V any](task *graph.Task, at op.Node, st Stored[V], k serde.Serde[K], s op.Suppression[K, V], until Suppression,
	rows op.Rows[K, V], out op.Func[K, op.Change[V]]) (op.Func[K, op.Change[V]], error) {
	buffer, err := openBuffer(task, at.Name, st.name)
	if err != nil {
		return nil, err
	}
	s.MaxRecords, s.MaxBytes, s.Stop = until.bounds.records, until.bounds.bytes, until.bounds.stop
	return op.Suppress(at, s, buffer, k, st.value, rows, out)
}

func openBuffer(t *graph.Task, node, name string) (*op.Buffer, error) {
	s, err := open(t, node, name)
	if err != nil {
		return nil, err
	}
	b, err := op.NewBuffer(s)
	if err != nil {
		return nil, storeError(node, name, err)
	}
	return b, nil
}
