package topology

import (
	"slices"
	"strconv"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Merge returns a stream of the records of this stream and the others. There is
// no order among records of different streams. A stream that is given several
// times counts once.
func (s *Stream[K, V]) Merge(others ...*Stream[K, V]) *Stream[K, V] {
	s = s.valid()
	return merge(s.b, append([]*Stream[K, V]{s}, others...), nil)
}

func merge[K, V any](b *Builder, streams []*Stream[K, V], options []Option) *Stream[K, V] {
	n := &graph.Node{Name: b.nodeName("KSTREAM-MERGE-", options)}
	link(n, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, V], error) { return out, nil })
	merged := &Stream[K, V]{b: b, node: n}
	var parents []*graph.Node
	for _, s := range streams {
		switch {
		case s == nil || s.b == nil:
			b.g.Fail(n.Name, "Merge needs streams, got nil")
		case b.sameBuilder(n.Name, s.b) && !slices.Contains(parents, s.node):
			parents = append(parents, s.node)
			merged.rekeyed = merged.rekeyed || s.rekeyed
		}
	}
	if len(streams) == 0 {
		b.g.Fail(n.Name, "Merge needs streams, got none")
	}
	b.g.Add(n, parents...)
	return merged
}

// Split sends each record to the stream of the first predicate that holds. It
// returns one stream for each predicate, in their order, and behind them the
// stream of the records for which none holds. A record of a stream that isn't
// used ends there (KIP-418).
func (s *Stream[K, V]) Split(when ...func(K, V) bool) []*Stream[K, V] {
	s = s.valid()
	n := &graph.Node{Name: s.b.g.Next("KSTREAM-BRANCH-")}
	s.b.g.Add(n, s.node)
	n.Build = func(t *graph.Task) (any, error) {
		outs, err := entries[K, V](t, n)
		if err != nil {
			return nil, err
		}
		return op.Guard(operator(t, n), op.Branch(operator(t, n), when, outs)), nil
	}
	branches := make([]*Stream[K, V], 0, len(when)+1)
	for i, holds := range when {
		s.b.needFunc(n.Name, "Split", holds == nil)
		branches = append(branches, s.branch(n, i+1))
	}
	return append(branches, s.branch(n, 0))
}

// branch adds one output of a split: number 0 is that of the rest.
func (s *Stream[K, V]) branch(split *graph.Node, number int) *Stream[K, V] {
	s.b.g.Skip(1)
	n := &graph.Node{Name: split.Name + strconv.Itoa(number)}
	link(n, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, V], error) { return out, nil })
	return &Stream[K, V]{b: s.b, node: s.b.g.Add(n, split), rekeyed: s.rekeyed}
}

// Repartition writes the stream to the topic
// <application id>-<name>-repartition and goes on from there, whether the key
// changed or not. The topic spreads the work behind it over its partitions.
// Records with a null key are left out, unless a left join behind it makes use
// of them (KIP-221, KIP-962).
func (s *Stream[K, V]) Repartition(name string, k serde.Serde[K], v serde.Serde[V], options ...RepartitionOption) *Stream[K, V] {
	s = s.valid()
	topic := name + repartitionSuffix
	var o repartitionOptions
	present(options, func(f RepartitionOption) { f.setRepartition(&o) })
	if o.counted && o.partitions <= 0 {
		s.b.g.Fail(topic, "the number of partitions must be positive, got %d", o.partitions)
	}
	return &Stream[K, V]{b: s.b, node: repartition(s, topic, repartitionTo[K, V]{
		name: name, key: k, value: v, partitions: o.partitions, partitioner: o.partitioner,
	})}
}

// repartitionSuffix is the end of a repartition topic's name, as in Kafka
// Streams.
const repartitionSuffix = "-repartition"

// repartitionTo is a repartition topic that is to be made.
type repartitionTo[K, V any] struct {
	name       string
	key        serde.Serde[K]
	value      serde.Serde[V]
	partitions int32

	partitioner partitioner
}

// repartition adds a repartition topic behind the stream and returns the source
// that reads it. A mistake is told with the name of the node that needs it.
func repartition[K, V any](s *Stream[K, V], user string, to repartitionTo[K, V]) *graph.Node {
	s.b.g.Skip(repartitionNames)
	s.b.needSerde(user, "key", to.key == nil)
	s.b.needSerde(user, "value", to.value == nil)
	if err := graph.CheckName(to.name); err != nil {
		s.b.g.Fail(user, "the repartition topic's name: %w", err)
	}
	r := s.b.g.Repartition(user, to.name+repartitionSuffix, to.partitions, s.node)
	link(r.Filter, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, V], error) {
		if r.Sink.KeepsNullKeys() {
			return out, nil
		}
		return op.DropNullKeys(out), nil
	})
	buildSink(r.Sink, to.key, to.value, op.Target[K, V]{Place: placeOf[K, V](s.b, user, to.partitioner)})
	buildSource(r.Source, to.key, to.value)
	return r.Source
}

// repartitionNames is how many numbers the nodes of a repartition topic take,
// though they have names of their own.
const repartitionNames = 3
