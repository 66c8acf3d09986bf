package statestore

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A key's versions follow each other in time, so each ends where the next begins.
// The latest one is kept by its key, unless it's a tombstone. Of the older ones,
// those with a value are kept by their ends, so that one seek finds the first that
// ends behind a given time; their beginnings come with the values, as timestamps.
// A tombstone is the gap between two of them. Where it begins must be known as
// long as something can be put before it: it's the end of the version before, and
// where that's a gap too it's a mark, a version that ends where it begins.

// EndOfTime is the end of a version that's still valid.
const EndOfTime int64 = math.MaxInt64

// latestSegment is the segment of the latest versions, behind all that expire.
const latestSegment int64 = math.MaxInt64

// appendLatestKey appends a record key's latest version's key.
func appendLatestKey(dst, key []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(latestSegment)), key...)
}

// appendVersionKey appends the key of an older version. The record key's length in
// front keeps other keys' versions from between those of one key.
func appendVersionKey(dst []byte, segment int64, key []byte, validTo int64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(segment))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(key)))
	return binary.BigEndian.AppendUint64(append(dst, key...), uint64(validTo))
}

// historyStart returns the earliest time that the store answers for.
func (s *Store) historyStart() int64 { return s.firstLive(s.current.windowTime) }

// latestKey returns the key of a latest version with the partition's prefix, valid
// until the next call of it or of versionKey.
func (s *Store) latestKey(key []byte) []byte {
	s.scratch = appendLatestKey(append(s.scratch[:0], s.prefix...), key)
	return s.scratch
}

// versionKey does for older versions what latestKey does.
func (s *Store) versionKey(key []byte, validTo int64) []byte {
	s.scratch = appendVersionKey(append(s.scratch[:0], s.prefix...), validTo/s.segment, key, validTo)
	return s.scratch
}

// span is the answer to what's valid at a time.
type span struct {
	// known tells whether there's a value. Then it's valid between from and to, and
	// otherwise there's none from the time asked for until to.
	known    bool
	from, to int64
	// value has its timestamp in front. It's valid until the next lookup.
	value []byte
}

// lookup finds what's valid at a time that lies within the history.
func (s *Store) lookup(key []byte, at int64) (span, error) {
	latest, ok, err := s.latest(key)
	if err != nil || ok && latest.from <= at {
		return latest, err
	}
	older, ok, err := s.older(key, at)
	if err != nil || ok {
		return older, err
	}
	if latest.known {
		return span{to: latest.from}, nil
	}
	return span{to: EndOfTime}, nil
}

// latest finds the latest version, unless that's a tombstone.
func (s *Store) latest(key []byte) (span, bool, error) {
	b, ok, err := s.get(s.latestKey(key))
	if err != nil || !ok {
		return span{}, false, err
	}
	return span{known: true, from: int64(binary.BigEndian.Uint64(b)), to: EndOfTime, value: b}, true, nil
}

// older finds the first older version that ends behind a time. All have ended by
// the store's time, so a read of the present and a put in order need no scan.
func (s *Store) older(key []byte, at int64) (v span, ok bool, err error) {
	now := s.current.windowTime
	if at >= now {
		return span{}, false, nil
	}
	for segment := (at + 1) / s.segment; segment <= now/s.segment && !ok && err == nil; segment++ {
		v, ok, err = s.olderIn(segment, key, at)
	}
	return v, ok, err
}

// olderIn is older within one segment.
func (s *Store) olderIn(segment int64, key []byte, at int64) (v span, ok bool, err error) {
	lower := appendVersionKey(nil, segment, key, at+1)
	upper := appendVersionKey(nil, segment, key, EndOfTime)
	var bad error
	err = s.scan(lower, upper, func(k, value []byte) bool {
		v, bad = s.decodeVersion(k, value, at)
		ok = bad == nil
		return false
	})
	if err == nil {
		err = bad
	}
	return v, ok, err
}

// decodeVersion returns what an older version says of a time before its end.
func (s *Store) decodeVersion(k, value []byte, at int64) (span, error) {
	if len(value) < timestampLen {
		return span{}, s.wrap("look up", fmt.Errorf("version %x is too short for its timestamp", value))
	}
	from, to := int64(binary.BigEndian.Uint64(value)), int64(binary.BigEndian.Uint64(k[len(k)-8:]))
	if from > at {
		return span{to: from}, nil
	}
	s.value = append(s.value[:0], value...)
	return span{known: true, from: from, to: to, value: s.value}, nil
}

// putVersion inserts a version, a tombstone without a value of its own. The value
// has the timestamp in front. It returns the end of the version; one that's older
// than the history isn't stored.
func (s *Store) putVersion(key, value []byte, timestamp int64, deleted bool) (validTo int64, stored bool, err error) {
	if timestamp < s.historyStart() {
		return 0, false, nil
	}
	s.advance(timestamp)
	v, err := s.lookup(key, timestamp)
	if err != nil {
		return 0, false, err
	}
	if v.known && v.from < timestamp {
		// Its end is now here.
		err = s.put(s.versionKey(key, timestamp), v.value, timestamp, false)
	} else if deleted {
		err = s.markVersion(key, value, timestamp)
	}
	if err == nil && (v.known || !deleted) {
		err = s.endVersion(key, value, v.to, timestamp, deleted)
	}
	return v.to, err == nil, err
}

// markVersion keeps where a tombstone begins, unless a version ends there.
func (s *Store) markVersion(key, timestampBytes []byte, timestamp int64) error {
	at := s.versionKey(key, timestamp)
	_, ok, err := s.get(at)
	if err != nil || ok {
		return err
	}
	return s.put(at, timestampBytes[:timestampLen], timestamp, false)
}

// endVersion writes what's valid up to a time.
func (s *Store) endVersion(key, value []byte, to, timestamp int64, deleted bool) error {
	if to == EndOfTime {
		return s.put(s.latestKey(key), value, timestamp, deleted)
	}
	if !deleted {
		return s.put(s.versionKey(key, to), value, timestamp, false)
	}
	// What begins there may be a tombstone, whose beginning is still to be known.
	mark := binary.BigEndian.AppendUint64(nil, uint64(to))
	return s.put(s.versionKey(key, to), mark, timestamp, false)
}

// restoreVersion puts a record of the changelog into the overlay, where the
// versions around it are found.
func (s *Store) restoreVersion(key, value []byte, timestamp int64) error {
	if timestamp < 0 {
		return fmt.Errorf("negative timestamp %d", timestamp)
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, timestampLen+len(value)), uint64(timestamp))
	_, _, err := s.putVersion(key, append(b, value...), timestamp, value == nil)
	return err
}
