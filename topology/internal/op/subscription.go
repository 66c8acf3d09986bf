package op

import (
	"bytes"
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// SubscriptionStore holds the subscriptions of a task: under foreign key and
// primary key, what the left table sent.
type SubscriptionStore = statestore.KeyValue[[]byte, wire.Subscription]

// SubscriptionSerde writes subscriptions. Those that it reads share memory with
// what they are read from, which outlives the record or the entry that they are.
type SubscriptionSerde struct{}

// Append appends a subscription.
func (SubscriptionSerde) Append(dst []byte, s wire.Subscription) ([]byte, error) {
	return wire.AppendSubscription(dst, s), nil
}

// Decode reads a subscription.
func (SubscriptionSerde) Decode(b []byte) (wire.Subscription, error) { return wire.ReadSubscription(b) }

// RawSerde passes bytes through. Those that it reads are valid as long as what
// they are read from.
type RawSerde struct{}

// Append appends v.
func (RawSerde) Append(dst, v []byte) ([]byte, error) { return append(dst, v...), nil }

// Decode returns b, without its room to grow.
func (RawSerde) Decode(b []byte) ([]byte, error) { return b[:len(b):len(b)], nil }

// KeepSubscriptions stores subscriptions and deletes those that end. One without
// a foreign key is only passed on.
func KeepSubscriptions[J any](n Node, k serde.Serde[J], store *SubscriptionStore, out Func[J, wire.Subscription]) Func[J, wire.Subscription] {
	foreign := newScratch(k)
	key := make([]byte, 0, scratchSize)
	return func(r *Record[J, wire.Subscription]) error {
		if r.NullKey {
			if r.Value.Instruction != wire.AnswerAlways {
				return n.drop(plan.DropNullKey)
			}
			return out(r)
		}
		n.at()
		fk, err := foreign.bytes(r.Key, false)
		if err != nil {
			return n.fail(fmt.Errorf("serialize the foreign key: %w", err))
		}
		key = append(wire.AppendForeignKey(key[:0], fk), r.Value.PrimaryKey...)
		if r.Value.Instruction.Ends() {
			err = store.Delete(key, r.Timestamp)
		} else {
			err = store.Put(key, r.Value, r.Timestamp)
		}
		if err != nil {
			return n.fail(err)
		}
		return out(r)
	}
}

// AnswerSubscriptions answers each subscription with the row of its foreign key,
// as its instruction says.
func AnswerSubscriptions[J, V any](n Node, rows Lookup[J, V], v serde.Serde[V], out Func[[]byte, wire.Answer]) Func[J, wire.Subscription] {
	var o Record[[]byte, wire.Answer]
	value := newScratch(v)
	return func(r *Record[J, wire.Subscription]) error {
		how := r.Value.Instruction
		if how == wire.Unsubscribe {
			return nil
		}
		n.at()
		var (
			row   V
			ts    int64
			found bool
			err   error
		)
		if !r.NullKey {
			if row, ts, found, err = rows(r.Key); err != nil {
				return n.fail(err)
			}
		}
		if how == wire.AnswerIfFound && !found {
			return nil
		}
		o = answerTo(r.Value, rowTime(r.Timestamp, ts, found))
		o.Headers = r.Headers
		if how != wire.UnsubscribeAndAnswer && found {
			if o.Value.Value, err = value.bytes(row, false); err != nil {
				return n.fail(fmt.Errorf("serialize the value: %w", err))
			}
		}
		return out(&o)
	}
}

// AnswerAll answers all subscriptions to a row of the right table when it
// changes. The answers have the row's time.
func AnswerAll[J, V any](n Node, k serde.Serde[J], store *SubscriptionStore, v serde.Serde[V], out Func[[]byte, wire.Answer]) Func[J, Change[V]] {
	var (
		o        Record[[]byte, wire.Answer]
		foreign  = newScratch(k)
		value    = newScratch(v)
		from, to []byte
	)
	return func(r *Record[J, Change[V]]) error {
		if r.Value.Past {
			return n.drop(plan.DropOutOfOrder)
		}
		n.at()
		fk, err := foreign.bytes(r.Key, false)
		if err != nil {
			return n.fail(fmt.Errorf("serialize the foreign key: %w", err))
		}
		row, err := value.bytes(r.Value.New, !r.Value.HasNew)
		if err != nil {
			return n.fail(fmt.Errorf("serialize the value: %w", err))
		}
		from = wire.AppendForeignKey(from[:0], fk)
		to = successor(append(to[:0], from...))
		for e, err := range store.Range(&from, &to) {
			if err != nil {
				return n.fail(err)
			}
			if !bytes.HasPrefix(e.Key, from) {
				break // the range has its end in it
			}
			o = answerTo(e.Value, r.Timestamp)
			o.Headers, o.Value.Value = r.Headers, row
			if err := out(&o); err != nil {
				return err
			}
		}
		return nil
	}
}

func answerTo(s wire.Subscription, ts int64) Record[[]byte, wire.Answer] {
	return Record[[]byte, wire.Answer]{
		Key:       s.PrimaryKey,
		Value:     wire.Answer{Hash: s.Hash, HasHash: s.HasHash, Partition: s.Partition},
		Timestamp: ts,
	}
}

// successor turns a prefix into the first key behind all keys that start with it.
// The prefixes here start with a length, so they aren't 0xff all through.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		prefix[i]++
		if prefix[i] != 0 {
			return prefix[:i+1]
		}
	}
	return prefix
}
