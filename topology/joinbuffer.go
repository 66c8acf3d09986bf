package topology

import (
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// BufferedFor gives late rows of a versioned table a chance: records of a stream
// that's joined with it wait until the stream's time is the grace past them, and
// are then joined with the row as it was at their timestamps. The stream's time is
// the highest timestamp of its records with a key and a value. Records leave in
// the order of time, then of their keys' bytes, then in that in which they came; one that is
// later than the grace is joined at once (KIP-923).
//
// The grace is in whole milliseconds and not negative, and the table's history
// must be as long at least. Records wait in the state store <name>-Buffer, whose
// keys and values k and v write; the name must be unique in the topology and must
// not change while the application lives. The store can be in memory, and
// without a changelog. K and V must be the stream's types, which Build checks.
func BufferedFor[K, V any](grace time.Duration, name string, k serde.Serde[K], v serde.Serde[V], options ...StoreOption) JoinOption {
	return joinBuffer{grace: grace, name: name, key: k, value: v, options: options}
}

// joinBuffer holds a serde.Serde of keys and one of values.
type joinBuffer struct {
	grace      time.Duration
	name       string
	key, value any
	options    []StoreOption
}

func (j joinBuffer) setJoin(o *joinOptions) { o.buffer = &j }

// waiting is how the records of a join of the types K and V wait.
type waiting[K, V any] struct {
	grace  time.Duration
	key    serde.Serde[K]
	stored Stored[V]
}

// declareBuffer adds the buffer's store to the graph, as the node's, and notes
// what's wrong with it. The table is that which the join needs the history of.
func declareBuffer[K, V any](b *Builder, n *graph.Node, j *joinBuffer, table upstream) *waiting[K, V] {
	var s windowShape
	s.notNegative("grace of BufferedFor", j.grace)
	s.check(b, n.Name)
	switch {
	case !table.isVersioned():
		b.g.Fail(n.Name, "BufferedFor: the table isn't versioned: give its store the option Versioned")
	case table.history() < j.grace:
		b.g.Fail(n.Name, "BufferedFor: the table has a history of %s: it must be as long as the grace at least, %s", table.history(), j.grace)
	}
	w := &waiting[K, V]{grace: j.grace}
	k, isKey := j.key.(serde.Serde[K])
	v, isValue := j.value.(serde.Serde[V])
	if j.key != nil && !isKey || j.value != nil && !isValue {
		b.g.Fail(n.Name, "BufferedFor has serdes of other types than the stream: %T and %T", j.key, j.value)
		return w
	}
	w.key, w.stored = k, StoreAs(j.name+"-Buffer", v, j.options...)
	b.needSerde(n.Name, "buffer's key", k == nil)
	w.stored.declare(b, n, &storeShape{kind: statestore.PlainKeyValue})
	return w
}

// open puts the buffer in front of the task's join.
func (w *waiting[K, V]) open(task *graph.Task, at op.Node, join op.Func[K, V]) (op.Func[K, V], error) {
	buffer, err := openBuffer(task, at.Name, w.stored.name)
	if err != nil {
		return nil, err
	}
	return op.WaitForJoin(at, w.grace.Milliseconds(), buffer, w.key, w.stored.value, join)
}
