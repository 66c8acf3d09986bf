package statestore

import (
	"encoding/binary"
	"fmt"
)

// Every key starts with the space that it belongs to. The numbers are persisted:
// they never change.
const (
	// spaceFormat holds one key: the version of the layout.
	spaceFormat byte = 0x00
	// spaceRegistry maps a store's name to its id.
	spaceRegistry byte = 0x01
	// spaceCheckpoint holds what's known of a store's partition, its offset above
	// all.
	spaceCheckpoint byte = 0x02
	// spaceData holds the entries of all stores.
	spaceData byte = 0x10
)

const (
	// prefixLen is the length of space, store id and partition.
	prefixLen = 1 + 2 + 4
	// segmentLen is the length of the segment id in front of a window's key.
	segmentLen = 8
	// windowSuffixLen is the length of window start and sequence number behind a
	// window's record key, in the changelog and here.
	windowSuffixLen = 8 + 4
	// timestampLen is the length of the timestamp in front of a value.
	timestampLen = 8
)

// appendPrefix appends the prefix of a store's partition in a space.
func appendPrefix(dst []byte, space byte, id uint16, partition int32) []byte {
	dst = append(dst, space)
	dst = binary.BigEndian.AppendUint16(dst, id)
	return binary.BigEndian.AppendUint32(dst, uint32(partition))
}

// prefixEnd returns the first key behind all keys with the prefix. Partitions
// are 31 bits wide, so adding one never carries into the store id.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	last := end[len(end)-4:]
	binary.BigEndian.PutUint32(last, binary.BigEndian.Uint32(last)+1)
	return end
}

// splitCheckpointKey returns store id and partition of a key in spaceCheckpoint.
func splitCheckpointKey(key []byte) (id uint16, partition int32, err error) {
	if len(key) != prefixLen {
		return 0, 0, fmt.Errorf("checkpoint key %x: %d bytes, want %d", key, len(key), prefixLen)
	}
	p := binary.BigEndian.Uint32(key[3:])
	if p > 1<<31-1 {
		return 0, 0, fmt.Errorf("checkpoint key %x: partition out of range", key)
	}
	return binary.BigEndian.Uint16(key[1:]), int32(p), nil
}

// appendWindowSuffix appends what follows the record key in a window's key. The
// sequence number is 0: it tells duplicates apart in stores that keep them.
func appendWindowSuffix(dst []byte, start uint64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, start)
	return append(dst, 0, 0, 0, 0)
}

// windowKey is a window's key taken apart.
type windowKey struct {
	key   []byte
	start int64
}

// splitWindowKey takes a window's key in changelog form apart. The record key
// shares b's memory.
func splitWindowKey(b []byte) (windowKey, error) {
	n := len(b) - windowSuffixLen
	if n < 0 {
		return windowKey{}, fmt.Errorf("window key %x: %d bytes, want at least %d", b, len(b), windowSuffixLen)
	}
	start := int64(binary.BigEndian.Uint64(b[n:]))
	if start < 0 {
		return windowKey{}, fmt.Errorf("window key %x: negative start %d", b, start)
	}
	return windowKey{key: b[:n], start: start}, nil
}

// splitSegmentKey takes a window's key in the engine's form apart, without the
// prefix of the partition.
func splitSegmentKey(b []byte) (windowKey, error) {
	if len(b) < segmentLen {
		return windowKey{}, fmt.Errorf("window key %x: %d bytes, too short for its segment", b, len(b))
	}
	return splitWindowKey(b[segmentLen:])
}
