package topology

import (
	"slices"

	"github.com/oncestream/oncestream/internal/record"
)

// Header is a record's header: a Key and a Value, which is nil for Kafka's null.
type Header = record.Header

// Record is a record as a processor sees it. It's a value: a processor changes the
// fields of its own copy and forwards that.
type Record[K, V any] struct {
	// Key and Value are zero values where Kafka has null.
	Key   K
	Value V
	// NullKey and NullValue say that the key or the value is null. In types with a
	// nil, nil says the same: a forwarded record with either is null.
	NullKey, NullValue bool
	// Timestamp is in milliseconds since the Unix epoch. It can't be negative.
	Timestamp int64
	// Headers are shared with other operators. They must not be changed in place:
	// WithHeader and WithoutHeader return copies.
	Headers []Header
}

// WithKey returns the record under another key, which isn't null unless it's nil.
func (r Record[K, V]) WithKey[J any](key J) Record[J, V] {
	return Record[J, V]{Key: key, Value: r.Value, NullValue: r.NullValue, Timestamp: r.Timestamp, Headers: r.Headers}
}

// WithValue returns the record with another value, which isn't null unless it's
// nil.
func (r Record[K, V]) WithValue[W any](value W) Record[K, W] {
	return Record[K, W]{Key: r.Key, NullKey: r.NullKey, Value: value, Timestamp: r.Timestamp, Headers: r.Headers}
}

// WithHeader returns the record with a header more, behind those that it has.
func (r Record[K, V]) WithHeader(key string, value []byte) Record[K, V] {
	r.Headers = withHeader(r.Headers, key, value)
	return r
}

// WithoutHeader returns the record without the headers of a key.
func (r Record[K, V]) WithoutHeader(key string) Record[K, V] {
	r.Headers = withoutHeader(r.Headers, key)
	return r
}

// FixedKeyRecord is a record whose key can't be changed, as a [FixedKeyProcessor]
// sees it: its records stay in their partitions. It's a value, as [Record] is, with
// the same rules for nulls, timestamps and headers.
type FixedKeyRecord[K, V any] struct {
	key       K
	nullKey   bool
	Value     V
	NullValue bool
	Timestamp int64
	Headers   []Header
}

// Key returns the key, the zero value for null.
func (r FixedKeyRecord[K, V]) Key() K { return r.key }

// NullKey returns whether the key is null.
func (r FixedKeyRecord[K, V]) NullKey() bool { return r.nullKey }

// WithValue returns the record with another value, which isn't null unless it's
// nil.
func (r FixedKeyRecord[K, V]) WithValue[W any](value W) FixedKeyRecord[K, W] {
	return FixedKeyRecord[K, W]{key: r.key, nullKey: r.nullKey, Value: value, Timestamp: r.Timestamp, Headers: r.Headers}
}

// WithHeader returns the record with a header more, behind those that it has.
func (r FixedKeyRecord[K, V]) WithHeader(key string, value []byte) FixedKeyRecord[K, V] {
	r.Headers = withHeader(r.Headers, key, value)
	return r
}

// WithoutHeader returns the record without the headers of a key.
func (r FixedKeyRecord[K, V]) WithoutHeader(key string) FixedKeyRecord[K, V] {
	r.Headers = withoutHeader(r.Headers, key)
	return r
}

func withHeader(headers []Header, key string, value []byte) []Header {
	return append(slices.Clip(headers), Header{Key: key, Value: value})
}

func withoutHeader(headers []Header, key string) []Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h Header) bool { return h.Key == key })
}

// RecordMetadata is the place of a record in its topic.
type RecordMetadata struct {
	Topic     string
	Partition int32
	Offset    int64
}
