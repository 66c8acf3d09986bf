package topology

import (
	"fmt"
	"math"
	"time"

	"github.com/oncestream/oncestream/topology/internal/op"
)

// TimeWindows are windows of a fixed length, aligned to the Unix epoch. Each
// contains its start and not its end, and closes when stream time has reached its
// end and the grace. The zero value isn't valid: make one with [Tumbling] or
// [Hopping].
type TimeWindows struct {
	size, advance, grace time.Duration
	late                 op.Lateness
}

// Tumbling returns windows of the given size that follow each other without
// overlap. The size is in whole milliseconds and positive. The grace is 0.
func Tumbling(size time.Duration) TimeWindows { return TimeWindows{size: size, advance: size} }

// Hopping returns windows of the given size, of which one starts with each
// advance: a record falls into all those that overlap at its timestamp. Both are
// in whole milliseconds and positive, the advance at most the size. The grace is
// 0.
func Hopping(size, advance time.Duration) TimeWindows {
	return TimeWindows{size: size, advance: advance}
}

// Grace returns the windows with a grace: how much later than a window's end
// stream time may be for a record to be still added to it. It's in whole
// milliseconds and not negative (KIP-328).
func (w TimeWindows) Grace(d time.Duration) TimeWindows {
	w.grace = d
	return w
}

// LateToDeadLetter returns the windows with another end for late records: beside being
// dropped and counted, the input record is written to the application's dead-letter
// topic, once for each window that it was too late for. Its headers are those of
// KIP-1034, and oncestream.window.start, oncestream.window.end and
// oncestream.stream.time in decimal milliseconds. The application must have a
// dead-letter topic.
func (w TimeWindows) LateToDeadLetter() TimeWindows {
	w.late.DeadLetters = true
	return w
}

func (w TimeWindows) shape() windowShape {
	s := windowShape{
		size: w.size, grace: w.grace, late: w.late,
		time: op.Windows{Size: w.size.Milliseconds(), Advance: w.advance.Milliseconds()},
	}
	s.positive("window size", w.size)
	if w.size > 0 && w.advance != w.size {
		s.checkAdvance(w)
	}
	s.notNegative("grace", w.grace)
	s.keep("the window's size and grace", w.size, w.grace)
	return s
}

// checkAdvance notes an advance that would leave gaps.
func (s *windowShape) checkAdvance(w TimeWindows) {
	s.positive("window advance", w.advance)
	if w.advance > w.size {
		s.wrong = append(s.wrong, fmt.Errorf("the window advance must be at most the size, %s, got %s", w.size, w.advance))
	}
}

// UnlimitedWindows is one window that never ends, so no record is late for it.
// The zero value is not valid: make one with [Unlimited].
type UnlimitedWindows struct{ start time.Time }

// Unlimited returns a window from the start on. Records before it are left out,
// without being counted as dropped. The start has a precision of milliseconds
// and isn't before the Unix epoch.
func Unlimited(start time.Time) UnlimitedWindows { return UnlimitedWindows{start: start} }

func (w UnlimitedWindows) shape() windowShape {
	start := w.start.UnixMilli()
	s := windowShape{
		size: math.MaxInt64, retention: math.MaxInt64, endless: true,
		time: op.Windows{Start: start, Size: math.MaxInt64, Advance: math.MaxInt64},
	}
	if start < 0 {
		s.wrong = append(s.wrong, fmt.Errorf("the window starts at %s, before the Unix epoch", w.start))
	}
	return s
}
