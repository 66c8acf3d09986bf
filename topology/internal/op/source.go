package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Source turns the records of a topic into typed ones. Records with a negative
// timestamp are dropped; what can't be deserialized is the task's to deal with.
func Source[K, V any](n Node, k serde.Serde[K], v serde.Serde[V], out Func[K, V]) func(*record.Record) error {
	var (
		o    Record[K, V]
		keys = nullsOf[K]()
		vals = nullsOf[V]()
	)
	return func(r *record.Record) (err error) {
		if r.Timestamp < 0 {
			return n.drop(plan.DropTimestamp)
		}
		n.enter()
		n.Env.From = plan.Origin{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
		o = Record[K, V]{NullKey: true, NullValue: true, Timestamp: r.Timestamp, Headers: r.Headers}
		if r.Key != nil {
			if o.Key, err = k.Decode(r.Key); err != nil {
				return n.Env.DecodeFailed(n.Name, r, fmt.Errorf("deserialize the key: %w", err))
			}
			o.NullKey = keys.is(o.Key)
		}
		if r.Value != nil {
			if o.Value, err = v.Decode(r.Value); err != nil {
				return n.Env.DecodeFailed(n.Name, r, fmt.Errorf("deserialize the value: %w", err))
			}
			o.NullValue = vals.is(o.Value)
		}
		return out(&o)
	}
}
