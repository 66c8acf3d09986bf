package op

import "math"

// Windows are aligned windows, in milliseconds: one starts at Start and with each
// Advance after it.
type Windows struct{ Start, Size, Advance int64 }

// none is a start behind all timestamps.
const none = math.MaxInt64

// first returns the start of the earliest window that a timestamp (>= 0) falls
// into. It's later than the timestamp where there's none.
func (w Windows) first(ts int64) int64 {
	if ts < w.Start {
		return none
	}
	behind := max(0, ts-w.Start-w.Size+w.Advance)
	return w.Start + behind - behind%w.Advance
}

// next returns the start of the window after the one that starts at start.
func (w Windows) next(start int64) int64 { return plus(start, w.Advance) }

// end returns the end of the window that starts at start.
func (w Windows) end(start int64) int64 { return plus(start, w.Size) }

// plus adds without overflow; both are >= 0.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
