package topology

import (
	"errors"
	"reflect"
	"slices"
	"strconv"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Builder collects the parts of one topology. It isn't safe for use by several
// goroutines. Mistakes are reported by Build, so its methods and those of the
// streams and tables always return something to go on with.
type Builder struct {
	g       *graph.Graph
	sources map[string]source
	// patterns are the sources that read the topics of patterns.
	patterns []source
	tables   []tableSource
	// optimized says that the nodes aren't any more what was written down.
	optimized bool
}

// source is a user's topic that is read, and how.
type source struct {
	node       *graph.Node
	kind       string
	key, value reflect.Type // of the serdes
	times      Timestamps
}

// NewBuilder returns a Builder without any stream.
func NewBuilder() *Builder {
	return &Builder{g: graph.New(), sources: map[string]source{}}
}

// Build returns the topology, or all mistakes that were made, joined into one
// error; each is told with the name of its node. With [Optimize] a Builder builds
// once.
func (b *Builder) Build(options ...BuildOption) (*Topology, error) {
	switch {
	case b == nil || b.g == nil:
		return nil, errNoBuilder
	case b.optimized:
		return nil, errOptimized
	}
	o := buildOptions{optimize: map[Optimization]bool{}}
	present(options, func(s BuildOption) { s.setBuild(&o) })
	if b.g.Err() == nil {
		b.reuse(o.optimize[ReuseSourceTopics])
		b.optimize(o)
	}
	p, err := b.g.Plan()
	if err != nil {
		return nil, err
	}
	return &Topology{plan: p, text: b.g.Describe(), description: describe(b.g)}, nil
}

var (
	errNoBuilder = errors.New("the builder is nil or empty: use NewBuilder")
	errOptimized = errors.New("Build was called with Optimize before, which has changed the builder's nodes: use a new builder")
)

// valid returns the builder, or one that can't build for none.
func (b *Builder) valid() *Builder {
	if b != nil && b.g != nil {
		return b
	}
	b = NewBuilder()
	b.g.Fail("builder", "%w", errNoBuilder)
	return b
}

// Stream reads a topic as a stream of independent records. A record with a
// negative timestamp is an error, unless [WithTimestamps] says otherwise; null keys
// and values are kept.
//
// A topic that is read twice is one source, with the name of the first, and both
// uses behind it; they must agree in types, serdes and options.
func (b *Builder) Stream[K, V any](topic string, k serde.Serde[K], v serde.Serde[V], options ...SourceOption) *Stream[K, V] {
	return b.StreamOf([]string{topic}, k, v, options...)
}

// StreamOf reads several topics as one stream, otherwise as Stream does. There is
// no order among records of different topics. The topics may have different numbers
// of partitions, unless a join needs them partitioned alike; partitions of the same
// number are one task's. The same topics may be read again, but not a part of them.
func (b *Builder) StreamOf[K, V any](topics []string, k serde.Serde[K], v serde.Serde[V], options ...SourceOption) *Stream[K, V] {
	b = b.valid()
	var o sourceOptions
	present(options, func(s SourceOption) { s.setSource(&o) })
	name := b.pick("KSTREAM-SOURCE-", o.nodeOptions)
	topics = slices.Clone(topics)
	if len(topics) == 0 {
		b.g.Fail(name, "StreamOf needs topics, got none")
		topics = []string{"none"}
	}
	n := sourceNode(b, name, topics[0], o, k, v)
	n.Also = topics[1:]
	first := b.addSource(n, source{kind: "stream", key: reflect.TypeOf(k), value: reflect.TypeOf(v), times: o.times})
	return &Stream[K, V]{b: b, node: first}
}

// Merge returns a stream of the records of all given streams. There is no order
// among records of different streams. A stream that is given several times
// counts once.
func (b *Builder) Merge[K, V any](streams ...*Stream[K, V]) *Stream[K, V] {
	b = b.valid()
	return merge(b, streams, nil)
}

// sourceNode returns a node that reads a topic into typed records.
func sourceNode[K, V any](b *Builder, name, topic string, o sourceOptions, k serde.Serde[K], v serde.Serde[V]) *graph.Node {
	n := &graph.Node{Name: name, Kind: graph.Source, Topic: topic, Reset: plan.OffsetReset(o.reset), Idle: o.idle.check(b.g, name)}
	buildTimed(n, k, v, timesOf[K, V](b, name, o.times))
	return n
}

// buildSource makes a node read a topic of the application's own.
func buildSource[K, V any](n *graph.Node, k serde.Serde[K], v serde.Serde[V]) {
	buildTimed(n, k, v, op.Times[K, V]{})
}

func buildTimed[K, V any](n *graph.Node, k serde.Serde[K], v serde.Serde[V], times op.Times[K, V]) {
	n.NoteSerdes(k, v)
	n.Build = func(t *graph.Task) (any, error) {
		out, err := outputs[K, V](t, n)
		if err != nil {
			return nil, err
		}
		// Each topic's source has a record of its own between two calls.
		return func() plan.Input { return op.Source(operator(t, n), k, v, times, out) }, nil
	}
}

// addSource adds a source of a user's topic. It returns the node to go on from:
// the first one that reads the topic.
func (b *Builder) addSource(n *graph.Node, s source) *graph.Node {
	b.checkTopics(n)
	b.needSerde(n.Name, "key", s.key == nil)
	b.needSerde(n.Name, "value", s.value == nil)
	for _, topic := range n.Topics() {
		first, ok := b.sources[topic]
		switch {
		case ok && b.sameSource(n, topic, s, first):
			return first.node
		case ok:
			return n
		}
	}
	s.node = b.g.Add(n)
	for _, topic := range n.Topics() {
		b.sources[topic] = s
		for _, pattern := range b.patterns {
			b.checkOverlap(pattern.node, topic, n)
		}
	}
	return n
}

// checkTopics notes what's wrong with the topics' names.
func (b *Builder) checkTopics(n *graph.Node) {
	topics := n.Topics()
	for i, topic := range topics {
		if err := graph.CheckName(topic); err != nil {
			b.g.Fail(n.Name, "the topic's name: %w", err)
		} else if slices.Contains(topics[:i], topic) {
			b.g.Fail(n.Name, "topic %q is given twice", topic)
		}
	}
}

// sameSource returns whether a topic may be read as it was before. Its mistakes
// are noted; the node is not part of the graph then.
func (b *Builder) sameSource(n *graph.Node, topic string, s, first source) bool {
	switch {
	case n.Global || first.node.Global:
		kind := first.kind
		if n.Global {
			kind = s.kind
		}
		b.g.Fail(n.Name, "topic %q is read as a %s by %s already: the topic of a %s is read once", topic, first.kind, first.node.Name, kind)
	case s.kind != "stream" || first.kind != "stream":
		b.g.Fail(n.Name, "topic %q is read as a %s by %s already: read it once, and derive one from the other with ToStream or ToTable",
			topic, first.kind, first.node.Name)
	case !slices.Equal(sorted(n.Topics()), sorted(first.node.Topics())):
		b.g.Fail(n.Name, "topic %q is read by %s already, which has other topics: read each topic by itself and use Merge", topic, first.node.Name)
	default:
		return b.compare(n, "topic "+strconv.Quote(topic), s, first)
	}
	return false
}

// compare returns whether something is read as it was before. Its mistakes are noted.
func (b *Builder) compare(n *graph.Node, what string, s, first source) bool {
	switch {
	case s.key != first.key || s.value != first.value:
		b.g.Fail(n.Name, "%s is read with serdes %v and %v, but with %v and %v by %s: read it with the same ones",
			what, s.key, s.value, first.key, first.value, first.node.Name)
	case n.Reset != first.node.Reset:
		b.g.Fail(n.Name, "%s has another reset policy in %s: use the same one", what, first.node.Name)
	case n.Idle != first.node.Idle:
		b.g.Fail(n.Name, "%s has another idle timeout in %s: use the same one", what, first.node.Name)
	case s.times != first.times:
		b.g.Fail(n.Name, "%s has other timestamps in %s: give both the same value of Timestamps", what, first.node.Name)
	default:
		return true
	}
	return false
}

func sorted(topics []string) []string { return slices.Sorted(slices.Values(topics)) }

// nodeName returns the name of the next node: the user's, or one made of the
// prefix. Both take a number, so that naming a node doesn't renumber others.
func (b *Builder) nodeName(prefix string, options []Option) string {
	var o nodeOptions
	present(options, func(s Option) { s.setNode(&o) })
	return b.pick(prefix, o)
}

func (b *Builder) pick(prefix string, o nodeOptions) string {
	name := b.g.Next(prefix)
	if !o.named {
		return name
	}
	if err := graph.CheckName(o.name); err != nil {
		b.g.Fail(name, "the name given with Named: %w", err)
		return name
	}
	return o.name
}

func (b *Builder) needFunc(node, method string, missing bool) {
	if missing {
		b.g.Fail(node, "%s needs a function, got nil", method)
	}
}

func (b *Builder) needSerde(node, what string, missing bool) {
	if missing {
		b.g.Fail(node, "the %s serde is nil", what)
	}
}

// sameBuilder returns whether the other builder is b, and notes the mistake with
// both if it isn't.
func (b *Builder) sameBuilder(node string, other *Builder) bool {
	if b == other {
		return true
	}
	b.g.Fail(node, "it takes in something of another builder: a topology is written with one builder")
	other.g.Fail(node, "a node of another builder takes in something of this one: a topology is written with one builder")
	return false
}
