package topology

import (
	"math"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// Windowed is the key of a windowed result: the record's key and the window.
type Windowed[K any] = serde.Windowed[K]

// WindowKey is a key function for [WindowedTable.ToStream] that keeps the key
// together with its window. [serde.WindowedKey] writes such keys.
func WindowKey[K any](w Windowed[K]) Windowed[K] { return w }

// WithoutWindow is a key function for [WindowedTable.ToStream] that keeps the
// key alone.
func WithoutWindow[K any](w Windowed[K]) K { return w.Key }

// TimeWindows are windows of a fixed length, aligned to the Unix epoch. The zero
// value isn't valid: make one with [Tumbling].
type TimeWindows struct{ size, grace time.Duration }

// Tumbling returns windows of the given size that follow each other without
// overlap; each contains its start and not its end. The size is in whole
// milliseconds and positive. The grace is 0.
func Tumbling(size time.Duration) TimeWindows { return TimeWindows{size: size} }

// Grace returns the windows with a grace: how much later than a window's end
// stream time may be for a record to be still added to it. It's in whole
// milliseconds and not negative (KIP-328).
func (w TimeWindows) Grace(d time.Duration) TimeWindows {
	w.grace = d
	return w
}

// check notes what's wrong with the windows that the node uses.
func (w TimeWindows) check(b *Builder, node string) {
	if w.size <= 0 || w.size%time.Millisecond != 0 {
		b.g.Fail(node, "the window size must be positive and in whole milliseconds, got %s", w.size)
	}
	if w.grace < 0 || w.grace%time.Millisecond != 0 {
		b.g.Fail(node, "the grace must not be negative and in whole milliseconds, got %s", w.grace)
	}
	if w.grace > math.MaxInt64-max(w.size, 0) {
		b.g.Fail(node, "the window size and the grace are more than %s together", time.Duration(math.MaxInt64))
	}
}

// TimeWindowedStream is a grouped stream whose records are aggregated by key and
// window.
type TimeWindowedStream[K, V any] struct {
	g *GroupedStream[K, V]
	w TimeWindows
}

// WindowedBy divides the records of each key into windows by their timestamps.
//
// Stream time is the highest timestamp that the task's operator has seen; it
// survives restarts. A record is dropped as late when the end of its window and
// the grace have been reached by stream time. Records with a null key are
// dropped, but those with a null value aren't: a function sees them as null.
func (g *GroupedStream[K, V]) WindowedBy(w TimeWindows) *TimeWindowedStream[K, V] {
	return &TimeWindowedStream[K, V]{g: g.valid(), w: w}
}

// valid returns the windowed stream, or one that can't be built for none.
func (s *TimeWindowedStream[K, V]) valid() *TimeWindowedStream[K, V] {
	if s != nil && s.g != nil {
		return s
	}
	var none *GroupedStream[K, V]
	return &TimeWindowedStream[K, V]{g: none.valid()}
}

// Count counts the records of each key and window, those with a null value
// included.
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
	n := a.place(s.g, st, &s.w, options)
	s.w.check(s.g.s.b, n.Name)
	windows := op.Tumbling{Size: s.w.size.Milliseconds(), Grace: s.w.grace.Milliseconds()}
	link(n, func(t *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[A]]) (op.Func[K, V], error) {
		raw, err := open(t, n.Name, st.name)
		if err != nil {
			return nil, err
		}
		store, err := statestore.NewWindow(raw, s.g.key, st.value)
		if err != nil {
			return nil, storeError(n.Name, st.name, err)
		}
		return op.WindowAggregate(at, windows, store, raw.StreamTime, a.fold(at), out), nil
	})
	return &WindowedTable[K, A]{b: s.g.s.b, node: n}
}

// WindowedTable is a table with a row for each key and window. It's a type apart
// from Table because its rows aren't placed by their whole key.
type WindowedTable[K, V any] struct {
	b    *Builder
	node *graph.Node
}

// valid returns the table, or one that can't be built for none.
func (t *WindowedTable[K, V]) valid() *WindowedTable[K, V] {
	if t != nil && t.b != nil {
		return t
	}
	var none *Table[K, V]
	t0 := none.valid()
	return &WindowedTable[K, V]{b: t0.b, node: t0.node}
}

// ToStream returns the stream of all updates of the table, with the keys that
// the function makes of the windowed ones: [WindowKey], [WithoutWindow] or any
// other. A deleted row is a null value. A grouping or a join behind it takes a
// repartition topic.
func (t *WindowedTable[K, V]) ToStream[J any](key func(Windowed[K]) J, options ...Option) *Stream[J, V] {
	t = t.valid()
	n := &graph.Node{Name: t.b.nodeName("KTABLE-TOSTREAM-", options)}
	t.b.needFunc(n.Name, "ToStream", key == nil)
	link(n, func(_ *graph.Task, at op.Node, out op.Func[J, V]) (op.Func[Windowed[K], op.Change[V]], error) {
		return op.RekeyChanges(at, key, out), nil
	})
	return &Stream[J, V]{b: t.b, node: t.b.g.Add(n, t.node), rekeyed: true}
}
