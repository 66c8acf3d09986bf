package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// StreamSelfJoin is a join of a stream with itself in a task: one store does for
// both sides. The results are those of an inner [StreamJoin] of the stream with
// itself, in the same order.
type StreamSelfJoin[K, V, R any] struct {
	// Before and After say how far apart joined records may be, in milliseconds, seen
	// from the one on the left. They aren't negative, so that each record meets itself.
	Before, After int64
	// Retention is how long the store keeps a record, in milliseconds.
	Retention int64
	Join      func(left, right V) R
	// Store has what came before the record that's being joined.
	Store *statestore.JoinWindow[K, V]
	// Now is stream time. It must start with what the store has seen.
	Now int64
}

// SelfJoin joins the records of a stream with each other and with themselves.
func SelfJoin[K, V, R any](n Node, j *StreamSelfJoin[K, V, R], out Func[K, R]) Func[K, V] {
	s := &selfJoin[K, V, R]{Node: n, StreamSelfJoin: j, out: out}
	return s.process
}

type selfJoin[K, V, R any] struct {
	Node
	*StreamSelfJoin[K, V, R]
	out Func[K, R]
	o   Record[K, R]
}

func (s *selfJoin[K, V, R]) process(r *Record[K, V]) error {
	switch {
	case r.NullValue:
		return s.drop(plan.DropNullValue)
	case r.NullKey:
		return s.drop(plan.DropNullKey)
	}
	s.Now = max(s.Now, r.Timestamp)
	s.at()
	if err := s.asLeft(r); err != nil {
		return err
	}
	return s.asRight(r)
}

// asLeft joins the record with earlier ones on the right.
func (s *selfJoin[K, V, R]) asLeft(r *Record[K, V]) error {
	for e, err := range s.Store.Fetch(r.Key, max(0, shift(r.Timestamp, -s.Before)), shift(r.Timestamp, s.After)) {
		if err != nil {
			return s.fail(err)
		}
		if err := s.send(r, r.Value, e.Value, e.Timestamp); err != nil {
			return err
		}
	}
	return nil
}

// asRight joins the record with earlier ones on the left, and in its place among
// them with itself, unless it's so late that no store would keep it.
func (s *selfJoin[K, V, R]) asRight(r *Record[K, V]) error {
	itself := r.Timestamp > s.Now-s.Retention+1 // a millisecond less than the store keeps it, as in Kafka Streams
	for e, err := range s.Store.Fetch(r.Key, max(0, shift(r.Timestamp, -s.After)), shift(r.Timestamp, s.Before)) {
		if err != nil {
			return s.fail(err)
		}
		if itself && e.Timestamp > r.Timestamp {
			itself = false
			if err := s.send(r, r.Value, r.Value, r.Timestamp); err != nil {
				return err
			}
		}
		if err := s.send(r, e.Value, r.Value, e.Timestamp); err != nil {
			return err
		}
	}
	if itself {
		return s.send(r, r.Value, r.Value, r.Timestamp)
	}
	return nil
}

// send passes on the result of the record and another one of the given timestamp.
func (s *selfJoin[K, V, R]) send(r *Record[K, V], left, right V, timestamp int64) error {
	s.enter()
	v := s.Join(left, right)
	s.leave()
	s.o = Record[K, R]{
		Key: r.Key, Value: v, NullValue: nullsOf[R]().is(v),
		Timestamp: max(r.Timestamp, timestamp), Headers: r.Headers,
	}
	return s.out(&s.o)
}
