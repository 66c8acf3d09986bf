package statestore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// timedVisit is called for an entry of a scan. It reports whether the scan goes
// on.
type timedVisit func(k timedKey, value []byte) (more bool, err error)

// admit refuses a write at a time that can't be, and counts one past its
// retention.
func (s *Store) admit(time int64) error {
	if err := s.writable(); err != nil {
		return err
	}
	if time < 0 {
		return s.wrap("write", fmt.Errorf("negative time %d", time))
	}
	first := s.firstLive(s.current.windowTime)
	if time < first && (s.spec.InMemory || time/s.segment < max(first-1, 0)/s.segment) {
		s.expired++
	}
	return nil
}

// advance moves the time on from which retention counts back.
func (s *Store) advance(time int64) { s.current.windowTime = max(s.current.windowTime, time) }

// clamp narrows a range of times to those that there may be entries of.
func (s *Store) clamp(from, to int64) (int64, int64) {
	now := s.current.windowTime
	return max(from, s.firstLive(now)), min(to, now)
}

// segmentKey returns the first key of a record key and a time as it's in the
// engine, without the partition's prefix.
func segmentKey(segment int64, key []byte, time uint64) []byte {
	b := make([]byte, 0, segmentLen+len(key)+8)
	b = append(binary.BigEndian.AppendUint64(b, uint64(segment)), key...)
	return binary.BigEndian.AppendUint64(b, time)
}

// scanKey visits the live entries of a record key with times between from and to,
// both included, in the order of time and tail.
func (s *Store) scanKey(key []byte, from, to int64, visit timedVisit) error {
	if from, to = s.clamp(from, to); from > to {
		return s.readable()
	}
	v := segmentVisit{s: s, key: key, from: from, to: to, visit: visit}
	for segment := from / s.segment; segment <= to/s.segment; segment++ {
		more, err := v.run(segmentKey(segment, key, uint64(from)), segmentKey(segment, key, uint64(to)+1))
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// scanAll visits the live entries of all keys with times between from and to, both
// included, segment by segment, within one in the order of the bytes of key, time
// and tail together.
func (s *Store) scanAll(from, to int64, visit timedVisit) error {
	if from, to = s.clamp(from, to); from > to {
		return s.readable()
	}
	v := segmentVisit{s: s, from: from, to: to, visit: visit}
	_, err := v.runSegments(from/s.segment, to/s.segment)
	return err
}

// scanByTime visits what scanAll does in the order of time, tail and key.
func (s *Store) scanByTime(from, to int64, visit timedVisit) error {
	if from, to = s.clamp(from, to); from > to {
		return s.readable()
	}
	for segment := from / s.segment; segment <= to/s.segment; segment++ {
		var hits timedEntries
		v := segmentVisit{s: s, from: from, to: to, visit: hits.add}
		if _, err := v.runSegments(segment, segment); err != nil {
			return err
		}
		if more, err := hits.visit(visit); err != nil || !more {
			return err
		}
	}
	return nil
}

// segmentVisit picks the entries of a scan that were asked for.
type segmentVisit struct {
	s *Store
	// key is the record key asked for, nil for all.
	key      []byte
	from, to int64
	visit    timedVisit
}

// runSegments scans the segments from first to last.
func (v *segmentVisit) runSegments(first, last int64) (more bool, err error) {
	lower := binary.BigEndian.AppendUint64(nil, uint64(first))
	return v.run(lower, binary.BigEndian.AppendUint64(nil, uint64(last+1)))
}

// run scans a range of keys. It reports whether the visitor wants more.
func (v *segmentVisit) run(lower, upper []byte) (more bool, err error) {
	var bad error
	more = true
	err = v.s.scan(lower, upper, func(k, value []byte) bool {
		more, bad = v.entry(k, value)
		return more
	})
	return more, errors.Join(err, bad)
}

// entry visits one hit. Record keys have any length, so the bytes of other keys'
// entries may lie between those of the key asked for.
func (v *segmentVisit) entry(k, value []byte) (more bool, err error) {
	hit, err := v.s.splitSegmentKey(k)
	if err != nil {
		return false, v.s.wrap("fetch", err)
	}
	if hit.time < v.from || hit.time > v.to || v.key != nil && !bytes.Equal(hit.key, v.key) {
		return true, nil
	}
	return v.visit(hit, value)
}

// timedEntries are copies of entries, to be visited in the order of time.
type timedEntries struct {
	// memory holds the bytes of the entries added last; when it's full, those before
	// stay where they are.
	memory []byte
	list   []timedEntry
}

type timedEntry struct {
	timedKey
	value []byte
}

// add is a timedVisit.
func (t *timedEntries) add(k timedKey, value []byte) (bool, error) {
	k.key, k.tail = t.copy(k.key), t.copy(k.tail)
	t.list = append(t.list, timedEntry{k, t.copy(value)})
	return true, nil
}

func (t *timedEntries) copy(b []byte) []byte {
	n := len(t.memory)
	t.memory = append(t.memory, b...)
	return t.memory[n:len(t.memory):len(t.memory)]
}

func (t *timedEntries) visit(visit timedVisit) (more bool, err error) {
	slices.SortFunc(t.list, compareTimed)
	for i := range t.list {
		if more, err := visit(t.list[i].timedKey, t.list[i].value); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

func compareTimed(a, b timedEntry) int {
	if a.time != b.time {
		return cmp.Compare(a.time, b.time)
	}
	if c := bytes.Compare(a.tail, b.tail); c != 0 {
		return c
	}
	return bytes.Compare(a.key, b.key)
}
