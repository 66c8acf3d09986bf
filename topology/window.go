package topology

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Windowed is the key of a windowed result: the record's key and the window.
type Windowed[K any] = serde.Windowed[K]

// WindowKey is a key function for [WindowedTable.ToStream] that keeps the key
// together with its window. [serde.WindowedKey] and [serde.SessionKey] write such
// keys.
func WindowKey[K any](w Windowed[K]) Windowed[K] { return w }

// WithoutWindow is a key function for [WindowedTable.ToStream] that keeps the
// key alone.
func WithoutWindow[K any](w Windowed[K]) K { return w.Key }

// Windows divide the records of each key by their timestamps alone. They're
// [TimeWindows], [SlidingWindows] or [UnlimitedWindows]; sessions, which also
// depend on the records around, are [SessionWindows].
type Windows interface{ shape() windowShape }

// windowShape is what aggregations need to know of windows.
type windowShape struct {
	// size is that of the window store; retention is how long the store must keep a
	// window for all late records to find it.
	size, retention time.Duration
	// least says what the retention is made of.
	least string
	// grace is how much later than a window's end records may come.
	grace time.Duration
	// time are the windows that are aligned to the epoch, unless sliding is set.
	time    op.Windows
	sliding bool
	// endless is true where windows never close.
	endless bool
	// onClose says that results are sent when windows close.
	onClose bool
	// late is what becomes of records for closed windows.
	late op.Lateness
	// wrong is what's wrong with the windows.
	wrong []error
}

// noWindows stands for windows that are nil.
func noWindows() windowShape {
	return windowShape{size: time.Millisecond, retention: time.Millisecond, wrong: []error{errNoWindows}}
}

var errNoWindows = errors.New("WindowedBy needs windows, got nil")

// positive notes a duration that isn't a positive number of milliseconds.
func (s *windowShape) positive(what string, d time.Duration) {
	if d <= 0 || d%time.Millisecond != 0 {
		s.wrong = append(s.wrong, fmt.Errorf("the %s must be positive and in whole milliseconds, got %s", what, d))
	}
}

// notNegative notes a duration that is negative or no number of milliseconds.
func (s *windowShape) notNegative(what string, d time.Duration) {
	if d < 0 || d%time.Millisecond != 0 {
		s.wrong = append(s.wrong, fmt.Errorf("the %s must not be negative and in whole milliseconds, got %s", what, d))
	}
}

// keep sets the least retention to the sum of the durations, and notes one beyond
// what a duration can hold.
func (s *windowShape) keep(what string, durations ...time.Duration) {
	s.least, s.retention = what, 0
	for _, d := range durations {
		if d = max(d, 0); d > math.MaxInt64-s.retention {
			s.wrong = append(s.wrong, fmt.Errorf("%s are more than %s together", what, time.Duration(math.MaxInt64)))
			s.retention = math.MaxInt64
			return
		}
		s.retention += d
	}
}

// check notes what's wrong with the windows that the node uses, and what they need.
func (s windowShape) check(b *Builder, node string) {
	for _, err := range s.wrong {
		b.g.Fail(node, "%w", err)
	}
	if s.late.DeadLetters {
		b.g.DeadLetters(node)
	}
}

// stored is the store that the windows need.
func (s windowShape) stored() storeShape {
	return storeShape{kind: statestore.TimestampedWindow, size: s.size, retention: s.retention, least: s.least}
}

// TimeWindowedStream is a grouped stream whose records are aggregated by key and
// window.
type TimeWindowedStream[K, V any] struct {
	g *GroupedStream[K, V]
	w windowShape
}

// WindowedBy divides the records of each key into windows by their timestamps.
//
// Stream time is the highest timestamp that the task's operator has seen; it
// survives restarts. A window that stream time has left behind by more than the
// grace is closed: a record is dropped as late for each closed window that it
// falls into. Records with a null key are dropped; those with a null value aren't,
// except in sliding windows: a function sees them as null.
func (g *GroupedStream[K, V]) WindowedBy(w Windows) *TimeWindowedStream[K, V] {
	s := &TimeWindowedStream[K, V]{g: g.valid(), w: noWindows()}
	if w != nil {
		s.w = w.shape()
	}
	return s
}

