package op

import (
	"errors"
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Target says where a sink's records go.
type Target[K, V any] struct {
	// Output returns the topic of a record, by its name too.
	Output func(K, V) (plan.Output, string, error)
	// ByPart returns the part of an encoded key which the default partitioner gets;
	// nil for all of it.
	ByPart func(key []byte) []byte
	// Place appends the partitions of a record, of which the topic has n; -1 leaves
	// the choice to the default partitioner, and a record without partitions is
	// dropped. Nil leaves all records to the default partitioner.
	Place func(key K, value V, n int32, to []int32) []int32
}

// Sink writes records to topics.
func Sink[K, V any](n Node, k serde.Serde[K], v serde.Serde[V], to Target[K, V]) Func[K, V] {
	s := &sink[K, V]{Node: n, key: newScratch(k), value: newScratch(v), to: to}
	return s.process
}

type sink[K, V any] struct {
	Node
	key   *scratch[K]
	value *scratch[V]
	to    Target[K, V]
	chose []int32 // scratch
}

func (s *sink[K, V]) process(r *Record[K, V]) error {
	s.enter()
	out, topic, err := s.to.Output(r.Key, r.Value)
	s.leave()
	if err != nil {
		return s.fail(err)
	}
	partitions := s.place(r, out.Partitions())
	if len(partitions) == 0 {
		return s.drop(plan.DropNoPartition)
	}
	key, value, err := s.encode(r)
	if err != nil {
		return s.notProduced(err, topic, r.Timestamp, r.Headers)
	}
	for _, p := range partitions {
		if p, err = s.partition(p, out.Partitions(), key); err != nil {
			return err
		}
		if err := s.sent(out.Send(p, key, value, r.Timestamp, r.Headers), topic, r.Timestamp, r.Headers); err != nil {
			return err
		}
	}
	return nil
}

// place returns the partitions of a record, valid until the next call.
func (s *sink[K, V]) place(r *Record[K, V], n int32) []int32 {
	if s.to.Place == nil {
		s.chose = append(s.chose[:0], -1)
	} else {
		s.enter()
		s.chose = s.to.Place(r.Key, r.Value, n, s.chose[:0])
		s.leave()
	}
	return s.chose
}

// encode returns the bytes of a record. Where a handler decides on records that
// can't be serialized, a panic of a serde is among the reasons.
func (s *sink[K, V]) encode(r *Record[K, V]) (key, value []byte, err error) {
	keys, values := s.key.bytes, s.value.bytes
	if s.Env.NotProduced != nil {
		keys, values = s.key.recovering, s.value.recovering
	}
	if key, err = keys(r.Key, r.NullKey); err != nil {
		return nil, nil, fmt.Errorf("serialize the key: %w", err)
	}
	if value, err = values(r.Value, r.NullValue); err != nil {
		return nil, nil, fmt.Errorf("serialize the value: %w", err)
	}
	return key, value, nil
}

// partition checks a partition that was chosen, and does what of the default
// partitioner's work isn't the output's.
func (s *sink[K, V]) partition(p, n int32, key []byte) (int32, error) {
	switch {
	case p < -1 || p >= n:
		return 0, s.refuse(fmt.Errorf("the partitioner chose partition %d of a topic with %d", p, n))
	case p == -1 && s.to.ByPart != nil && key != nil:
		return plan.Partition(s.to.ByPart(key), n), nil
	}
	return p, nil
}

// sent ends an output's Send: what was refused for itself is decided on by the
// handler.
func (n Node) sent(err error, topic string, timestamp int64, headers []record.Header) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*plan.Refused](err); ok {
		return n.notProduced(refused, topic, timestamp, headers)
	}
	return n.fail(err)
}

// notProduced has the task's handler decide on a record that can't be written. A
// nil answer leaves it out. The error of a failure isn't for the handler of
// processing to decide on once more.
func (n Node) notProduced(err error, topic string, timestamp int64, headers []record.Header) error {
	if n.Env.NotProduced == nil {
		return &decided{n.fail(err)}
	}
	n.at()
	failure := &plan.Failure{Node: n.Name, Timestamp: timestamp, Headers: headers, Output: topic, Err: err}
	if err := n.Env.NotProduced(failure); err != nil {
		return &decided{err}
	}
	return nil
}
