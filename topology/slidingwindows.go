package topology

import (
	"time"

	"github.com/oncestream/oncestream/topology/internal/op"
)

// SlidingWindows are all the different sets of a key's records that lie within a
// time difference of each other: a window of that length ends at every record,
// and one starts just after every record. Start and end are both within the
// window. The zero value isn't valid: make one with [Sliding].
type SlidingWindows struct {
	difference, grace time.Duration
	late              op.Lateness
}

// Sliding returns windows of records that are at most the difference apart. It's
// in whole milliseconds and positive. The grace is 0 (KIP-450).
//
// Records with a null key or a null value are dropped. A window closes when stream
// time is later than its end and the grace.
func Sliding(difference time.Duration) SlidingWindows { return SlidingWindows{difference: difference} }

// Grace returns the windows with a grace: how much later than a window's end
// stream time may be for a record to be still added to it. It's in whole
// milliseconds and not negative.
func (w SlidingWindows) Grace(d time.Duration) SlidingWindows {
	w.grace = d
	return w
}

// LateToDeadLetter returns the windows with another end for late records: beside being
// dropped and counted, the input record is written to the application's dead-letter
// topic, once for each window that it was too late for. Its headers are those of
// KIP-1034, and oncestream.window.start, oncestream.window.end and
// oncestream.stream.time in decimal milliseconds. The application must have a
// dead-letter topic.
func (w SlidingWindows) LateToDeadLetter() SlidingWindows {
	w.late.DeadLetters = true
	return w
}

func (w SlidingWindows) shape() windowShape {
	s := windowShape{size: w.difference, grace: w.grace, late: w.late, sliding: true}
	s.positive("time difference", w.difference)
	s.notNegative("grace", w.grace)
	// A record looks back over the windows that end within one difference before it.
	s.keep("twice the time difference and grace", w.difference, w.difference, w.grace)
	return s
}
