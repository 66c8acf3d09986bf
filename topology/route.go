package topology

import (
	"slices"

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
	n := &graph.Node{Name: b.nodeName("KSTREAM-MERGE-", options), Passes: true}
	link(n, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, V], error) { return out, nil })
	merged := &Stream[K, V]{b: b, node: n}
	var parents []*graph.Node
	for _, s := range streams {
		switch {
		case s == nil || s.b == nil:
			b.g.Fail(n.Name, "Merge needs streams, got nil")
		case b.sameBuilder(n.Name, s.b) && !slices.Contains(parents, s.node):
			parents = append(parents, s.node)
			if s.rekeyed {
				merged.rekeyed = true
				n.RekeyedFrom = append(n.RekeyedFrom, s.node)
			}
		}
	}
	if len(streams) == 0 {
		b.g.Fail(n.Name, "Merge needs streams, got none")
	}
	b.g.Add(n, parents...)
	return merged
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
		name: name, key: k, value: v, partitions: o.partitions, own: true, partitioner: o.partitioner,
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
	// own says that the topic was asked for by itself, so that it isn't merged with
	// others.
	own bool

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
	dropNullKeys[K, V](r.Filter)
	if !to.own {
		r.DropNullKeys = dropNullKeys[K, V]
	}
	buildSink(r.Sink, to.key, to.value, op.Target[K, V]{Place: placeOf[K, V](s.b, user, to.partitioner)})
	buildSource(r.Source, to.key, to.value)
	return r.Source
}

// dropNullKeys makes a node leave out the records without a key, unless something
// behind it makes use of them.
func dropNullKeys[K, V any](n *graph.Node) {
	link(n, func(_ *graph.Task, _ op.Node, out op.Func[K, V]) (op.Func[K, V], error) {
		if n.KeepsNullKeys() {
			return out, nil
		}
		return op.DropNullKeys(out), nil
	})
}

// repartitionNames is how many numbers the nodes of a repartition topic take,
// though they have names of their own.
const repartitionNames = 3
