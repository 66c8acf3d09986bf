package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// AnswerSink writes answers to the partition of the task that subscribed.
func AnswerSink(n Node, topic string, to plan.Output) Func[[]byte, wire.Answer] {
	buf := make([]byte, 0, scratchSize)
	return func(r *Record[[]byte, wire.Answer]) error {
		partition := r.Value.Partition
		if partition >= to.Partitions() {
			return n.fail(fmt.Errorf("a subscription came from partition %d, but the topic of the answers has %d partitions", partition, to.Partitions()))
		}
		buf = wire.AppendAnswer(buf[:0], r.Value)
		return n.sent(to.Send(partition, r.Key, buf, r.Timestamp, r.Headers), topic, r.Timestamp, r.Headers)
	}
}

// AnswerSerde reads answers, which share memory with the record that they are.
type AnswerSerde struct{}

// Append appends an answer.
func (AnswerSerde) Append(dst []byte, a wire.Answer) ([]byte, error) {
	return wire.AppendAnswer(dst, a), nil
}

// Decode reads an answer.
func (AnswerSerde) Decode(b []byte) (wire.Answer, error) { return wire.ReadAnswer(b) }

// ResolveAnswers joins the rows of the left table with the answers to them. An
// answer to a row that has changed since is dropped: another one is on its way,
// unless there's no right row. In an inner join, where again isn't nil, the row as it
// is now may not have asked for an answer in that case, and the result of an earlier
// one would stay. So it's subscribed again; if it can't be, there's no result, unless
// the row is only past its retention: its result is final.
func ResolveAnswers[K, V, V2, R any](n Node, rows Lookup[K, V], v serde.Serde[V], v2 serde.Serde[V2], join Joiner[V, V2, R], again *Again[K, V], out Func[K, R]) Func[K, wire.Answer] {
	var o Record[K, R]
	value := newScratch(v)
	return func(r *Record[K, wire.Answer]) error {
		if r.NullKey {
			return n.drop(plan.DropNullKey)
		}
		n.at()
		row, ts, found, err := rows(r.Key)
		if err != nil {
			return n.fail(err)
		}
		current, err := answers(value, row, found, &r.Value)
		if err != nil {
			return n.fail(err)
		}
		if !current {
			if err := n.drop(plan.DropStale); err != nil || again == nil || !found && again.Expires || r.Value.Value != nil {
				return err
			}
			if found {
				if asked, err := again.do(r.Key, row, ts, r.Headers); asked || err != nil {
					return err
				}
			}
		}
		var right V2
		hasRight := r.Value.Value != nil
		if hasRight {
			if right, err = v2.Decode(r.Value.Value); err != nil {
				return n.refuse(fmt.Errorf("deserialize the right value: %w", err))
			}
		}
		n.enter()
		result, ok := join(row, found, right, hasRight)
		n.leave()
		o = Record[K, R]{Key: r.Key, Value: result, NullValue: !ok, Timestamp: r.Timestamp, Headers: r.Headers}
		return out(&o)
	}
}

// answers returns whether an answer is to the row as it is now.
func answers[V any](buf *scratch[V], row V, found bool, a *wire.Answer) (bool, error) {
	if !found || !a.HasHash {
		return found == a.HasHash, nil
	}
	b, err := buf.bytes(row, false)
	if err != nil {
		return false, fmt.Errorf("serialize the value: %w", err)
	}
	return wire.HashOf(b) == a.Hash, nil
}
