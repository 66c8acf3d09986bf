// Package record holds the vocabulary that every layer shares: one Kafka
// record as bytes, its headers, and the name of a partition. It imports
// nothing of the project.
package record

import (
	"cmp"
	"fmt"
)

// TopicPartition names one partition of one topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String prints the partition as Kafka's own tools do, topic-partition.
func (tp TopicPartition) String() string { return fmt.Sprintf("%s-%d", tp.Topic, tp.Partition) }

// Compare orders partitions by topic, then by number.
func (tp TopicPartition) Compare(o TopicPartition) int {
	return cmp.Or(cmp.Compare(tp.Topic, o.Topic), cmp.Compare(tp.Partition, o.Partition))
}

// Header is one record header. A nil Value is Kafka's null.
type Header struct {
	Key   string
	Value []byte
}

// Record is one consumed record. Key and Value are nil where Kafka has null.
// Both, and the header values, share the buffer of the fetch response they came
// in: what outlives the record's processing must be copied, or one small key
// keeps the whole response alive.
type Record struct {
	Topic     string
	Partition int32
	// Offset is the record's offset in its partition.
	Offset int64
	// Timestamp is in milliseconds since the Unix epoch.
	Timestamp int64
	Key       []byte
	Value     []byte
	Headers   []Header
}

// TopicPartition returns the partition the record was read from.
func (r *Record) TopicPartition() TopicPartition {
	return TopicPartition{Topic: r.Topic, Partition: r.Partition}
}
