package topology

import "github.com/oncestream/oncestream/topology/internal/op"

// Timestamps says where the records of a source get their timestamps from, and
// what becomes of those without a valid one. The zero value is [RecordTime].
type Timestamps struct {
	clock    bool
	embedded *embeddedTime
	invalid  InvalidTimestamp
}

// embeddedTime holds the function of [EmbeddedTime], whose types are those of
// the source's records.
type embeddedTime struct {
	f       any
	missing bool
}

// SourceRecord is a record as it lies in its topic. A null key or value is its
// type's zero value.
type SourceRecord[K, V any] struct {
	Key   K
	Value V
	// Timestamp is in milliseconds since the Unix epoch. It's negative where the
	// producer has set none.
	Timestamp int64
	Topic     string
	Partition int32
	Offset    int64
}

// RecordTime takes the timestamps that the records have in their topic. It's the
// default.
func RecordTime() Timestamps { return Timestamps{} }

// WallClockTime takes the time at which a record is about to be processed,
// whatever its own timestamp. A record whose transaction failed gets another one.
func WallClockTime() Timestamps { return Timestamps{clock: true} }

// EmbeddedTime takes the time that f finds in a record, in milliseconds since the
// Unix epoch. False, or a negative time, says that it has no valid one. K and V
// must be the source's types, which Build checks. f is called once for a record
// and never for one that can't be deserialized.
func EmbeddedTime[K, V any](f func(SourceRecord[K, V]) (int64, bool)) Timestamps {
	return Timestamps{embedded: &embeddedTime{f: f, missing: f == nil}}
}

// InvalidTimestamp says what becomes of a record without a valid timestamp: a
// negative one, or none where [EmbeddedTime] looks for it.
type InvalidTimestamp uint8

// The policies (KIP-93).
const (
	// FailOnInvalid stops the application with an error that has the record's place.
	// It's the default.
	FailOnInvalid = InvalidTimestamp(op.FailInvalid)
	// DropInvalid drops the record and counts it.
	DropInvalid = InvalidTimestamp(op.DropInvalid)
	// UsePartitionTime gives the record the highest timestamp that was processed of
	// its partition, which a restart doesn't forget. A record before the first valid
	// one is dropped and counted.
	UsePartitionTime = InvalidTimestamp(op.PartitionTime)
)

// OnInvalid returns the timestamps with another policy than [FailOnInvalid].
func (t Timestamps) OnInvalid(p InvalidTimestamp) Timestamps {
	t.invalid = p
	return t
}

// WithTimestamps sets where the records of a source get their timestamps from;
// the default is [RecordTime]. A partition's order stays that of its offsets, but
// of several partitions the one whose next record has the lowest timestamp is
// processed first. A topic that is read twice needs one value of Timestamps for
// both.
func WithTimestamps(t Timestamps) SourceOption { return withTimestamps(t) }

type withTimestamps Timestamps

func (t withTimestamps) setSource(o *sourceOptions) { o.times = Timestamps(t) }

// timesOf returns the timestamps of a source of the given types. A mistake is
// noted with the node.
func timesOf[K, V any](b *Builder, node string, t Timestamps) op.Times[K, V] {
	times := op.Times[K, V]{WallClock: t.clock, Invalid: op.InvalidTime(t.invalid)}
	if t.embedded == nil {
		return times
	}
	f, ok := t.embedded.f.(func(SourceRecord[K, V]) (int64, bool))
	b.needFunc(node, "EmbeddedTime", t.embedded.missing)
	if !ok {
		b.g.Fail(node, "EmbeddedTime has another record type than the source: it's a %T, and %T is needed", t.embedded.f, f)
	}
	times.Embedded = func(r op.SourceRecord[K, V]) (int64, bool) { return f(SourceRecord[K, V](r)) }
	return times
}
