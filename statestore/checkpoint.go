package statestore

import (
	"encoding/binary"
	"fmt"
	"time"
)

// unknownTime stands for a stream time of which nothing is known, as in Kafka
// Streams.
const unknownTime int64 = -1

// checkpoint is what's persisted of a store's partition beside its entries, in
// the same batch.
type checkpoint struct {
	// next is the changelog offset to apply next, -1 where there's none.
	next int64
	// appliedAt is the wall clock of the apply in milliseconds.
	appliedAt int64
	// streamTime is the highest timestamp of a value or a tombstone.
	streamTime int64
	// windowTime is the latest time that an entry expires by, such as a window's
	// start; retention counts back from it.
	windowTime int64
	// sequence is the number of the last entry of a store with duplicates.
	sequence int64
	note     Note
	// topic is the hash of the name of the topic that next is an offset of, 0 where it
	// isn't known.
	topic uint64
}

const (
	checkpointVersion = 3
	checkpointLen     = 1 + 8*8
)

func newCheckpoint() checkpoint {
	return checkpoint{next: -1, streamTime: unknownTime, windowTime: unknownTime}
}

func (c checkpoint) append(dst []byte) []byte {
	dst = append(dst, checkpointVersion)
	for _, v := range [...]int64{c.next, c.appliedAt, c.streamTime, c.windowTime, c.sequence, c.note.Number, c.note.Value, int64(c.topic)} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(v))
	}
	return dst
}

func decodeCheckpoint(b []byte) (checkpoint, error) {
	if len(b) != checkpointLen || b[0] != checkpointVersion {
		return checkpoint{}, fmt.Errorf("checkpoint %x: want version %d in %d bytes", b, checkpointVersion, checkpointLen)
	}
	c := checkpoint{
		next:       int64(binary.BigEndian.Uint64(b[1:])),
		appliedAt:  int64(binary.BigEndian.Uint64(b[9:])),
		streamTime: int64(binary.BigEndian.Uint64(b[17:])),
		windowTime: int64(binary.BigEndian.Uint64(b[25:])),
		sequence:   int64(binary.BigEndian.Uint64(b[33:])),
		note:       decodeNote(b[41:]),
		topic:      binary.BigEndian.Uint64(b[57:]),
	}
	if c.next < 0 || c.streamTime < unknownTime || c.windowTime < unknownTime {
		return checkpoint{}, fmt.Errorf("checkpoint %x: negative offset or time", b)
	}
	if c.sequence < 0 || c.sequence > maxSequence {
		return checkpoint{}, fmt.Errorf("checkpoint %x: sequence number %d", b, c.sequence)
	}
	return c, nil
}

func (c checkpoint) appliedTime() time.Time {
	if c.next < 0 {
		return time.Time{}
	}
	return time.UnixMilli(c.appliedAt)
}
