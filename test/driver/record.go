package driver

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Header is a record header. A nil Value is Kafka's null.
type Header = record.Header

// Record is one record of an input or output topic. NullKey and NullValue say
// that the key or the value is null, whatever the field holds; for types with a
// nil, nil is null as well.
type Record[K, V any] struct {
	Key                K
	Value              V
	NullKey, NullValue bool
	// Timestamp is in milliseconds since the Unix epoch.
	Timestamp int64
	Headers   []Header
	// Partition and Offset tell the place of a record that was read.
	Partition int32
	Offset    int64
}

// String prints the record as key=value@timestamp. A null is printed as null.
func (r Record[K, V]) String() string {
	key, value := any(r.Key), any(r.Value)
	if r.NullKey {
		key = "null"
	}
	if r.NullValue {
		value = "null"
	}
	return fmt.Sprintf("%v=%v@%d", key, value, r.Timestamp)
}

// codec reads and writes the records of one topic.
type codec[K, V any] struct {
	key   serde.Serde[K]
	value serde.Serde[V]
}

func (c codec[K, V]) decode(r record.Record) (o Record[K, V], err error) {
	o = Record[K, V]{
		NullKey: r.Key == nil, NullValue: r.Value == nil,
		Timestamp: r.Timestamp, Headers: r.Headers, Partition: r.Partition, Offset: r.Offset,
	}
	if !o.NullKey {
		if o.Key, err = c.key.Decode(r.Key); err != nil {
			return o, fmt.Errorf("%s, offset %d: deserialize the key: %w", r.TopicPartition(), r.Offset, err)
		}
	}
	if !o.NullValue {
		if o.Value, err = c.value.Decode(r.Value); err != nil {
			return o, fmt.Errorf("%s, offset %d: deserialize the value: %w", r.TopicPartition(), r.Offset, err)
		}
	}
	return o, nil
}

// encode returns the bytes of a key or a value, nil for a null alone.
func encode[T any](s serde.Serde[T], v T, null bool) ([]byte, error) {
	if null || isNil(v) {
		return nil, nil
	}
	b, err := s.Append([]byte{}, v)
	if err != nil {
		return nil, err
	}
	if b == nil {
		b = []byte{} // an encoding without bytes isn't null
	}
	return b, nil
}
