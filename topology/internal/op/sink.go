package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/serde"
)

// scratchSize is what a sink's buffers start with. They grow with the records.
const scratchSize = 128

// Sink writes records to a topic. The default partitioner places them; with
// byPart it gets only the part of the key that byPart returns.
func Sink[K, V any](n Node, k serde.Serde[K], v serde.Serde[V], to plan.Output, byPart func([]byte) []byte) Func[K, V] {
	key := newScratch(k)
	value := newScratch(v)
	return func(r *Record[K, V]) error {
		n.enter()
		kb, err := key.bytes(r.Key, r.NullKey)
		if err != nil {
			return fmt.Errorf("%s: serialize the key: %w", n.Name, err)
		}
		vb, err := value.bytes(r.Value, r.NullValue)
		if err != nil {
			return fmt.Errorf("%s: serialize the value: %w", n.Name, err)
		}
		partition := int32(-1)
		if byPart != nil && kb != nil {
			partition = plan.Partition(byPart(kb), to.Partitions())
		}
		if err := to.Send(partition, kb, vb, r.Timestamp, r.Headers); err != nil {
			return n.fail(err)
		}
		return nil
	}
}

// scratch is a buffer that values are serialized into, one after another.
type scratch[T any] struct {
	serde serde.Serde[T]
	buf   []byte
}

func newScratch[T any](s serde.Serde[T]) *scratch[T] {
	return &scratch[T]{serde: s, buf: make([]byte, 0, scratchSize)}
}

// bytes returns the encoding of v, valid until the next call, and nil for a null
// alone: an encoding without bytes is an empty slice.
func (s *scratch[T]) bytes(v T, null bool) ([]byte, error) {
	if null {
		return nil, nil
	}
	b, err := s.serde.Append(s.buf[:0], v)
	if err != nil {
		return nil, err
	}
	if b != nil {
		s.buf = b
	}
	return s.buf[:len(b)], nil
}
