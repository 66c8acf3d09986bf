package driver

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// topic is a topic in memory.
type topic struct {
	name string
	// partitions hold the committed records, by offset.
	partitions [][]record.Record
	// order holds the same records in the order of sending.
	order []record.Record
	// pending is the number of records of the open transaction, by partition.
	pending []int64
	next    int32 // partition of the next record with a null key
}

// sent is a record of the open transaction.
type sent struct {
	topic  *topic
	record record.Record
}

// addTopic adds a topic by its real name.
func (d *Driver) addTopic(name string, partitions int32) *topic {
	t := &topic{name: name, partitions: make([][]record.Record, partitions), pending: make([]int64, partitions)}
	d.topics[name] = t
	return t
}

// topic returns a topic by its real name. One that nobody knew before has one
// partition.
func (d *Driver) topic(name string) *topic {
	if t := d.topics[name]; t != nil {
		return t
	}
	return d.addTopic(name, 1)
}

// append adds a committed record.
func (t *topic) append(r record.Record) {
	t.partitions[r.Partition] = append(t.partitions[r.Partition], r)
	t.order = append(t.order, r)
}

// end is the offset behind the committed records of a partition.
func (t *topic) end(partition int32) int64 { return int64(len(t.partitions[partition])) }

// place returns the partition of a record: that which was chosen, or that of the
// default partitioner. Records with a null key go round.
func (t *topic) place(partition int32, key []byte) (int32, error) {
	n := int32(len(t.partitions))
	switch {
	case partition >= n:
		return 0, fmt.Errorf("topic %s has %d partitions: there's no partition %d", t.name, n, partition)
	case partition >= 0:
		return partition, nil
	case key != nil:
		return plan.Partition(key, n), nil
	}
	t.next = (t.next + 1) % n
	return t.next, nil
}

// writer writes to a topic within the open transaction. It implements
// plan.Output and task.ChangelogOutput.
type writer struct {
	d *Driver
	t *topic
}

// Partitions implements plan.Output.
func (w writer) Partitions() int32 { return int32(len(w.t.partitions)) }

// Send implements plan.Output.
func (w writer) Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error {
	if err := w.Check(key, value, timestamp, headers); err != nil {
		return err
	}
	p, err := w.t.place(partition, key)
	if err != nil {
		return err
	}
	w.d.open = append(w.d.open, sent{topic: w.t, record: record.Record{
		Topic: w.t.name, Partition: p, Offset: w.t.end(p) + w.t.pending[p], Timestamp: timestamp,
		Key: bytes.Clone(key), Value: bytes.Clone(value), Headers: cloneHeaders(headers),
	}})
	w.t.pending[p]++
	return nil
}

// Check tells whether the topic refuses a record, as the output of a worker does.
func (w writer) Check(key, value []byte, _ int64, _ []record.Header) error {
	limit, ok := w.d.maxMessageBytes[w.t.name]
	if size := len(key) + len(value); ok && size > limit {
		return &plan.Refused{Err: fmt.Errorf("topic %s: a record of %d bytes is larger than the topic takes, %d bytes", w.t.name, size, limit)}
	}
	return nil
}

// Acked implements task.ChangelogOutput.
func (w writer) Acked(partition int32) (int64, bool) {
	return w.t.end(partition) + w.t.pending[partition], w.t.pending[partition] > 0
}

func cloneHeaders(headers []record.Header) []record.Header {
	headers = slices.Clone(headers)
	for i := range headers {
		headers[i].Value = bytes.Clone(headers[i].Value)
	}
	return headers
}
