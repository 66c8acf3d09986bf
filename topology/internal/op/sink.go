package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Target says where a sink's records go.
type Target[K, V any] struct {
	// Output returns the topic of a record.
	Output func(K, V) (plan.Output, error)
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
	out, err := s.to.Output(r.Key, r.Value)
	if err != nil {
		return s.fail(err)
	}
	partitions := s.place(r, out.Partitions())
	if len(partitions) == 0 {
		return s.drop(plan.DropNoPartition)
	}
	kb, err := s.key.bytes(r.Key, r.NullKey)
	if err != nil {
		return fmt.Errorf("%s: serialize the key: %w", s.Name, err)
	}
	vb, err := s.value.bytes(r.Value, r.NullValue)
	if err != nil {
		return fmt.Errorf("%s: serialize the value: %w", s.Name, err)
	}
	for _, p := range partitions {
		if err := s.send(out, p, kb, vb, r.Timestamp, r.Headers); err != nil {
			return s.fail(err)
		}
	}
	return nil
}

// place returns the partitions of a record, valid until the next call.
func (s *sink[K, V]) place(r *Record[K, V], n int32) []int32 {
	if s.to.Place == nil {
		s.chose = append(s.chose[:0], -1)
	} else {
		s.chose = s.to.Place(r.Key, r.Value, n, s.chose[:0])
	}
	return s.chose
}

func (s *sink[K, V]) send(out plan.Output, partition int32, key, value []byte, timestamp int64, headers []record.Header) error {
	n := out.Partitions()
	switch {
	case partition < -1 || partition >= n:
		return fmt.Errorf("the partitioner chose partition %d of a topic with %d", partition, n)
	case partition == -1 && s.to.ByPart != nil && key != nil:
		partition = plan.Partition(s.to.ByPart(key), n)
	}
	return out.Send(partition, key, value, timestamp, headers)
}
