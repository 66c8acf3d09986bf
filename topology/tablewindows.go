package topology

import (
	"math"
	"time"

	"github.com/oncestream/oncestream/topology/serde"
)

// tableWindows is what is known of the windows of a table's rows.
type tableWindows[K any] struct {
	// key writes the rows' keys.
	key serde.Serde[Windowed[K]]
	// delay is how far stream time must be past a window's end for it to be closed.
	// Sliding windows and sessions, which contain their end, still take records then:
	// Kafka Streams' suppression doesn't wait the millisecond either.
	delay time.Duration
	// endless is true where windows never close.
	endless bool
	// later is true where rows may change after their windows have closed.
	later bool
}

// and returns the windows of a join, whose rows change until both tables' have closed.
// Their keys are read as the left table's.
func (w tableWindows[K]) and(other tableWindows[K]) tableWindows[K] {
	w.delay = max(w.delay, other.delay)
	w.endless, w.later = w.endless || other.endless, w.later || other.later
	return w
}

// changedLater returns the windows of rows that follow those of a table without any.
func (w tableWindows[K]) changedLater() tableWindows[K] {
	w.later = true
	return w
}

func windowsOf[K any](s windowShape, k serde.Serde[K]) tableWindows[K] {
	w := tableWindows[K]{key: serde.WindowedKey(k, s.size), delay: s.grace, endless: s.endless}
	if s.endless {
		w.key = endlessKey[K]{w.key, partOf(w.key)}
	}
	return w
}

func sessionsOf[K any](s windowShape, k serde.Serde[K]) tableWindows[K] {
	return tableWindows[K]{key: serde.SessionKey(k), delay: s.size + s.grace}
}

// endlessKey reads the keys of windows that never end.
type endlessKey[K any] struct {
	serde.Serde[Windowed[K]]
	part func(key []byte) []byte
}

// PartitionKey returns the inner key, as for other windows.
func (s endlessKey[K]) PartitionKey(key []byte) []byte { return s.part(key) }

// Decode reads a key, which doesn't say where its window ends.
func (s endlessKey[K]) Decode(b []byte) (Windowed[K], error) {
	w, err := s.Serde.Decode(b)
	w.End = math.MaxInt64
	return w, err
}
