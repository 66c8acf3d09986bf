package topology

import (
	"fmt"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// link says how the node's operator is made from the function that takes its
// results. All operators with typed inputs and outputs are linked here, so that
// a type is asserted once for each edge of a task, and never for a record.
func link[K, V, J, W any](n *graph.Node, build func(*graph.Task, op.Node, op.Func[J, W]) (op.Func[K, V], error)) {
	n.Build = func(t *graph.Task) (any, error) {
		out, err := outputs[J, W](t, n)
		if err != nil {
			return nil, err
		}
		f, err := build(t, operator(t, n), out)
		if err != nil {
			return nil, err
		}
		return op.Guard(operator(t, n), f), nil
	}
}

func operator(t *graph.Task, n *graph.Node) op.Node { return op.Node{Env: t.Env, Name: n.Name} }

// outputs returns a function that passes records on to the node's children.
func outputs[K, V any](t *graph.Task, n *graph.Node) (op.Func[K, V], error) {
	children, err := entries[K, V](t, n)
	return op.Fan(children), err
}

// entries returns the operators of the node's children.
func entries[K, V any](t *graph.Task, n *graph.Node) ([]op.Func[K, V], error) {
	var children []op.Func[K, V]
	for _, child := range n.Children() {
		entry, err := t.Entry(child)
		if err != nil {
			return nil, err
		}
		f, ok := entry.(op.Func[K, V])
		if !ok {
			return nil, fmt.Errorf("%s takes a %T, not what %s sends", child.Name, entry, n.Name)
		}
		children = append(children, f)
	}
	return children, nil
}

// step is what distinguishes the operators of streams while they are written
// down.
type step struct {
	method string // for messages
	prefix string // of the generated name
	noFunc bool   // a function is missing
	rekeys bool   // the key may change
	values bool   // the value alone changes
	passes bool   // records are sent on as they come, or left out
}

// then adds an operator behind the stream.
func then[K, V, J, W any](s *Stream[K, V], st step, options []Option, build func(op.Node, op.Func[J, W]) op.Func[K, V]) *Stream[J, W] {
	s = s.valid()
	n := &graph.Node{Name: s.b.nodeName(st.prefix, options), Passes: st.passes, Values: st.values, Rekeys: st.rekeys}
	s.b.needFunc(n.Name, st.method, st.noFunc)
	link(n, func(_ *graph.Task, at op.Node, out op.Func[J, W]) (op.Func[K, V], error) {
		return build(at, out), nil
	})
	return &Stream[J, W]{b: s.b, node: s.b.g.Add(n, s.node), rekeyed: s.rekeyed || st.rekeys}
}
