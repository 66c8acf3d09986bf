package audit

import "fmt"

// Record is one record of a topic. Key and Value are nil where Kafka has null.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	// Timestamp is in milliseconds since the Unix epoch.
	Timestamp  int64
	Key, Value []byte
}

// At says where the record stands, as topic-partition@offset.
func (r Record) At() string { return fmt.Sprintf("%s-%d@%d", r.Topic, r.Partition, r.Offset) }
