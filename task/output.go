package task

import (
	"context"
	"fmt"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// output writes one topic of the worker's transaction. It serves sinks,
// changelogs and the dead-letter topic.
type output struct {
	topic *eosv2.Topic
	name  string
	count int32
	next  int32 // partition of the next record with a null key
	sent  int64 // since the last commit
	// refused are the worker's.
	refused *refusals
}

// Partitions implements plan.Output.
func (o *output) Partitions() int32 { return o.count }

// Send implements plan.Output.
func (o *output) Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error {
	if partition < 0 {
		partition = o.partition(key)
	}
	if len(*o.refused) > 0 {
		if err := o.refused.check(o.name, key, value); err != nil {
			return err
		}
	}
	if err := o.topic.Send(partition, key, value, timestamp, headers); err != nil {
		return refusedBySend(err)
	}
	o.sent++
	return nil
}

// Check implements checker.
func (o *output) Check(key, value []byte, timestamp int64, headers []record.Header) error {
	if err := o.refused.check(o.name, key, value); err != nil {
		return err
	}
	if err := o.topic.Check(key, value, timestamp, headers); err != nil {
		return refusedBySend(err)
	}
	return nil
}

// Acked implements ChangelogOutput.
func (o *output) Acked(partition int32) (int64, bool) { return o.topic.Acked(partition) }

// partition is the default partitioner: murmur2 of the key, as the Java client
// does; records with a null key go round.
func (o *output) partition(key []byte) int32 {
	if key != nil {
		return plan.Partition(key, o.count)
	}
	o.next = (o.next + 1) % o.count
	return o.next
}

// output returns the writer of a topic by its real name.
func (w *Worker) output(ctx context.Context, name string) (*output, error) {
	if o := w.outputs[name]; o != nil {
		return o, nil
	}
	t, err := w.producer.Topic(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("output topic %s: %w", name, err)
	}
	o := &output{topic: t, name: name, count: t.Partitions(), refused: &w.refused}
	w.outputs[name] = o
	return o, nil
}
