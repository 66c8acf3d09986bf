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
	// segmentLen is the length of the segment id in front of the key of an entry that
	// expires.
	segmentLen = 8
	// windowTailLen is the length of the sequence number behind a window's start, in
	// the changelog and here.
	windowTailLen = 4
	// sessionTailLen is the length of the start behind a session's end.
	sessionTailLen = 8
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

// maxSequence is the largest sequence number.
const maxSequence = 1<<31 - 1

// appendWindowSuffix appends what follows the record key in a window's key. The
// sequence number is 0: it tells duplicates apart in stores that keep them.
func appendWindowSuffix(dst []byte, start uint64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, start)
	return append(dst, 0, 0, 0, 0)
}

// timedKey is the key of an entry that expires, taken apart.
type timedKey struct {
	key []byte
	// time is what the entry expires by: the start of a window, the end of a session.
	time int64
	// tail tells entries of the same key and time apart: the sequence number of a
	// window, the start of a session.
	tail []byte
}

// sequence returns the sequence number of a window.
func (k timedKey) sequence() int64 { return int64(binary.BigEndian.Uint32(k.tail)) & maxSequence }

// sessionStart returns the start of a session.
func (k timedKey) sessionStart() int64 { return int64(binary.BigEndian.Uint64(k.tail)) }

// splitTimedKey takes a key in changelog form apart, of which the tail has n
// bytes. The parts share b's memory.
func splitTimedKey(b []byte, n int) (timedKey, error) {
	at := len(b) - n - 8
	if at < 0 {
		return timedKey{}, fmt.Errorf("key %x: %d bytes, want at least %d", b, len(b), n+8)
	}
	k := timedKey{key: b[:at], time: int64(binary.BigEndian.Uint64(b[at:])), tail: b[at+8:]}
	if k.time < 0 {
		return timedKey{}, fmt.Errorf("key %x: negative time %d", b, k.time)
	}
	return k, nil
}

// splitSessionKey takes a session's key in changelog form apart.
func splitSessionKey(b []byte) (timedKey, error) {
	k, err := splitTimedKey(b, sessionTailLen)
	if err != nil {
		return timedKey{}, err
	}
	if start := k.sessionStart(); start < 0 || start > k.time {
		return timedKey{}, fmt.Errorf("key %x: session from %d to %d", b, start, k.time)
	}
	return k, nil
}

// splitKey takes a key in changelog form apart.
func (s *Store) splitKey(b []byte) (timedKey, error) {
	if s.spec.Kind == SessionWindow {
		return splitSessionKey(b)
	}
	return splitTimedKey(b, windowTailLen)
}

// splitSegmentKey takes a key in the engine's form apart, without the prefix of
// the partition.
func (s *Store) splitSegmentKey(b []byte) (timedKey, error) {
	if len(b) < segmentLen {
		return timedKey{}, fmt.Errorf("key %x: %d bytes, too short for its segment", b, len(b))
	}
	return s.splitKey(b[segmentLen:])
}
