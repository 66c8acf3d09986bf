package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// JoinTable joins each record with the table's row of its key. A record without
// a row is left out; records with a null key or a null value are dropped. Only
// the stream triggers results: a row is what it is when the record is processed,
// or what it was at the record's timestamp where the table is [Versioned], and the
// result has the record's timestamp. With the option [BufferedFor] records wait for
// late rows.
//
// Stream and table must be partitioned alike, which is checked when the
// application starts. If the stream's key may have changed, it goes through a
// repartition topic, which takes the option [RepartitionAs] or a call of
// [Stream.Repartition] before.
func (s *Stream[K, V]) JoinTable[V2, R any](t *Table[K, V2], f func(V, V2) R, options ...JoinOption) *Stream[K, R] {
	j := tableJoin{method: "JoinTable", prefix: "KSTREAM-JOIN-", noFunc: f == nil}
	return joinTable(s, t, j, options, func(n op.Node, rows op.LookupAsOf[K, V2], out op.Func[K, R]) op.Func[K, V] {
		return op.JoinTable(n, rows, f, out)
	})
}

// LeftJoinTable joins each record with the table's row of its key, as JoinTable
// does, but f gets nil where there's no row, and where the record's key is null.
// The pointer is valid during the call. Records with a null value are dropped.
func (s *Stream[K, V]) LeftJoinTable[V2, R any](t *Table[K, V2], f func(V, *V2) R, options ...JoinOption) *Stream[K, R] {
	j := tableJoin{method: "LeftJoinTable", prefix: "KSTREAM-LEFTJOIN-", noFunc: f == nil, nullKeys: true}
	return joinTable(s, t, j, options, func(n op.Node, rows op.LookupAsOf[K, V2], out op.Func[K, R]) op.Func[K, V] {
		return op.LeftJoinTable(n, rows, f, out)
	})
}

// tableJoin is what distinguishes the joins of a stream with a table.
type tableJoin struct {
	method   string // for messages
	prefix   string // of the generated name
	noFunc   bool   // a function is missing
	nullKeys bool   // records with a null key are joined
}

func joinTable[K, V, V2, R any](s *Stream[K, V], t *Table[K, V2], j tableJoin, options []JoinOption,
	build func(op.Node, op.LookupAsOf[K, V2], op.Func[K, R]) op.Func[K, V]) *Stream[K, R] {
	s, t = s.valid(), t.valid()
	var o joinOptions
	present(options, func(f JoinOption) { f.setJoin(&o) })
	from := s.beforeJoin(j.method, o)
	n := &graph.Node{Name: s.b.pick(j.prefix, o.nodeOptions), NullKeys: j.nullKeys}
	s.b.needFunc(n.Name, j.method, j.noFunc)
	n.Stores = t.read(n.Name)
	var wait *waiting[K, V]
	if o.buffer != nil {
		wait = declareBuffer[K, V](s.b, n, o.buffer, t)
	}
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, R]) (op.Func[K, V], error) {
		rows, err := t.lookupAsOf(task, n.Name)
		if err != nil {
			return nil, err
		}
		join := build(at, rows, out)
		if wait == nil {
			return join, nil
		}
		return wait.open(task, at, join)
	})
	s.b.g.Add(n, from)
	if s.b.sameBuilder(n.Name, t.b) {
		s.b.g.CoPartition(n, from, t.node)
	}
	return &Stream[K, R]{b: s.b, node: n}
}

// beforeJoin returns the node whose records a join takes, after the repartition
// that it needs.
func (s *Stream[K, V]) beforeJoin(method string, o joinOptions) *graph.Node {
	if !s.rekeyed {
		return s.node
	}
	if o.repartition == nil {
		s.b.g.Fail(s.node.Name, "%s: the key may have changed before: give the option RepartitionAs, or call Repartition before it", method)
		return s.node
	}
	r := *o.repartition
	k, isKey := r.key.(serde.Serde[K])
	v, isValue := r.value.(serde.Serde[V])
	if r.key != nil && !isKey || r.value != nil && !isValue {
		s.b.g.Fail(s.node.Name, "%s: RepartitionAs has serdes of other types than the stream: %T and %T", method, r.key, r.value)
		return s.node
	}
	return repartition(s, s.node.Name, repartitionTo[K, V]{name: r.name, key: k, value: v})
}