// valid returns the windowed stream, or one that can't be built for none.
func (s *TimeWindowedStream[K, V]) valid() *TimeWindowedStream[K, V] {
	if s != nil && s.g != nil {
		return s
	}
	var none *GroupedStream[K, V]
	return &TimeWindowedStream[K, V]{g: none.valid(), w: noWindows()}
}

// EmitOnClose returns the stream with another way to send results: one for each
// key and window, when the window has closed, instead of one for each update. It
// has the row's timestamp and the headers of the record that closed the window.
// Windows that one record closes come in the order of their starts, then of the
// keys' bytes (KIP-825).
//
// Only a record of the same task moves stream time on: without further records a
// window stays open.
func (s *TimeWindowedStream[K, V]) EmitOnClose() *TimeWindowedStream[K, V] {
	s = s.valid()
	w := s.w
	w.onClose = true
	if w.endless {
		w.wrong = append(slices.Clip(w.wrong), errEndless)
	}
	return &TimeWindowedStream[K, V]{g: s.g, w: w}
}

var errEndless = errors.New("EmitOnClose: unlimited windows never close")

// Count counts the records of each key and window, those with a null value
// included except in sliding windows.
func (s *TimeWindowedStream[K, V]) Count(st Stored[int64], options ...Option) *WindowedTable[K, int64] {
	return windowAggregate(s, st, aggregation[K, V, int64]{
		method: "Count", prefix: "KSTREAM-AGGREGATE-", fold: op.Count[K, V],
	}, options)
}

// Reduce combines the values of each key and window as [GroupedStream.Reduce]
// does. A null value which is the first one leaves the window without a result.
func (s *TimeWindowedStream[K, V]) Reduce(f func(V, V) V, st Stored[V], options ...Option) *WindowedTable[K, V] {
	return windowAggregate(s, st, reduction[K](f), options)
}

// Aggregate combines the values of each key and window as
// [GroupedStream.Aggregate] does.
func (s *TimeWindowedStream[K, V]) Aggregate[A any](zero func() A, add func(K, V, A) A, st Stored[A], options ...Option) *WindowedTable[K, A] {
	return windowAggregate(s, st, addition(zero, add), options)
}

func windowAggregate[K, V, A any](s *TimeWindowedStream[K, V], st Stored[A], a aggregation[K, V, A], options []Option) *WindowedTable[K, A] {
	s = s.valid()
	shape := s.w.stored()
	n := a.place(s.g, st, &shape, options)
	s.w.check(s.g.s.b, n.Name)
	table := windowedTable(s.g.s.b, n, st, windowsOf(s.w, s.g.key), windowRowsIn(st, s.g.key))
	link(n, func(t *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[A]]) (op.Func[K, V], error) {
		rows, err := openWindow(t, n, st, s.w, s.g.key, table.old, out)
		if err != nil {
			return nil, err
		}
		rows.Zero = a.zero
		return aggregateWindows(rows, s.w, s.g.key, a.fold(at)), nil
	})
	return table
}

// aggregateWindows returns the operator for the kind of windows.
func aggregateWindows[K, V, A any](rows op.WindowRows[K, A], w windowShape, k serde.Serde[K], fold op.Fold[K, V, A]) op.Func[K, V] {
	switch size := w.size.Milliseconds(); {
	case w.sliding && w.onClose:
		return op.SlidingOnClose(rows, k, size, fold)
	case w.sliding:
		return op.SlidingAggregate(rows, size, fold)
	case w.onClose:
		return op.WindowsOnClose(rows, k, w.time, fold)
	}
	return op.WindowAggregate(rows, w.time, fold)
}

// openWindow returns the task's window store, as the operator of the node uses it,
// whose results go to out, with old values if they are asked for.
func openWindow[K, A any](t *graph.Task, n *graph.Node, st Stored[A], w windowShape, k serde.Serde[K], old bool,
	out op.Func[Windowed[K], op.Change[A]]) (rows op.WindowRows[K, A], err error) {
	raw, err := open(t, n.Name, st.name)
	if err != nil {
		return rows, err
	}
	store, err := statestore.NewWindow(raw, k, st.value)
	if err != nil {
		return rows, storeError(n.Name, st.name, err)
	}
	rows = op.WindowRows[K, A]{
		Node: operator(t, n), Store: store, Clock: &op.Clock{Store: raw.StreamTime}, Grace: w.grace.Milliseconds(), Late: w.late, Out: out, Old: old,
	}
	return rows, holdWindows(t, n, st, w, &rows)
}
