package driver

import (
	"fmt"
	"reflect"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Input pipes records into a topic.
type Input[K, V any] struct {
	codec[K, V]
	d         *Driver
	topic     string
	partition int32
}

// Input returns a handle for piping records into a topic that the topology reads,
// by its real name. One that a pattern of the topology matches, and that isn't there
// yet, is created: the tasks start again, behind a commit, and read it as well.
func (d *Driver) Input[K, V any](topic string, k serde.Serde[K], v serde.Serde[V]) *Input[K, V] {
	d.tb.Helper()
	if d.err == nil {
		d.fail(d.checkInput(topic, k == nil || v == nil))
	}
	return &Input[K, V]{codec: codec[K, V]{k, v}, d: d, topic: topic, partition: -1}
}

func (d *Driver) checkInput(topic string, noSerde bool) error {
	if noSerde {
		return fmt.Errorf("input %q: a serde is nil", topic)
	}
	if _, ok := d.layout.Reader(record.TopicPartition{Topic: topic}); ok || d.isGlobal(topic) {
		return nil
	}
	if ok, err := d.match(topic); err != nil || !ok {
		if err != nil {
			return fmt.Errorf("input %q: %w", topic, err)
		}
		return fmt.Errorf("input %q: the topology doesn't read this topic", topic)
	}
	return nil
}

// Partition returns a handle that pipes into one partition. Without it, the
// default partitioner chooses.
func (in *Input[K, V]) Partition(n int32) *Input[K, V] {
	to := *in
	to.partition = n
	return &to
}

// Pipe sends a record with the wall clock's time, and processes it.
func (in *Input[K, V]) Pipe(key K, value V) {
	in.d.tb.Helper()
	in.PipeAt(in.d.now.UnixMilli(), key, value)
}

// PipeAt sends a record with a timestamp in milliseconds since the Unix epoch,
// and processes it.
func (in *Input[K, V]) PipeAt(timestamp int64, key K, value V, headers ...Header) {
	in.d.tb.Helper()
	in.PipeRecord(Record[K, V]{Key: key, Value: value, Timestamp: timestamp, Headers: headers})
}

// PipeRecord sends a record and processes it. The record's partition and offset
// don't matter.
func (in *Input[K, V]) PipeRecord(r Record[K, V]) {
	in.d.tb.Helper()
	if in.d.err != nil {
		return
	}
	key, err := encode(in.key, r.Key, r.NullKey)
	if err != nil {
		in.d.fail(fmt.Errorf("input %q: serialize the key: %w", in.topic, err))
		return
	}
	value, err := encode(in.value, r.Value, r.NullValue)
	if err != nil {
		in.d.fail(fmt.Errorf("input %q: serialize the value: %w", in.topic, err))
		return
	}
	in.d.fail(in.d.pipe(in.place(key), record.Record{
		Topic: in.topic, Key: key, Value: value, Timestamp: r.Timestamp, Headers: cloneHeaders(r.Headers),
	}))
}

// place returns the partition for a key, or -1 for the default partitioner's.
func (in *Input[K, V]) place(key []byte) int32 {
	p, ok := in.key.(serde.PartitionKeyer)
	if in.partition >= 0 || !ok || key == nil {
		return in.partition
	}
	return plan.Partition(p.PartitionKey(key), int32(len(in.d.topic(in.topic).partitions)))
}

// pipe appends a record of another application and processes what follows.
func (d *Driver) pipe(partition int32, r record.Record) error {
	t := d.topic(r.Topic)
	var err error
	if r.Partition, err = t.place(partition, r.Key); err != nil {
		return err
	}
	if t.pending[r.Partition] > 0 {
		return fmt.Errorf("input %s: the topology's open transaction has records in it: commit first", r.TopicPartition())
	}
	r.Offset = t.end(r.Partition)
	t.append(r)
	if err := d.feed(r); err != nil {
		return err
	}
	return d.process()
}

// isNil returns whether a value is the nil of its type.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan:
		return r.IsNil()
	}
	return false
}
