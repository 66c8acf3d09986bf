package statestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/oncestream/oncestream/topology/serde"
)

// OuterEntry is a record that waits in the store of an outer join.
type OuterEntry[K, VL, VR any] struct {
	Key K
	// Timestamp is the record's, in milliseconds since the Unix epoch.
	Timestamp int64
	// IsLeft tells from which side the record is, and with it which of the values is
	// set.
	IsLeft bool
	Left   VL
	Right  VR
}

// OuterJoin gives types to the bytes of a Store of the kind PlainKeyValue in which
// the records of both sides of a left or outer join of two streams wait for a
// match or for the end of their window. It's used by one goroutine at a time, the
// one that uses the Store.
type OuterJoin[K, VL, VR any] struct {
	codec[K, VL]
	right serde.Serde[VR]
	list  []byte
}

// NewOuterJoin returns typed access to the store of an outer join. A store of
// another kind and a nil serde are errors.
func NewOuterJoin[K, VL, VR any](s *Store, k serde.Serde[K], l serde.Serde[VL], r serde.Serde[VR]) (*OuterJoin[K, VL, VR], error) {
	c, err := newCodec(s, k, l, PlainKeyValue)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("store %q needs a serde of the right values", s.spec.Name)
	}
	return &OuterJoin[K, VL, VR]{codec: c, right: r}, nil
}

// PutLeft adds a record of the left side, behind those of the same key and
// timestamp. A negative timestamp is an error.
func (j *OuterJoin[K, VL, VR]) PutLeft(key K, timestamp int64, v VL) error {
	b, err := j.v.Append(j.value[:0], v)
	if err != nil {
		return j.s.refused("value", err)
	}
	return j.add(true, key, timestamp, b)
}

// PutRight adds a record of the right side, as PutLeft does.
func (j *OuterJoin[K, VL, VR]) PutRight(key K, timestamp int64, v VR) error {
	b, err := j.right.Append(j.value[:0], v)
	if err != nil {
		return j.s.refused("value", err)
	}
	return j.add(false, key, timestamp, b)
}

func (j *OuterJoin[K, VL, VR]) add(left bool, key K, timestamp int64, value []byte) error {
	if cap(value) <= maxScratch {
		j.value = value
	}
	b, err := j.joinKey(left, key, timestamp)
	if err != nil {
		return err
	}
	old, ok, err := j.s.get(b)
	if err != nil {
		return err
	}
	if !ok {
		old = nil
	} else {
		old = old[timestampLen:]
	}
	list, err := appendToList(binary.BigEndian.AppendUint64(j.list[:0], uint64(timestamp)), old, left, value)
	if err != nil {
		return j.s.wrap("put", err)
	}
	if cap(list) <= maxScratch {
		j.list = list
	}
	return j.s.put(b, list, timestamp, false)
}

// DeleteLeft deletes all records of the left side with the key and timestamp.
// Where there are none nothing is written, to the changelog either: most matches of
// a join are with records that never waited. The timestamp of the tombstone in the
// changelog is at, that of the record which caused it.
func (j *OuterJoin[K, VL, VR]) DeleteLeft(key K, timestamp, at int64) error {
	return j.remove(true, key, timestamp, at)
}

// DeleteRight deletes records of the right side, as DeleteLeft does.
func (j *OuterJoin[K, VL, VR]) DeleteRight(key K, timestamp, at int64) error {
	return j.remove(false, key, timestamp, at)
}

func (j *OuterJoin[K, VL, VR]) remove(left bool, key K, timestamp, at int64) error {
	b, err := j.joinKey(left, key, timestamp)
	if err != nil {
		return err
	}
	if _, ok, err := j.s.get(b); err != nil || !ok {
		return err
	}
	return j.delete(b, at)
}

// joinKey encodes the key that both sides' records of one key and timestamp have:
// timestamp, side, record key.
func (j *OuterJoin[K, VL, VR]) joinKey(left bool, key K, timestamp int64) ([]byte, error) {
	if timestamp < 0 {
		return nil, j.s.wrap("use", fmt.Errorf("negative timestamp %d", timestamp))
	}
	b := binary.BigEndian.AppendUint64(j.prefix(), uint64(timestamp))
	b, err := j.appendKey(append(b, sideByte(left)), key)
	if err == nil {
		j.key = b
	}
	return b, err
}

// All returns the records in the order of their timestamps; of one timestamp those
// of the right side come first, then the order is that of the keys' bytes, then
// that of the puts. The loop may write to the store, as with [KeyValue.Range]; a
// list of records of one key is visited as it was when the loop reached it. An error
// comes with a zero entry and ends the loop.
func (j *OuterJoin[K, VL, VR]) All() iter.Seq2[OuterEntry[K, VL, VR], error] {
	return func(yield func(OuterEntry[K, VL, VR], error) bool) {
		var bad error
		err := j.s.scan(nil, nil, func(k, list []byte) (more bool) {
			more, bad = j.visit(k, list, yield)
			return more
		})
		if err = errors.Join(err, bad); err != nil {
			yield(OuterEntry[K, VL, VR]{}, err)
		}
	}
}

// visit yields the records of one list.
func (j *OuterJoin[K, VL, VR]) visit(key, list []byte, yield func(OuterEntry[K, VL, VR], error) bool) (more bool, err error) {
	e, err := j.entry(key)
	if err != nil {
		return false, err
	}
	if len(list) < timestampLen {
		return false, j.s.wrap("scan", errListEnd)
	}
	list = list[timestampLen:]
	n, err := listCount(list)
	if err != nil {
		return false, j.s.wrap("scan", err)
	}
	list = list[listHeaderLen:]
	if n > 1 {
		list = slices.Clone(list) // the loop may write between two of them
	}
	for range n {
		if list, err = j.next(&e, list); err != nil {
			return false, err
		}
		if !yield(e, nil) {
			return false, nil
		}
	}
	return true, nil
}

// entry decodes a key.
func (j *OuterJoin[K, VL, VR]) entry(key []byte) (e OuterEntry[K, VL, VR], err error) {
	if len(key) < timestampLen+1 {
		return e, j.s.wrap("decode key", fmt.Errorf("%x is too short for its timestamp and side", key))
	}
	if e.IsLeft, err = decodeSide(key[timestampLen]); err != nil {
		return e, j.s.wrap("decode key", err)
	}
	e.Timestamp = int64(binary.BigEndian.Uint64(key))
	e.Key, err = j.decodeKey(key[timestampLen+1:])
	return e, err
}

// next takes a record's value off a list. The side is that of the key; an entry
// that says otherwise wasn't written by a join.
func (j *OuterJoin[K, VL, VR]) next(e *OuterEntry[K, VL, VR], list []byte) (rest []byte, err error) {
	left, value, rest, err := listEntry(list)
	if err == nil && left != e.IsLeft {
		err = errors.New("a list entry of the other side")
	}
	if err != nil {
		return nil, j.s.wrap("decode value", err)
	}
	if left {
		e.Left, err = j.v.Decode(value)
	} else {
		e.Right, err = j.right.Decode(value)
	}
	return rest, j.s.wrap("decode value", err)
}
