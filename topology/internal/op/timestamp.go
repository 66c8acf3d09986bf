package op

import (
	"errors"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// Times says where a source gets the timestamps of its records from. The zero
// value takes those of the records, and fails at a negative one.
type Times[K, V any] struct {
	// Embedded finds the time in a record; nil for another origin.
	Embedded func(SourceRecord[K, V]) (int64, bool)
	// WallClock takes the time at which the record becomes the next of its partition.
	WallClock bool
	Invalid   InvalidTime
}

// SourceRecord is a deserialized record as it lies in its topic.
type SourceRecord[K, V any] struct {
	Key       K
	Value     V
	Timestamp int64
	Topic     string
	Partition int32
	Offset    int64
}

// InvalidTime says what becomes of records without a valid timestamp.
type InvalidTime uint8

// The policies.
const (
	FailInvalid InvalidTime = iota
	DropInvalid
	// PartitionTime takes the highest time of the partition so far, and drops
	// records before the first.
	PartitionTime
)

var errInvalidTime = errors.New("the record has no valid timestamp: say with WithTimestamps where to take one from, or OnInvalid what to do without")

// changes returns whether a record's own timestamp may be replaced.
func (t Times[K, V]) changes() bool {
	return t.Embedded != nil || t.WallClock || t.Invalid == PartitionTime
}

// stamp sets the record's timestamp. It's called before the record's turn, so
// what goes wrong is kept until then: an error now would be told of the record
// that is being processed.
func (s *source[K, V]) stamp(r *record.Record, partitionTime int64) {
	s.decoded, s.failed, s.own = false, nil, r.Timestamp
	time, ok := s.time(r)
	switch {
	case ok:
	case s.failed == nil:
		// The record can't be deserialized. It has no time then that the partition's could
		// follow.
		r.Timestamp = -1
		return
	default:
		return
	}
	if time < 0 && s.times.Invalid == PartitionTime {
		time = partitionTime
	}
	r.Timestamp = max(time, -1)
}

// time returns the record's time, negative without a valid one.
func (s *source[K, V]) time(r *record.Record) (int64, bool) {
	switch {
	case s.times.WallClock:
		return s.Env.Now().UnixMilli(), true
	case s.times.Embedded != nil:
		return s.embedded(r)
	}
	return r.Timestamp, true
}

func (s *source[K, V]) embedded(r *record.Record) (time int64, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			s.failed = s.fail(plan.Recovered(p))
		}
	}()
	if s.decode(r) != nil {
		return 0, false
	}
	s.decoded = true
	time, valid := s.times.Embedded(SourceRecord[K, V]{
		Key: s.o.Key, Value: s.o.Value, Timestamp: r.Timestamp,
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
	})
	if !valid {
		time = -1
	}
	return time, true
}
