package kafka

import (
	"time"

	"github.com/oncestream/oncestream/internal/record"
)

// noLeader marks a cursor whose leader has to be found.
const noLeader int32 = -1

// cursor is an assigned partition. It's guarded by the fetcher's mutex. Once it
// was replaced or removed, nothing is written to it that anyone would read.
//
//	no leader --router--> leader known --loop--> busy --chunk handed over--> leader known
//	     ^                                        |
//	     +------------- leader moved -------------+--- error ---> stopped
type cursor struct {
	tp    record.TopicPartition
	epoch uint64
	// offset is the next one to ask for.
	offset int64

	leader      int32
	leaderEpoch int32
	// busy is set from the request to the hand-over of its chunk, and while the
	// router looks for the leader.
	busy bool
	// stopped is set after an error was reported.
	stopped bool
	// retryAt holds the partition back after an error, tries counts errors in a
	// row, and since tells when the first of them occurred.
	retryAt time.Time
	tries   int
	since   time.Time
	// suspect is set after a response couldn't be decoded that this partition was
	// a part of: it's then fetched alone to find the culprit.
	suspect bool

	// buffered counts the bytes of unreleased chunks.
	buffered int64
	// fetchBytes is what the next request asks for. It grows while not even one
	// batch fits.
	fetchBytes int32

	// What the last chunk told the consumer.
	reported                  bool
	highWatermark, lastStable int64

	// confirmed is when the last request was sent whose answer ended at the end of
	// the log.
	confirmed time.Time
}

// failed notes a passing error, after which the partition rests for a while.
func (c *cursor) failed(now time.Time) {
	if c.tries == 0 {
		c.since = now
	}
	c.retryAt = now.Add(backoff(c.tries))
	c.tries++
}

// succeeded forgets passed errors.
func (c *cursor) succeeded() {
	c.tries = 0
	c.retryAt = time.Time{}
	c.suspect = false
}

// chunk makes the next chunk of the partition.
func (c *cursor) chunk(f *Fetcher) *Chunk {
	return &Chunk{
		TopicPartition: c.tp, fetcher: f, epoch: c.epoch, start: c.offset,
		Next: c.offset, HighWatermark: -1, LastStable: -1, LogStart: -1,
	}
}
