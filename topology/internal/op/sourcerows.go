package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// SourceRows returns a function that makes of a record of a table's topic what the
// changelog of the table's store would hold, and returns false for one that the
// table doesn't take. It's used for the records of one partition in their order.
//
// The bytes of a topic aren't simply those of the store: a serde may write a value
// in another way than it found it, and the time may be one that's in the value.
func SourceRows[K, V any](node string, k serde.Serde[K], v serde.Serde[V], times Times[K, V]) func(*record.Record) (bool, error) {
	s := &sourceRows[K, V]{latest: -1}
	s.source = source[K, V]{Node: Node{Env: &plan.Env{}, Name: node}, key: k, value: v, times: times, keys: nullsOf[K](), values: nullsOf[V]()}
	return s.take
}

type sourceRows[K, V any] struct {
	source[K, V]
	latest             int64 // the highest timestamp so far, -1 before the first
	keyBytes, valBytes []byte
}

func (s *sourceRows[K, V]) take(r *record.Record) (taken bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			taken, err = false, plan.Recovered(p)
		}
	}()
	s.decoded, s.failed = false, nil
	s.stamp(r, s.latest)
	if !s.decoded {
		if err := s.decode(r); err != nil {
			return false, err
		}
	}
	if s.failed != nil || r.Timestamp < 0 || s.o.NullKey {
		return false, s.failed
	}
	s.latest = max(s.latest, r.Timestamp)
	if s.keyBytes, err = s.key.Append(s.keyBytes[:0], s.o.Key); err != nil {
		return false, fmt.Errorf("serialize the key: %w", err)
	}
	r.Key, r.Value = s.keyBytes, nil
	if s.o.NullValue {
		return true, nil
	}
	if s.valBytes, err = s.value.Append(s.valBytes[:0], s.o.Value); err != nil {
		return false, fmt.Errorf("serialize the value: %w", err)
	}
	r.Value = s.valBytes
	if r.Value == nil {
		r.Value = []byte{} // null would delete the row
	}
	return true, nil
}
