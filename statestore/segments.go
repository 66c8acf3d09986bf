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

// appendSegmentKey appends the first key of a record key and a time as it's in the
// engine, without the partition's prefix.
func appendSegmentKey(dst []byte, segment int64, key []byte, time uint64) []byte {
	dst = append(binary.BigEndian.AppendUint64(dst, uint64(segment)), key...)
	return binary.BigEndian.AppendUint64(dst, time)
}

// scanKey visits the live entries of a record key with times between from and to,
// both included, in the order of time and tail.
func (s *Store) scanKey(key []byte, from, to int64, visit timedVisit) error {
	if from, to = s.clamp(from, to); from > to {
		return s.readable()
	}
	v := s.takeVisit(from, to, visit)
	defer s.giveBackVisit(v)
	v.key, v.oneKey = append(v.key[:0], key...), true
	for segment := from / s.segment; segment <= to/s.segment; segment++ {
		v.lower = appendSegmentKey(v.lower[:0], segment, v.key, uint64(from))
		v.upper = appendSegmentKey(v.upper[:0], segment, v.key, uint64(to)+1)
		if more, err := v.run(); err != nil || !more {
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
	_, err := s.scanSegments(from/s.segment, to/s.segment, from, to, visit)
	return err
}

// scanByTime visits what scanAll does in the order of time, tail and key.
func (s *Store) scanByTime(from, to int64, visit timedVisit) error {
	if from, to = s.clamp(from, to); from > to {
		return s.readable()
	}
	for segment := from / s.segment; segment <= to/s.segment; segment++ {
		var hits timedEntries
		if _, err := s.scanSegments(segment, segment, from, to, hits.add); err != nil {
			return err
		}
		if more, err := hits.visit(visit); err != nil || !more {
			return err
		}
	}
	return nil
}

// scanSegments scans the segments from first to last.
func (s *Store) scanSegments(first, last, from, to int64, visit timedVisit) (more bool, err error) {
	v := s.takeVisit(from, to, visit)
	defer s.giveBackVisit(v)
	v.lower = binary.BigEndian.AppendUint64(v.lower[:0], uint64(first))
	v.upper = binary.BigEndian.AppendUint64(v.upper[:0], uint64(last+1))
	return v.run()
}

// segmentVisit picks the entries of a scan that were asked for.
type segmentVisit struct {
	s *Store
	// key is the record key asked for where it's one.
	key          []byte
	oneKey       bool
	from, to     int64
	visit        timedVisit
	lower, upper []byte
	// more and err are the outcome of the last visit.
	more bool
	err  error
	// scanVisit is entry, bound once.
	scanVisit func(k, value []byte) bool
}

// takeVisit returns a visit that's free, as takeMerge does.
func (s *Store) takeVisit(from, to int64, visit timedVisit) *segmentVisit {
	var v *segmentVisit
	if n := len(s.visits); n > 0 {
		v = s.visits[n-1]
		s.visits = s.visits[:n-1]
	} else {
		v = &segmentVisit{s: s}
		v.scanVisit = v.entry
	}
	v.oneKey, v.from, v.to, v.visit = false, from, to, visit
	return v
}

func (s *Store) giveBackVisit(v *segmentVisit) {
	v.visit, v.err = nil, nil
	if cap(v.key)+cap(v.lower)+cap(v.upper) <= maxScratch {
		s.visits = append(s.visits, v)
	}
}

// run scans the range of keys between lower and upper. It reports whether the
// visitor wants more.
func (v *segmentVisit) run() (more bool, err error) {
	v.more, v.err = true, nil
	err = v.s.scan(v.lower, v.upper, v.scanVisit)
	return v.more, errors.Join(err, v.err)
}

// entry visits one hit. Record keys have any length, so the bytes of other keys'
// entries may lie between those of the key asked for.
func (v *segmentVisit) entry(k, value []byte) bool {
	hit, err := v.s.splitSegmentKey(k)
	if err != nil {
		v.more, v.err = false, v.s.wrap("fetch", err)
		return false
	}
	if hit.time < v.from || hit.time > v.to || v.oneKey && !bytes.Equal(hit.key, v.key) {
		return true
	}
	v.more, v.err = v.visit(hit, value)
	return v.more
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
