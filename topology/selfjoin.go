package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// noteSelfJoin lets an inner join of a stream with itself be made simpler, if each
// record is within its own window. Left and outer joins stay as they are: they
// make use of records without a key.
func noteSelfJoin[K, V, V2, R any](b *Builder, n joinNodes, w JoinWindows, st JoinStores[K, V, V2], j streamJoin, joiner func() op.StreamJoiner[V, V2, R]) {
	both, isSame := any(joiner().Both).(func(V, V) R)
	if !isSame || j.left || w.before < 0 || w.after < 0 {
		return
	}
	b.g.AddSelfJoin(graph.SelfJoin{
		Left: n.keepLeft, Right: n.keepRight, JoinLeft: n.left, JoinRight: n.right, Merge: n.merge,
		Build: func() {
			linkSelfJoin(n, w, st, both)
		},
	})
}

// linkSelfJoin makes the operators of the nodes that are left of a join of a stream
// with itself.
func linkSelfJoin[K, V, V2, R any](n joinNodes, w JoinWindows, st JoinStores[K, V, V2], f func(V, V) R) {
	open := func(t *graph.Task) (*op.StreamSelfJoin[K, V, R], error) {
		return graph.Share(t, n.merge, func() (*op.StreamSelfJoin[K, V, R], error) {
			j := &op.StreamSelfJoin[K, V, R]{
				Before: w.before.Milliseconds(), After: w.after.Milliseconds(), Retention: w.retention().Milliseconds(), Join: f,
			}
			var err error
			j.Store, err = openJoinSide(t, n.keepLeft, st.key, st.left, &j.Now)
			return j, err
		})
	}
	link(n.keepLeft, func(t *graph.Task, at op.Node, out op.Func[K, V]) (op.Func[K, V], error) {
		j, err := open(t)
		if err != nil {
			return nil, err
		}
		return op.KeepForJoin(at, j.Store, out), nil
	})
	link(n.merge, func(t *graph.Task, at op.Node, out op.Func[K, R]) (op.Func[K, V], error) {
		j, err := open(t)
		if err != nil {
			return nil, err
		}
		return op.SelfJoin(at, j, out), nil
	})
}
