package topology

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Join joins the records of two streams that have the same key and are close in
// time. Each pair gives one result, with the later timestamp and the headers of
// the record that came last. Records with a null key or a null value are dropped.
//
// A late record is joined as well, as long as the other side's records are kept:
// for the windows and the grace after their timestamps.
//
// Both streams must be partitioned alike, which is checked when the application
// starts. A stream whose key may have changed goes through the repartition topic
// <name>-left-repartition or <name>-right-repartition, where the name is that of
// the option [Named] or else the stores'. A stream can be joined with itself.
func (s *Stream[K, V]) Join[V2, R any](other *Stream[K, V2], w JoinWindows, f func(V, V2) R, st JoinStores[K, V, V2], options ...Option) *Stream[K, R] {
	j := streamJoin{method: "Join", noFunc: f == nil}
	return joinStreams(s, other, w, st, j, options, func() op.StreamJoiner[V, V2, R] { return op.Inner(f) })
}

// LeftJoin joins two streams as Join does, and gives a result with nil also for
// each left record without a match. That comes when stream time, the highest
// timestamp of both streams, is later than the record's window and the grace, with
// the next record at stream time; for a record that's beyond its window already it
// comes at once, and others may follow if matches come. The pointer is valid
// during the call. Left records with a null key have a result without a match
// (KIP-962).
func (s *Stream[K, V]) LeftJoin[V2, R any](other *Stream[K, V2], w JoinWindows, f func(V, *V2) R, st JoinStores[K, V, V2], options ...Option) *Stream[K, R] {
	j := streamJoin{method: "LeftJoin", noFunc: f == nil, left: true}
	return joinStreams(s, other, w, st, j, options, func() op.StreamJoiner[V, V2, R] { return op.Left(f) })
}

// OuterJoin joins two streams as LeftJoin does, with results also for right
// records without a match.
func (s *Stream[K, V]) OuterJoin[V2, R any](other *Stream[K, V2], w JoinWindows, f func(*V, *V2) R, st JoinStores[K, V, V2], options ...Option) *Stream[K, R] {
	j := streamJoin{method: "OuterJoin", noFunc: f == nil, left: true, right: true}
	return joinStreams(s, other, w, st, j, options, func() op.StreamJoiner[V, V2, R] { return op.Outer(f) })
}

// streamJoin is what distinguishes the joins of two streams.
type streamJoin struct {
	method string // for messages
	noFunc bool   // the function is missing
	// left and right say that records of a side have results without a match.
	left, right bool
}

// joinNodes are the nodes of a join: each side's records pass through it first and
// are kept then, and both sides' results are merged.
type joinNodes struct {
	keepLeft, keepRight, left, right, merge *graph.Node
	// waiting is the store of records without a match, empty for an inner join.
	waiting string
}

// nodes names the nodes of the join and lists their stores, whose names start with
// the given one.
func (j streamJoin) nodes(b *Builder, o nodeOptions, stores string) joinNodes {
	this, other := "JOINTHIS", "JOINOTHER"
	thisEnd, otherEnd := "-this-join", "-other-join"
	if j.left {
		other, otherEnd = "OUTEROTHER", "-outer-other-join"
	}
	if j.right {
		this, thisEnd = "OUTERTHIS", "-outer-this-join"
	}
	// A left join's right side drops null keys, but its repartition topic has them.
	node := func(kind, end string, nullKeys bool, stores ...string) *graph.Node {
		named := o
		named.name += end
		return &graph.Node{Name: b.pick("KSTREAM-"+kind+"-", named), NullKeys: nullKeys, Stores: stores}
	}
	thisStore, otherStore := stores+thisEnd+"-store", stores+otherEnd+"-store"
	n := joinNodes{
		keepLeft:  node("WINDOWED", "-this-windowed", j.left, thisStore),
		keepRight: node("WINDOWED", "-other-windowed", j.left, otherStore),
		left:      node(this, thisEnd, j.left, otherStore),
		right:     node(other, otherEnd, j.left, thisStore),
		merge:     node("MERGE", "-merge", false),
	}
	if n.waiting = j.waiting(stores); n.waiting != "" {
		n.left.Stores = append(n.left.Stores, n.waiting)
		n.right.Stores = append(n.right.Stores, n.waiting)
	}
	return n
}

// waiting returns the name of the store of records without a match.
func (j streamJoin) waiting(stores string) string {
	switch {
	case j.right:
		return stores + "-outer-shared-join-store"
	case j.left:
		return stores + "-left-shared-join-store"
	}
	return ""
}

func joinStreams[K, V, V2, R any](s *Stream[K, V], other *Stream[K, V2], w JoinWindows, st JoinStores[K, V, V2],
	j streamJoin, options []Option, joiner func() op.StreamJoiner[V, V2, R]) *Stream[K, R] {
	s, other = s.valid(), other.valid()
	var o nodeOptions
	present(options, func(f Option) { f.setNode(&o) })
	topic := st.name
	if o.named {
		topic = o.name
	}
	left := s.beforeStreamJoin(repartitionTo[K, V]{name: topic + "-left", key: st.key, value: st.left})
	right := other.beforeStreamJoin(repartitionTo[K, V2]{name: topic + "-right", key: st.key, value: st.right})
	n := j.nodes(s.b, o, st.name)
	s.b.needFunc(n.merge.Name, j.method, j.noFunc)
	w.check(s.b, n.merge.Name)
	st.check(s.b, n.merge.Name)
	st.declareAll(s.b, n, w)
	linkJoin(n, w, st, joiner)
	s.b.g.Add(n.keepLeft, left)
	if s.b.sameBuilder(n.merge.Name, other.b) {
		s.b.g.Add(n.keepRight, right)
		s.b.g.CoPartition(n.merge, left, right)
	}
	s.b.g.Add(n.left, n.keepLeft)
	s.b.g.Add(n.right, n.keepRight)
	s.b.g.Add(n.merge, n.left, n.right)
	noteSelfJoin(s.b, n, w, st, j, joiner)
	return &Stream[K, R]{b: s.b, node: n.merge}
}

