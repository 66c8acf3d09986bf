package driver

import (
	"time"

	"github.com/oncestream/oncestream/task"
)

// Option is an option of a driver.
type Option func(*config)

type config struct {
	applicationID   string
	partitions      map[string]int32
	commitInterval  time.Duration
	start           time.Time
	handlers        task.Handlers
	maxMessageBytes map[string]int
	maxTaskIdle     time.Duration
	recordCache     int64
	oneStreamTime   bool
}

func newConfig(options []Option) config {
	c := config{applicationID: "app", partitions: map[string]int32{}, maxMessageBytes: map[string]int{}, start: time.UnixMilli(0).UTC()}
	for _, o := range options {
		if o != nil {
			o(&c)
		}
	}
	return c
}

// WithApplicationID sets the prefix of internal topics. The default is app.
func WithApplicationID(id string) Option { return func(c *config) { c.applicationID = id } }

// WithPartitions sets the number of partitions of a topic that the topology reads
// or writes. The default is 1. A topic that a pattern matches is there from the start
// then. Repartition topics follow from it as they do in
// production.
func WithPartitions(topic string, n int32) Option {
	return func(c *config) { c.partitions[topic] = n }
}

// WithCommitInterval leaves transactions open until the driver's clock has
// advanced by the interval. The default is 0: a commit after each processed
// record.
func WithCommitInterval(d time.Duration) Option { return func(c *config) { c.commitInterval = d } }

// WithRecordCache has tables hold back updates in that many bytes, as with
// Config.RecordCacheBytes, for all tasks together. They are passed on with each
// commit: without a commit interval that's after each record. The default is 0: no
// caches.
func WithRecordCache(bytes int64) Option { return func(c *config) { c.recordCache = bytes } }

// WithMaxTaskIdle sets how long a task that has records of some of its inputs waits
// for those that have none, on the driver's clock. The default is 0, which doesn't
// wait: in memory no records are on their way.
func WithMaxTaskIdle(d time.Duration) Option { return func(c *config) { c.maxTaskIdle = d } }

// WithOneStreamTime gives the processors of all tasks one stream time, the highest of
// theirs: that's what Kafka Streams' TopologyTestDriver does, which runs all
// sub-topologies in one task. Without it each task has its own, as in production, there
// as here. Windows and joins have a stream time of their own in either case.
func WithOneStreamTime() Option { return func(c *config) { c.oneStreamTime = true } }

// WithClock sets what the wall clock shows at first. The default is the Unix
// epoch.
func WithClock(start time.Time) Option { return func(c *config) { c.start = start } }

// WithDecodeHandler sets the handler of records that can't be deserialized. The
// default fails.
func WithDecodeHandler(f func(task.FailedRecord) task.Action) Option {
	return func(c *config) { c.handlers.Decode = f }
}

// WithProcessingHandler sets the handler of records that the topology's functions
// and processors fail at. The default fails.
func WithProcessingHandler(f func(task.FailedRecord) task.Action) Option {
	return func(c *config) { c.handlers.Processing = f }
}

// WithProductionHandler sets the handler of output records that can't be serialized
// or are refused, see [WithMaxMessageBytes]. The default fails.
func WithProductionHandler(f func(task.FailedRecord) task.Action) Option {
	return func(c *config) { c.handlers.Production = f }
}

// WithMaxMessageBytes has an output topic refuse records whose key and value have
// more bytes together. The default is no limit.
func WithMaxMessageBytes(topic string, n int) Option {
	return func(c *config) { c.maxMessageBytes[topic] = n }
}

// WithUndo lets handlers answer SkipRecord and DeadLetterRecord.
func WithUndo() Option { return func(c *config) { c.handlers.UndoRecords = true } }

// WithDeadLetterTopic sets the topic that takes the records for which a handler
// answers DeadLetter or DeadLetterRecord.
func WithDeadLetterTopic(topic string) Option {
	return func(c *config) { c.handlers.DeadLetterTopic = topic }
}
