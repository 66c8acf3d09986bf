package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Source turns the records of one topic into typed ones. What can't be
// deserialized is the task's to deal with.
func Source[K, V any](n Node, k serde.Serde[K], v serde.Serde[V], times Times[K, V], out Func[K, V]) plan.Input {
	s := &source[K, V]{Node: n, key: k, value: v, times: times, out: out, keys: nullsOf[K](), values: nullsOf[V]()}
	in := plan.Input{Process: s.process}
	if times.changes() {
		in.Timestamp = s.stamp
	}
	return in
}

// source is the state of a source between a record's call of stamp and that of
// process.
type source[K, V any] struct {
	Node
	key    serde.Serde[K]
	value  serde.Serde[V]
	times  Times[K, V]
	out    Func[K, V]
	keys   nulls[K]
	values nulls[V]

	o Record[K, V]
	// decoded says that stamp has deserialized the record already.
	decoded bool
	// failed is what went wrong with the record's time.
	failed error
	// own is the timestamp that the record came with.
	own int64
}

func (s *source[K, V]) process(r *record.Record) error {
	decoded, failed := s.decoded, s.failed
	s.decoded, s.failed = false, nil
	s.at()
	s.Env.From = plan.Origin{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
	if !decoded {
		if err := s.decode(r); err != nil {
			return s.Env.DecodeFailed(s.Name, s.asItCame(r), err)
		}
	}
	switch {
	case failed != nil:
		return failed
	case r.Timestamp >= 0:
		s.o.Timestamp = r.Timestamp
		s.Env.StreamTime = max(s.Env.StreamTime, r.Timestamp)
		return s.out(&s.o)
	case s.times.Invalid == FailInvalid:
		return s.fail(errInvalidTime)
	}
	return s.drop(plan.DropTimestamp)
}

// asItCame returns the record with the timestamp that it came with.
func (s *source[K, V]) asItCame(r *record.Record) *record.Record {
	if !s.times.changes() {
		return r
	}
	c := *r
	c.Timestamp = s.own
	return &c
}

// decode sets what the record is for operators.
func (s *source[K, V]) decode(r *record.Record) (err error) {
	o := &s.o
	*o = Record[K, V]{NullKey: true, NullValue: true, Timestamp: r.Timestamp, Headers: r.Headers}
	if r.Key != nil {
		if o.Key, err = s.key.Decode(r.Key); err != nil {
			return fmt.Errorf("deserialize the key: %w", err)
		}
		o.NullKey = s.keys.is(o.Key)
	}
	if r.Value != nil {
		if o.Value, err = s.value.Decode(r.Value); err != nil {
			return fmt.Errorf("deserialize the value: %w", err)
		}
		o.NullValue = s.values.is(o.Value)
	}
	return nil
}