// beforeStreamJoin returns the node whose records a join of two streams takes,
// after the repartition that it needs.
func (s *Stream[K, V]) beforeStreamJoin(to repartitionTo[K, V]) *graph.Node {
	if !s.rekeyed {
		return s.node
	}
	return repartition(s, s.node.Name, to)
}

// declareAll adds the stores of the join to the graph.
func (st JoinStores[K, V, V2]) declareAll(b *Builder, n joinNodes, w JoinWindows) {
	st.declare(b, n.keepLeft, n.keepLeft.Stores[0], st.left, statestore.DuplicateWindow, w.retention())
	st.declare(b, n.keepRight, n.keepRight.Stores[0], st.right, statestore.DuplicateWindow, w.retention())
	if n.waiting != "" {
		st.declare(b, n.left, n.waiting, nil, statestore.PlainKeyValue, 0)
	}
}

// linkJoin makes the operators of the join's nodes.
func linkJoin[K, V, V2, R any](n joinNodes, w JoinWindows, st JoinStores[K, V, V2], joiner func() op.StreamJoiner[V, V2, R]) {
	open := func(t *graph.Task) (*op.StreamJoin[K, V, V2, R], error) {
		return graph.Share(t, n.merge, func() (*op.StreamJoin[K, V, V2, R], error) {
			return openJoin(t, n, w, st, joiner())
		})
	}
	link(n.keepLeft, func(t *graph.Task, at op.Node, out op.Func[K, V]) (op.Func[K, V], error) {
		j, err := open(t)
		if err != nil {
			return nil, err
		}
		return op.KeepForJoin(at, j.Left, out), nil
	})
	link(n.keepRight, func(t *graph.Task, at op.Node, out op.Func[K, V2]) (op.Func[K, V2], error) {
		j, err := open(t)
		if err != nil {
			return nil, err
		}
		return op.KeepForJoin(at, j.Right, out), nil
	})
	link(n.left, func(t *graph.Task, at op.Node, out op.Func[K, R]) (op.Func[K, V], error) {
		j, err := open(t)
		if err != nil {
			return nil, err
		}
		return op.JoinLeft(at, j, out), nil
	})
	link(n.right, func(t *graph.Task, at op.Node, out op.Func[K, R]) (op.Func[K, V2], error) {
		j, err := open(t)
		if err != nil {
			return nil, err
		}
		return op.JoinRight(at, j, out), nil
	})
	link(n.merge, func(_ *graph.Task, _ op.Node, out op.Func[K, R]) (op.Func[K, R], error) { return out, nil })
}

// openJoin opens the task's stores of the join. Stream time goes on from what they
// have seen, so that it survives restarts.
func openJoin[K, V, V2, R any](t *graph.Task, n joinNodes, w JoinWindows, st JoinStores[K, V, V2], joiner op.StreamJoiner[V, V2, R]) (*op.StreamJoin[K, V, V2, R], error) {
	j := &op.StreamJoin[K, V, V2, R]{
		Before: w.before.Milliseconds(), After: w.after.Milliseconds(), Grace: w.grace.Milliseconds(),
		Joiner: joiner,
	}
	var err error
	if j.Left, err = openJoinSide(t, n.keepLeft, st.key, st.left, &j.Now); err != nil {
		return nil, err
	}
	if j.Right, err = openJoinSide(t, n.keepRight, st.key, st.right, &j.Now); err != nil {
		return nil, err
	}
	if n.waiting == "" {
		return j, nil
	}
	if j.Oldest = j.Left.Note(); j.Right.Note().Number > j.Oldest.Number {
		j.Oldest = j.Right.Note()
	}
	if j.Oldest.Number == 0 {
		j.Oldest.Value = op.Never
	}
	raw, err := open(t, n.left.Name, n.waiting)
	if err != nil {
		return nil, err
	}
	if j.Waiting, err = statestore.NewOuterJoin(raw, st.key, st.left, st.right); err != nil {
		return nil, storeError(n.left.Name, n.waiting, err)
	}
	return j, nil
}

// openJoinSide opens the task's store of one side, and moves stream time on to
// what it has seen.
func openJoinSide[K, V any](t *graph.Task, n *graph.Node, k serde.Serde[K], v serde.Serde[V], now *int64) (*statestore.JoinWindow[K, V], error) {
	raw, err := open(t, n.Name, n.Stores[0])
	if err != nil {
		return nil, err
	}
	store, err := statestore.NewJoinWindow(raw, k, v)
	if err != nil {
		return nil, storeError(n.Name, n.Stores[0], err)
	}
	*now = max(*now, raw.StreamTime())
	return store, nil
}
