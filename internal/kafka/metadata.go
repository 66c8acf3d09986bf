package kafka

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Committed offsets carry the partition's stream time in their metadata, in
// Kafka Streams' format: base64 of a version byte, the time in eight bytes, and
// in version 2 a map, absent when empty, of entries (int keyLen, key, long).
const (
	metadataV1 = 1
	metadataV2 = 2
)

// errOffsetMetadata is the cause of every failed decoding.
var errOffsetMetadata = errors.New("kafka: malformed offset metadata")

// UnknownTime is the partition time where none was committed.
const UnknownTime int64 = -1

// OffsetMetadata is what's committed beside an offset.
type OffsetMetadata struct {
	// PartitionTime is the highest timestamp seen in the partition, in
	// milliseconds, or UnknownTime.
	PartitionTime int64
	// Times is further state by name: operators that emit when a window closes
	// keep the time of their last emission here, under their store's name.
	Times map[string]int64
}

// EncodeOffsetMetadata returns the metadata of a partition time alone.
func EncodeOffsetMetadata(partitionTime int64) string {
	return OffsetMetadata{PartitionTime: partitionTime}.Encode()
}

// Encode returns the metadata as it's committed. Equal metadata gives equal
// text.
func (m OffsetMetadata) Encode() string {
	b := []byte{metadataV2}
	b = binary.BigEndian.AppendUint64(b, uint64(m.PartitionTime))
	if len(m.Times) > 0 {
		b = binary.BigEndian.AppendUint32(b, uint32(len(m.Times)))
		for _, k := range slices.Sorted(maps.Keys(m.Times)) {
			b = binary.BigEndian.AppendUint32(b, uint32(len(k)))
			b = append(b, k...)
			b = binary.BigEndian.AppendUint64(b, uint64(m.Times[k]))
		}
	}
	return base64.StdEncoding.EncodeToString(b)
}

// PartitionTime returns the partition time in committed metadata. It's false
// where there is none, or where the metadata is another program's.
func PartitionTime(metadata string) (int64, bool) {
	m, err := DecodeOffsetMetadata(metadata)
	return m.PartitionTime, err == nil && m.PartitionTime != UnknownTime
}

// WithPartitionTime returns committed metadata with another partition time and
// what else it holds. Metadata of another program is replaced.
func WithPartitionTime(metadata string, partitionTime int64) string {
	m, err := DecodeOffsetMetadata(metadata)
	if err != nil {
		m = OffsetMetadata{}
	}
	m.PartitionTime = partitionTime
	return m.Encode()
}

// idleName is in front of a topic's name, for the time that an idle timeout has moved
// a partition of the topic to. No store has a name with a slash. Kafka Streams writes
// what it has read of any input of a task beside the offsets of all of them, so an
// entry has to say whose it is.
const idleName = "oncestream/idle/"

// IdleTime returns the time in committed metadata that an idle timeout has moved the
// partition of the topic to, or UnknownTime.
func IdleTime(metadata, topic string) int64 {
	m, err := DecodeOffsetMetadata(metadata)
	if t, ok := m.Times[idleName+topic]; ok && err == nil {
		return t
	}
	return UnknownTime
}

// WithIdleTime returns committed metadata with another such time.
func WithIdleTime(metadata, topic string, t int64) string {
	m, err := DecodeOffsetMetadata(metadata)
	if err != nil {
		m = OffsetMetadata{PartitionTime: UnknownTime}
	}
	if m.Times == nil {
		m.Times = map[string]int64{}
	}
	m.Times[idleName+topic] = t
	return m.Encode()
}

// DecodeOffsetMetadata reads what was committed by this package or by a Kafka
// Streams application. Empty text, as other consumers commit it, is an unknown
// time. The time is also unknown beside an error.
func DecodeOffsetMetadata(text string) (OffsetMetadata, error) {
	unknown := OffsetMetadata{PartitionTime: UnknownTime}
	if text == "" {
		return unknown, nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return unknown, fmt.Errorf("%w: %w", errOffsetMetadata, err)
	}
	if len(b) < 9 {
		return unknown, fmt.Errorf("%w: %d bytes", errOffsetMetadata, len(b))
	}
	m := OffsetMetadata{PartitionTime: int64(binary.BigEndian.Uint64(b[1:]))}
	version, b := b[0], b[9:]
	if version == metadataV2 && len(b) > 0 {
		if m.Times, b, err = decodeTimes(b); err != nil {
			return unknown, err
		}
	}
	if version != metadataV1 && version != metadataV2 || len(b) > 0 {
		return unknown, fmt.Errorf("%w: version %d with %d bytes left over", errOffsetMetadata, version, len(b))
	}
	return m, nil
}

func decodeTimes(b []byte) (map[string]int64, []byte, error) {
	n, b, err := takeLength(b)
	if err != nil {
		return nil, nil, err
	}
	times := make(map[string]int64)
	for range n {
		var keyLen int
		if keyLen, b, err = takeLength(b); err != nil {
			return nil, nil, err
		}
		if len(b)-8 < keyLen {
			return nil, nil, fmt.Errorf("%w: cut short in a map entry", errOffsetMetadata)
		}
		times[string(b[:keyLen])] = int64(binary.BigEndian.Uint64(b[keyLen:]))
		b = b[keyLen+8:]
	}
	return times, b, nil
}

// takeLength reads a count or length, which can't exceed the bytes behind it.
func takeLength(b []byte) (int, []byte, error) {
	if len(b) < 4 {
		return 0, nil, fmt.Errorf("%w: cut short in its map", errOffsetMetadata)
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return 0, nil, fmt.Errorf("%w: length %d with %d bytes left", errOffsetMetadata, n, len(b)-4)
	}
	return int(n), b[4:], nil
}
