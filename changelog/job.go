package changelog

import (
	"context"
	"sync"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Partition is one store's state and the changelog topic that holds it.
type Partition struct {
	Store *statestore.Store
	Topic string
	// Take is set where the topic is one of the task's inputs, whose records are to be
	// made what a changelog would hold: the store is restored up to the committed
	// offset then, and no further, since what lies behind is still to be processed. It
	// returns false for a record that the store doesn't take.
	Take func(*record.Record) (bool, error)
}

// restored returns whether the store is restored from its topic.
func (p Partition) restored() bool { return p.Take != nil || !p.Store.Spec().LoggingDisabled }

func (p Partition) topicPartition() record.TopicPartition {
	return record.TopicPartition{Topic: p.Topic, Partition: p.Store.Partition()}
}

// Job brings one task from its assignment to the point where it may process:
// its stores are restored and its input offsets known. The fields down to
// Missing are the caller's; the others are the result, to be read once the job
// was returned by Finished or Cancel has returned.
type Job struct {
	// Name is used in errors.
	Name string
	// Open acquires and opens the task's stores. It may wait for a predecessor and
	// must return when its context ends.
	Open func(ctx context.Context) ([]Partition, error)
	// Inputs are the partitions whose committed offsets the task starts from.
	Inputs []record.TopicPartition
	// Missing finds the start of inputs without a committed offset. It's called
	// only where there are some.
	Missing func(ctx context.Context, missing []record.TopicPartition) (map[record.TopicPartition]int64, error)

	// Committed is the committed offset of each input, or, with Ok false, where an
	// input without one begins.
	Committed map[record.TopicPartition]kafka.Offset
	// Restored is the number of changelog records that were read.
	Restored int64
	// Err is why the job failed.
	Err error

	ctx     context.Context
	cancel  context.CancelFunc
	pending map[record.TopicPartition]*restore

	// working is held while the restorer touches the job's stores and results. It
	// does so for one job at a time; who cancels another one doesn't wait for it.
	working struct {
		sync.Mutex
		over bool // neither may be touched any more
	}
}

// enter reports whether the job may be worked on, until leave.
func (j *Job) enter() bool {
	j.working.Lock()
	if !j.working.over && j.ctx.Err() == nil {
		return true
	}
	j.working.Unlock()
	return false
}

func (j *Job) leave() { j.working.Unlock() }

// restore is the progress of one changelog partition.
type restore struct {
	job    *Job
	part   Partition
	next   int64 // position
	target int64 // high watermark at the start
}

// resolveMissing fills in where inputs without a committed offset begin.
func (j *Job) resolveMissing() error {
	var missing []record.TopicPartition
	for _, tp := range j.Inputs {
		if !j.Committed[tp].Ok {
			missing = append(missing, tp)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	at, err := j.Missing(j.ctx, missing)
	if err != nil {
		return err
	}
	for _, tp := range missing {
		j.Committed[tp] = kafka.Offset{At: at[tp]}
	}
	return nil
}
