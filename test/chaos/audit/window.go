package audit

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// The windows of the workload window, in milliseconds.
const (
	windowSize  = 60_000
	windowGrace = 10_000
)

// window is the model of the workload window: records by key and tumbling
// window. Each partition has its own stream time, the highest timestamp that
// was seen in it; a record is late when its window's end is at or before
// stream time minus grace.
type window struct {
	*tally
	streamTime map[int32]int64
	late       int64
}

func newWindow() Model {
	w := &window{tally: newTally(true), streamTime: map[int32]int64{}}
	w.logKey = windowLogKey
	return w
}

// Input counts a record under its key and window, unless it's late.
func (m *window) Input(r Record) error {
	if err := keyed(r); err != nil {
		return err
	}
	if r.Timestamp < 0 {
		return fmt.Errorf("%s: a negative timestamp has no window", r.At())
	}
	now := max(r.Timestamp, m.streamTime[r.Partition])
	m.streamTime[r.Partition] = now
	start := r.Timestamp - r.Timestamp%windowSize
	if start+windowSize <= now-windowGrace {
		m.late++
		return nil
	}
	m.add(string(r.Key)+"@"+strconv.FormatInt(start, 10), r.Timestamp)
	return nil
}

// Late returns how many input records came too late for their window.
func (m *window) Late() int64 { return m.late }

// windowLogKey turns the output's key, key@start, into the changelog's: the
// key, the start in 8 bytes and a sequence number in 4, which is always 0. The
// start was put there by Input, so it's a number.
func windowLogKey(outputKey string) []byte {
	i := strings.LastIndexByte(outputKey, '@')
	start, _ := strconv.ParseInt(outputKey[i+1:], 10, 64)
	b := binary.BigEndian.AppendUint64([]byte(outputKey[:i]), uint64(start))
	return append(b, 0, 0, 0, 0)
}
