package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Ways to open the rows that the inputs of a cogroup share, for one of its nodes and
// the function that takes its results.
type (
	keyValueRows[K, A any] = func(*graph.Task, *graph.Node, op.Func[K, op.Change[A]]) (op.Rows[K, A], op.Func[K, op.Change[A]], error)
	windowRows[K, A any]   = func(*graph.Task, *graph.Node, op.Func[Windowed[K], op.Change[A]]) (op.WindowRows[K, A], error)
	sessionRows[K, A any]  = func(*graph.Task, *graph.Node, op.Func[Windowed[K], op.Change[A]]) (op.SessionRows[K, A], error)
)

// TimeWindowedCogrouped is several grouped streams that are aggregated together by
// key and window.
type TimeWindowedCogrouped[K, A any] struct {
	c *Cogrouped[K, A]
	w windowShape
}

// WindowedBy divides the records of each key into windows by their timestamps, as
// [GroupedStream.WindowedBy] does. A record is late by the stream time of its own
// stream, which is the highest timestamp of that stream's records since the task
// was started.
func (c *Cogrouped[K, A]) WindowedBy(w Windows) *TimeWindowedCogrouped[K, A] {
	s := &TimeWindowedCogrouped[K, A]{c: c.valid(), w: noWindows()}
	if w != nil {
		s.w = w.shape()
	}
	return s
}

// valid returns the windowed group, or one that can't be built for none.
func (s *TimeWindowedCogrouped[K, A]) valid() *TimeWindowedCogrouped[K, A] {
	if s != nil && s.c != nil {
		return s
	}
	var none *Cogrouped[K, A]
	return &TimeWindowedCogrouped[K, A]{c: none.valid(), w: noWindows()}
}

// Aggregate combines the records of each key and window as [Cogrouped.Aggregate]
// does.
func (s *TimeWindowedCogrouped[K, A]) Aggregate(zero func() A, st Stored[A], options ...Option) *WindowedTable[K, A] {
	s = s.valid()
	shape := s.w.stored()
	n := s.c.place(st, &shape, zero == nil, options)
	s.w.check(s.c.b, n.merge.Name)
	table := windowedTable(s.c.b, n.merge, st, windowsOf(s.w, s.c.key), windowRowsIn(st, s.c.key))
	for i, input := range s.c.inputs {
		input.windowed(n.aggregates[i], zero, s.w, func(t *graph.Task, n *graph.Node, out op.Func[Windowed[K], op.Change[A]]) (op.WindowRows[K, A], error) {
			rows, err := openWindow(t, n, st, s.w, s.c.key, table.old, out)
			rows.Clock, rows.Zero = &op.Clock{}, zero
			return rows, err
		})
	}
	linkMerge[K, A](n.merge)
	return table
}

// linkMerge makes the operator that all windowed results of a cogroup go through.
func linkMerge[K, A any](merge *graph.Node) {
	link(merge, func(_ *graph.Task, _ op.Node, out op.Func[Windowed[K], op.Change[A]]) (op.Func[Windowed[K], op.Change[A]], error) {
		return out, nil
	})
}

// SessionWindowedCogrouped is several grouped streams that are aggregated together
// by key and session.
type SessionWindowedCogrouped[K, A any] struct {
	c *Cogrouped[K, A]
	w windowShape
}

// SessionsBy divides the records of each key into sessions, as
// [GroupedStream.SessionsBy] does. Lateness is as with [Cogrouped.WindowedBy].
func (c *Cogrouped[K, A]) SessionsBy(w SessionWindows) *SessionWindowedCogrouped[K, A] {
	return &SessionWindowedCogrouped[K, A]{c: c.valid(), w: w.shape()}
}

// valid returns the windowed group, or one that can't be built for none.
func (s *SessionWindowedCogrouped[K, A]) valid() *SessionWindowedCogrouped[K, A] {
	if s != nil && s.c != nil {
		return s
	}
	var none *Cogrouped[K, A]
	return &SessionWindowedCogrouped[K, A]{c: none.valid(), w: noWindows()}
}

// Aggregate combines the records of each key and session as
// [SessionWindowedStream.Aggregate] does.
func (s *SessionWindowedCogrouped[K, A]) Aggregate(zero func() A, merge func(key K, agg, session A) A, st Stored[A], options ...Option) *WindowedTable[K, A] {
	s = s.valid()
	shape := s.w.storedSessions()
	n := s.c.place(st, &shape, zero == nil || merge == nil, options)
	s.w.check(s.c.b, n.merge.Name)
	table := windowedTable(s.c.b, n.merge, st, sessionsOf(s.w, s.c.key), sessionRowsIn(st, s.c.key))
	for i, input := range s.c.inputs {
		input.sessions(n.aggregates[i], zero, merge, func(t *graph.Task, n *graph.Node, out op.Func[Windowed[K], op.Change[A]]) (op.SessionRows[K, A], error) {
			rows, err := openSessions(t, n, st, s.w, s.c.key, table.old, out)
			rows.Clock = &op.Clock{}
			return rows, err
		})
	}
	linkMerge[K, A](n.merge)
	return table
}
