package topology

import (
	"strconv"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Split sends each record to the stream of the first predicate that holds. It
// returns one stream for each predicate, in their order, and behind them the
// stream of the records for which none holds. A record of a stream that isn't
// used ends there. [Stream.Branches] gives the streams names (KIP-418).
func (s *Stream[K, V]) Split(when ...func(K, V) bool) []*Stream[K, V] {
	b := s.Branches()
	streams := make([]*Stream[K, V], 0, len(when)+1)
	for i, holds := range when {
		b.b.needFunc(b.node.Name, "Split", holds == nil)
		streams = append(streams, b.add(strconv.Itoa(i+1), holds))
	}
	return append(streams, b.rest("0"))
}

// Branches is a stream that is divided into named streams. Each record goes to the
// first branch whose predicate holds, in the order in which they were added, else
// to the default branch, or nowhere where there's none.
type Branches[K, V any] struct {
	b       *Builder
	s       *Stream[K, V]
	node    *graph.Node
	when    []func(K, V) bool
	streams map[string]*Stream[K, V]
	// rested says that there's a default branch.
	rested bool
}

// Branches divides the stream into named streams. The option [Named] names the
// node, and is the beginning of the names of the branches' nodes (KIP-418).
func (s *Stream[K, V]) Branches(options ...Option) *Branches[K, V] {
	s = s.valid()
	n := &graph.Node{Name: s.b.nodeName("KSTREAM-BRANCH-", options), Passes: true}
	b := &Branches[K, V]{b: s.b, s: s, node: s.b.g.Add(n, s.node), streams: map[string]*Stream[K, V]{}}
	n.Build = func(t *graph.Task) (any, error) {
		outs, err := entries[K, V](t, n)
		if err != nil {
			return nil, err
		}
		if !b.rested {
			outs = append(outs, op.Fan[K, V](nil))
		}
		return op.Guard(operator(t, n), op.Branch(operator(t, n), b.when, outs)), nil
	}
	return b
}

// valid returns the branches, or ones that can't be built for none.
func (b *Branches[K, V]) valid() *Branches[K, V] {
	if b != nil && b.b != nil {
		return b
	}
	var none *Stream[K, V]
	b = none.Branches()
	b.b.g.Fail(b.node.Name, "the branches are nil or empty: take them from a stream")
	return b
}

// Branch adds a branch behind those that were added before, and returns its
// stream. Its node is called <name of the Branches' node><name>.
func (b *Branches[K, V]) Branch(name string, when func(K, V) bool) *Stream[K, V] {
	b = b.valid()
	b.b.needFunc(b.node.Name, "Branch "+strconv.Quote(name), when == nil)
	if b.rested {
		b.b.g.Fail(b.node.Name, "branch %q comes behind the default branch: add it before", name)
	}
	return b.named(name, func() *Stream[K, V] { return b.add(name, when) })
}

// Default adds the branch of the records for which no predicate holds, as Branch
// does. It's the last one.
func (b *Branches[K, V]) Default(name string) *Stream[K, V] {
	b = b.valid()
	if b.rested {
		b.b.g.Fail(b.node.Name, "default branch %q is a second one: a stream has one default branch", name)
	}
	return b.named(name, func() *Stream[K, V] { return b.rest(name) })
}

// Stream returns the stream of a branch by its name.
func (b *Branches[K, V]) Stream(name string) *Stream[K, V] {
	b = b.valid()
	if s := b.streams[name]; s != nil {
		return s
	}
	b.b.g.Fail(b.node.Name, "there's no branch %q: add it with Branch or Default before", name)
	return b.s
}

// named files a branch under its name.
func (b *Branches[K, V]) named(name string, add func() *Stream[K, V]) *Stream[K, V] {
	if err := graph.CheckName(name); err != nil {
		b.b.g.Fail(b.node.Name, "the branch's name: %w", err)
	}
	if b.streams[name] != nil {
		b.b.g.Fail(b.node.Name, "branch %q exists already: give each branch its own name", name)
		return b.streams[name]
	}
	b.streams[name] = add()
	return b.streams[name]
}

func (b *Branches[K, V]) add(name string, when func(K, V) bool) *Stream[K, V] {
	b.when = append(b.when, when)
	return b.output(name)
}

func (b *Branches[K, V]) rest(name string) *Stream[K, V] {
	b.rested = true
	return b.output(name)
}

// output adds the node of a branch.
func (b *Branches[K, V]) output(name string) *Stream[K, V] {
	b.b.g.Skip(1)
	n := &graph.Node{Name: b.node.Name + name, Passes: true}
	link(n, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, V], error) { return out, nil })
	return &Stream[K, V]{b: b.b, node: b.b.g.Add(n, b.node), rekeyed: b.s.rekeyed}
}
