package topology

import (
	"errors"
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// To writes the stream to a topic, with the records' timestamps and headers. The
// default partitioner of the Java client places a record by its key's bytes; a
// windowed key is placed by the key without the window. [PartitionBy] places
// records otherwise. The topic must exist when the application starts.
func (s *Stream[K, V]) To(topic string, k serde.Serde[K], v serde.Serde[V], options ...SinkOption) {
	s = s.valid()
	n, target := newSink(s, k, v, options)
	n.Topic = topic
	if err := graph.CheckName(topic); err != nil {
		s.b.g.Fail(n.Name, "the topic's name: %w", err)
	}
	buildSink(n, k, v, target)
	s.b.g.Add(n, s.node)
}

// ToTopics writes each record to the topic that choose returns for it, otherwise
// as To does. Which topics these are isn't known before: one that doesn't exist, or
// an empty name, is an error that stops the application at that record (KIP-303).
// choose gets zero values for nulls, and must not return the names of repartition
// topics.
func (s *Stream[K, V]) ToTopics(choose func(K, V) string, k serde.Serde[K], v serde.Serde[V], options ...SinkOption) {
	s = s.valid()
	n, target := newSink(s, k, v, options)
	s.b.needFunc(n.Name, "ToTopics", choose == nil)
	n.Build = func(t *graph.Task) (any, error) {
		target := target
		target.Output = chosenOutput(t.Env, choose)
		return op.Guard(operator(t, n), op.Sink(operator(t, n), k, v, target)), nil
	}
	s.b.g.Add(n, s.node)
}

// newSink returns a sink's node, and how it places records.
func newSink[K, V any](s *Stream[K, V], k serde.Serde[K], v serde.Serde[V], options []SinkOption) (*graph.Node, op.Target[K, V]) {
	var o sinkOptions
	present(options, func(f SinkOption) { f.setSink(&o) })
	n := &graph.Node{Name: s.b.pick("KSTREAM-SINK-", o.nodeOptions), Kind: graph.Sink}
	n.NoteSerdes(k, v)
	s.b.needSerde(n.Name, "key", k == nil)
	s.b.needSerde(n.Name, "value", v == nil)
	return n, op.Target[K, V]{Place: placeOf[K, V](s.b, n.Name, o.partitioner), ByPart: partOf(k)}
}

// partOf returns what places keys by a part of them, or nil.
func partOf[K any](k serde.Serde[K]) func(key []byte) []byte {
	if p, ok := k.(serde.PartitionKeyer); ok {
		return p.PartitionKey
	}
	return nil
}

func buildSink[K, V any](n *graph.Node, k serde.Serde[K], v serde.Serde[V], target op.Target[K, V]) {
	n.NoteSerdes(k, v)
	n.Build = func(t *graph.Task) (any, error) {
		to, err := t.Env.Output(n.Topic)
		if err != nil {
			return nil, fmt.Errorf("%s: open topic %s: %w", n.Name, n.Topic, err)
		}
		target := target
		target.Output = func(K, V) (plan.Output, string, error) { return to, n.Topic, nil }
		return op.Guard(operator(t, n), op.Sink(operator(t, n), k, v, target)), nil
	}
}

// chosenOutput returns a function that opens each topic at its first record.
func chosenOutput[K, V any](env *plan.Env, choose func(K, V) string) func(K, V) (plan.Output, string, error) {
	open := map[string]plan.Output{}
	return func(k K, v V) (plan.Output, string, error) {
		topic := choose(k, v)
		env.InUser = false // what follows isn't the user's code
		if to := open[topic]; to != nil {
			return to, topic, nil
		}
		to, err := openChosen(env, topic)
		if err == nil {
			open[topic] = to
		}
		return to, topic, err
	}
}

func openChosen(env *plan.Env, topic string) (plan.Output, error) {
	if err := graph.CheckName(topic); err != nil {
		return nil, &plan.UserError{Err: fmt.Errorf("the name of the topic that was chosen for a record: %w", err)}
	}
	if env.Topic == nil {
		return nil, errors.New("this task can't write to chosen topics")
	}
	to, err := env.Topic(topic)
	if err != nil {
		return nil, fmt.Errorf("open topic %s, which was chosen for a record and must exist: %w", topic, err)
	}
	return to, nil
}
