package op

import (
	"bytes"
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// ForeignKeys is what the left table of a foreign-key join brings along.
type ForeignKeys[K, V, J any] struct {
	// Of returns the foreign key of a row; it's not ok for a row without one.
	Of func(K, V) (J, bool)
	// Left is set for a left join, in which rows without a foreign key take part.
	Left       bool
	PrimaryKey serde.Serde[K]
	Value      serde.Serde[V]
	Key        serde.Serde[J]
}

// Again subscribes a row once more. It's what the end of a foreign-key join asks of
// its beginning in the same task.
type Again[K, V any] struct {
	// Expires says that rows go without a change once they're past their retention.
	Expires bool

	do func(key K, v V, ts int64, headers []record.Header) (asked bool, err error)
}

// Subscribe is where the left table sends its changes: to the row that a row's
// foreign key names now, and to the one that it named before. The record's key is
// the foreign key, or null in a left join, where the answer is always that
// there's no row. The subscriptions are valid until the next change.
func Subscribe[K, V, J any](n Node, f ForeignKeys[K, V, J], again *Again[K, V], out Func[J, wire.Subscription]) Func[K, Change[V]] {
	s := &subscriber[K, V, J]{
		node: n, ForeignKeys: f, keys: nullsOf[J](), out: out, primary: newScratch(f.PrimaryKey),
		value: newScratch(f.Value), oldKey: newScratch(f.Key), newKey: newScratch(f.Key),
	}
	again.do = s.again
	if f.Left {
		return s.left
	}
	return s.inner
}

type subscriber[K, V, J any] struct {
	ForeignKeys[K, V, J]
	node           Node
	keys           nulls[J]
	primary        *scratch[K]
	value          *scratch[V]
	oldKey, newKey *scratch[J]
	o              Record[J, wire.Subscription]
	out            Func[J, wire.Subscription]
}

// foreignKey is a foreign key and its bytes, which are nil where there's none.
type foreignKey[J any] struct {
	key   J
	bytes []byte
}

func (k foreignKey[J]) exists() bool { return k.bytes != nil }

// inner subscribes rows with a foreign key. What became of the old subscription is
// answered either by the new one or, if there's none, by its end.
func (s *subscriber[K, V, J]) inner(r *Record[K, Change[V]]) error {
	if r.Value.Past {
		return s.node.drop(plan.DropOutOfOrder)
	}
	was, is, err := s.begin(r)
	if err != nil {
		return s.node.fail(err)
	}
	switch {
	case !r.Value.HasNew:
		return s.end(was, wire.UnsubscribeAndAnswer)
	case !is.exists():
		if err := s.node.drop(plan.DropNullKey); err != nil {
			return err
		}
		return s.end(was, wire.UnsubscribeAndAnswer)
	case !was.exists() || bytes.Equal(was.bytes, is.bytes):
		return s.send(is, wire.AnswerIfFound)
	}
	if err := s.send(was, wire.Unsubscribe); err != nil {
		return err
	}
	return s.send(is, wire.AnswerAlways)
}

// again subscribes a row whose change may have left an answer unheard which said that
// there's no right row: its own subscription isn't answered then. A row without a
// foreign key has none to ask. The subscription has the row's time, as its first one
// has.
func (s *subscriber[K, V, J]) again(key K, v V, ts int64, headers []record.Header) (asked bool, err error) {
	_, is, err := s.begin(&Record[K, Change[V]]{Key: key, Value: Change[V]{New: v, HasNew: true}, Timestamp: max(ts, 0), Headers: headers})
	if err != nil {
		return false, s.node.fail(err)
	}
	return is.exists(), s.end(is, wire.AnswerAlways)
}

// left subscribes all rows. A deleted row and one without a foreign key ask under
// the null key, where there's no row.
func (s *subscriber[K, V, J]) left(r *Record[K, Change[V]]) error {
	if r.Value.Past {
		return s.node.drop(plan.DropOutOfOrder)
	}
	if !r.Value.HasNew && !r.Value.hadRow() {
		return nil
	}
	was, is, err := s.begin(r)
	if err != nil {
		return s.node.fail(err)
	}
	if !bytes.Equal(was.bytes, is.bytes) || was.exists() != is.exists() {
		if err := s.end(was, wire.Unsubscribe); err != nil {
			return err
		}
	}
	return s.send(is, wire.AnswerAlways)
}

// begin prepares what all subscriptions of a change have in common, and returns
// the foreign keys of the row before and after it.
func (s *subscriber[K, V, J]) begin(r *Record[K, Change[V]]) (was, is foreignKey[J], err error) {
	s.node.at()
	primary, err := s.primary.bytes(r.Key, false)
	if err != nil {
		return was, is, fmt.Errorf("serialize the key: %w", err)
	}
	s.o = Record[J, wire.Subscription]{Timestamp: r.Timestamp, Headers: r.Headers}
	s.o.Value = wire.Subscription{PrimaryKey: primary, Partition: s.node.Env.Task.Partition}
	if r.Value.HasNew {
		value, err := s.value.bytes(r.Value.New, false)
		if err != nil {
			return was, is, fmt.Errorf("serialize the value: %w", err)
		}
		s.o.Value.Hash, s.o.Value.HasHash = wire.HashOf(value), true
		if is, err = s.keyOf(s.newKey, r.Key, r.Value.New); err != nil {
			return was, is, err
		}
	}
	if r.Value.hadRow() {
		was, err = s.keyOf(s.oldKey, r.Key, r.Value.Old)
	}
	return was, is, err
}

func (s *subscriber[K, V, J]) keyOf(buf *scratch[J], key K, v V) (k foreignKey[J], err error) {
	s.node.enter()
	j, ok := s.Of(key, v)
	s.node.leave()
	if !ok || s.keys.is(j) {
		return k, nil
	}
	b, err := buf.bytes(j, false)
	if err != nil {
		return k, fmt.Errorf("serialize the foreign key: %w", err)
	}
	return foreignKey[J]{j, b}, nil
}

// end asks for what ends a subscription, or for an answer to it, if there is one.
func (s *subscriber[K, V, J]) end(k foreignKey[J], how wire.Instruction) error {
	if !k.exists() {
		return nil
	}
	return s.send(k, how)
}

func (s *subscriber[K, V, J]) send(k foreignKey[J], how wire.Instruction) error {
	s.o.Key, s.o.NullKey, s.o.Value.Instruction = k.key, !k.exists(), how
	return s.out(&s.o)
}
