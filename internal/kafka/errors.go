package kafka

import (
	"errors"
	"fmt"

	"github.com/oncestream/oncestream/internal/record"
)

var (
	// ErrCorrupt means that a partition's data can't be decoded.
	ErrCorrupt = errors.New("kafka: corrupt data")
	// ErrOldFormat means that a partition holds message sets of the formats 0 or
	// 1, which brokers of version 4 and later don't store.
	ErrOldFormat = errors.New("kafka: message format older than version 2")
	// ErrPatience means that a request was repeated for a minute in vain.
	ErrPatience = errors.New("kafka: gave up repeating the request")
	// errMissed means that a static member wasn't there when a rebalance ended.
	errMissed = errors.New("kafka: the group completed a rebalance without this member")
	// ErrPollExceeded means that the worker didn't come round within the rebalance
	// timeout, so that the member left the group.
	ErrPollExceeded = errors.New("kafka: the worker did not poll within the maximum poll interval")
)

// OffsetOutOfRangeError means that a position isn't in its partition's log: the
// records were deleted, or the topic was created anew. It's returned as a
// pointer.
type OffsetOutOfRangeError struct {
	record.TopicPartition
	// Offset is the position asked for.
	Offset int64
	// LogStart and HighWatermark are the first offset of the log and the offset
	// behind its last replicated record.
	LogStart, HighWatermark int64
}

// Error names the partition, the position and the log's bounds.
func (e *OffsetOutOfRangeError) Error() string {
	return fmt.Sprintf("kafka: %s: offset %d is out of range, the log holds %d to %d",
		e.TopicPartition, e.Offset, e.LogStart, e.HighWatermark)
}
