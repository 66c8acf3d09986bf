package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// JoinGlobal joins each record with the row of a global table that key names. Its
// second result is false where the record names none: then it's dropped. A record
// whose row isn't there is left out, and one with a null value is dropped; key
// isn't called for it. Records with a null key are joined as others are.
//
// Only the stream triggers results, with its records' timestamps and keys. Nothing
// has to be partitioned alike, so no repartition topic is needed.
func (s *Stream[K, V]) JoinGlobal[J, V2, R any](t *GlobalTable[J, V2], key func(K, V) (J, bool), f func(V, V2) R, options ...Option) *Stream[K, R] {
	j := globalJoin{method: "JoinGlobal", noFunc: key == nil || f == nil}
	return joinGlobal(s, t, j, options, func(n op.Node, rows op.Lookup[J, V2], out op.Func[K, R]) op.Func[K, V] {
		return op.JoinGlobal(n, key, rows, f, out)
	})
}

// LeftJoinGlobal joins each record with the row of a global table that key names,
// as JoinGlobal does, but f gets nil where there's no row, and where the record
// names none. The pointer is valid during the call. Records with a null value are
// dropped.
func (s *Stream[K, V]) LeftJoinGlobal[J, V2, R any](t *GlobalTable[J, V2], key func(K, V) (J, bool), f func(V, *V2) R, options ...Option) *Stream[K, R] {
	j := globalJoin{method: "LeftJoinGlobal", noFunc: key == nil || f == nil, nullKeys: true}
	return joinGlobal(s, t, j, options, func(n op.Node, rows op.Lookup[J, V2], out op.Func[K, R]) op.Func[K, V] {
		return op.LeftJoinGlobal(n, key, rows, f, out)
	})
}

// globalJoin is what distinguishes the joins of a stream with a global table.
type globalJoin struct {
	method   string // for messages
	noFunc   bool   // a function is missing
	nullKeys bool   // a repartition topic before it keeps null keys
}

func joinGlobal[K, V, J, V2, R any](s *Stream[K, V], t *GlobalTable[J, V2], j globalJoin, options []Option,
	build func(op.Node, op.Lookup[J, V2], op.Func[K, R]) op.Func[K, V]) *Stream[K, R] {
	s, t = s.valid(), t.valid()
	n := &graph.Node{Name: s.b.nodeName("KSTREAM-LEFTJOIN-", options), NullKeys: j.nullKeys}
	s.b.needFunc(n.Name, j.method, j.noFunc)
	s.b.sameBuilder(n.Name, t.b)
	link(n, func(task *graph.Task, at op.Node, out op.Func[K, R]) (op.Func[K, V], error) {
		rows, err := t.open(task, n.Name)
		if err != nil {
			return nil, err
		}
		return build(at, rows.Get, out), nil
	})
	return &Stream[K, R]{b: s.b, node: s.b.g.Add(n, s.node), rekeyed: s.rekeyed}
}
