package kafka

import (
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// Chunk is what one fetch brought for one partition. It's read by one goroutine
// and must be released, whether it was read or not.
type Chunk struct {
	record.TopicPartition
	// Next is the position behind the chunk: past its records and past control
	// and aborted records. A chunk may have no records and yet move it.
	Next int64
	// HighWatermark, LastStable and LogStart are the partition's bounds at the
	// time of the fetch, -1 where they aren't known.
	HighWatermark, LastStable, LogStart int64
	// Bytes is the size of the chunk's keys, values and headers, uncompressed.
	Bytes int
	// Err ends the fetching of the partition until it's assigned again: an
	// *OffsetOutOfRangeError, a refused authorization, corrupt data, or a topic that
	// doesn't exist. Such a chunk has no records.
	Err error

	fetcher  *Fetcher
	epoch    uint64
	released atomic.Bool
	// news is set where an empty chunk tells something.
	news bool

	start   int64
	batches []*sarama.RecordBatch
	// at is the next record of the first batch.
	at int
}

// Read fills r with the next record and reports whether there was one. Keys,
// values and header values share the chunk's memory; r's slice of headers is
// used again.
func (c *Chunk) Read(r *record.Record) bool {
	for len(c.batches) > 0 {
		b := c.batches[0]
		for c.at < len(b.Records) {
			rec := b.Records[c.at]
			c.at++
			// A fetch from the middle of a batch brings the whole batch.
			if offset := b.FirstOffset + rec.OffsetDelta; offset >= c.start {
				c.fill(r, b, rec)
				return true
			}
		}
		c.batches[0] = nil
		c.batches = c.batches[1:]
		c.at = 0
	}
	return false
}

func (c *Chunk) fill(r *record.Record, b *sarama.RecordBatch, rec *sarama.Record) {
	r.Topic = c.Topic
	r.Partition = c.Partition
	r.Offset = b.FirstOffset + rec.OffsetDelta
	r.Timestamp = timestamp(b, rec)
	r.Key = rec.Key
	r.Value = rec.Value
	r.Headers = r.Headers[:0]
	for _, h := range rec.Headers {
		r.Headers = append(r.Headers, record.Header{Key: string(h.Key), Value: h.Value})
	}
}

// timestamp returns a record's time in milliseconds. In a topic with
// message.timestamp.type=LogAppendTime the broker writes the time into the
// batch alone, and the records keep what their producer set.
func timestamp(b *sarama.RecordBatch, rec *sarama.Record) int64 {
	if b.LogAppendTime {
		return millis(b.MaxTimestamp)
	}
	return millis(b.FirstTimestamp) + rec.TimestampDelta.Milliseconds()
}

// millis undoes sarama's conversion: it makes the zero time of -1, Kafka's "no
// timestamp".
func millis(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return t.UnixMilli()
}

// Release returns the chunk's memory to the fetcher's budget, so that more is
// fetched. It may be called once or more.
func (c *Chunk) Release() {
	if c.released.Swap(true) {
		return
	}
	c.batches = nil
	c.fetcher.release(c)
}

// worthSending reports whether the consumer learns anything from the chunk.
func (c *Chunk) worthSending() bool { return c.news || c.Err != nil }
