package topology

import (
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/serde"
)

// StreamMatching reads all topics whose names a regular expression matches as one
// stream, otherwise as [Builder.StreamOf] does. A name has to be matched as a whole:
// orders doesn't match orders-eu, orders.* does. Topics that are created while the
// application runs are read without a restart, from where their source's reset policy
// says, and those that are deleted are left out. No topic has to exist at first,
// unless the partition count of a repartition topic follows from it.
//
// The application's own repartition and changelog topics never match, nor do those
// that Kafka keeps for itself. A topic that's read in another way must not match: by
// its name, which Build refuses, or by another pattern, which ends the application
// when there is such a topic. The same pattern may be read again, as the same topic
// may.
//
// A repartition topic that the records go to keeps the number of partitions that it
// was created with. So does the changelog of a store that is between the topics and
// the next repartition topic: a new topic with more partitions than those there were
// ends the application.
func (b *Builder) StreamMatching[K, V any](pattern *regexp.Regexp, k serde.Serde[K], v serde.Serde[V], options ...SourceOption) *Stream[K, V] {
	b = b.valid()
	var o sourceOptions
	present(options, func(s SourceOption) { s.setSource(&o) })
	n := sourceNode(b, b.pick("KSTREAM-SOURCE-", o.nodeOptions), "", o, k, v)
	n.Pattern = b.pattern(n.Name, pattern)
	first := b.addPattern(n, source{kind: "stream", key: reflect.TypeOf(k), value: reflect.TypeOf(v), times: o.times})
	return &Stream[K, V]{b: b, node: first}
}

// pattern returns the pattern of a regular expression, or one of nothing.
func (b *Builder) pattern(node string, re *regexp.Regexp) *plan.Pattern {
	if re == nil {
		b.g.Fail(node, "StreamMatching needs a regular expression, got nil")
		re = regexp.MustCompile(`\z.`)
	}
	p, err := plan.NewPattern(re)
	if err != nil {
		b.g.Fail(node, "%w", err)
	}
	return p
}

// addPattern adds a source of a pattern. It returns the node to go on from: the first
// one that reads the same pattern.
func (b *Builder) addPattern(n *graph.Node, s source) *graph.Node {
	b.needSerde(n.Name, "key", s.key == nil)
	b.needSerde(n.Name, "value", s.value == nil)
	if n.Pattern == nil {
		return n
	}
	for _, first := range b.patterns {
		if first.node.Pattern.String() == n.Pattern.String() {
			b.compare(n, "pattern "+n.Pattern.String(), s, first)
			return first.node
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(b.sources)) {
		b.checkOverlap(n, topic, b.sources[topic].node)
	}
	s.node = b.g.Add(n)
	b.patterns = append(b.patterns, s)
	return n
}

// checkOverlap notes a topic that's read by its name and by a pattern.
func (b *Builder) checkOverlap(pattern *graph.Node, topic string, by *graph.Node) {
	if pattern.Pattern.Match(topic) {
		b.g.Fail(pattern.Name, "the pattern %s matches topic %q, which %s reads by its name: write a pattern that doesn't", pattern.Pattern, topic, by.Name)
	}
}
