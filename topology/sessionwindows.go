package topology

import (
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// SessionWindows are periods of activity of a key: records that are at most the
// gap apart belong to one session, which reaches from its first record to its
// last, both within it. The zero value isn't valid: make one with [Sessions].
type SessionWindows struct {
	gap, grace time.Duration
	late       op.Lateness
}

// Sessions returns sessions that end with a gap of inactivity. It's in whole
// milliseconds and positive. The grace is 0 (KIP-94).
func Sessions(gap time.Duration) SessionWindows { return SessionWindows{gap: gap} }

// Grace returns the sessions with a grace: how much later than a session's end and
// the gap stream time may be for a record to be still added to it. It's in whole
// milliseconds and not negative.
func (w SessionWindows) Grace(d time.Duration) SessionWindows {
	w.grace = d
	return w
}

// LateToDeadLetter returns the sessions with another end for late records: beside being
// dropped and counted, the input record is written to the application's dead-letter
// topic, once for each session that it was too late for. Its headers are those of
// KIP-1034, and oncestream.window.start, oncestream.window.end and
// oncestream.stream.time in decimal milliseconds. The application must have a
// dead-letter topic.
func (w SessionWindows) LateToDeadLetter() SessionWindows {
	w.late.DeadLetters = true
	return w
}

func (w SessionWindows) shape() windowShape {
	s := windowShape{size: w.gap, grace: w.grace, late: w.late}
	s.positive("gap", w.gap)
	s.notNegative("grace", w.grace)
	s.keep("the gap and grace", w.gap, w.grace)
	return s
}

// SessionWindowedStream is a grouped stream whose records are aggregated by key
// and session.
type SessionWindowedStream[K, V any] struct {
	g *GroupedStream[K, V]
	w windowShape
}

// SessionsBy divides the records of each key into sessions.
//
// A record may extend a session, or join several to one. Each session that it's
// added to is deleted, which is an update as well, and then the merged one
// follows; only a session that has no other timestamp than the record's is
// updated in place. The updates of a session have the time of its end and no
// headers.
//
// Stream time is the highest timestamp that the task's operator has seen; it
// survives restarts. A record is dropped as late when the session that it would
// make or extend ended more than the gap and the grace before stream time. Records
// with a null key are dropped; those with a null value aren't: a function sees them
// as null.
func (g *GroupedStream[K, V]) SessionsBy(w SessionWindows) *SessionWindowedStream[K, V] {
	return &SessionWindowedStream[K, V]{g: g.valid(), w: w.shape()}
}

// valid returns the windowed stream, or one that can't be built for none.
func (s *SessionWindowedStream[K, V]) valid() *SessionWindowedStream[K, V] {
	if s != nil && s.g != nil {
		return s
	}
	var none *GroupedStream[K, V]
	return &SessionWindowedStream[K, V]{g: none.valid(), w: noWindows()}
}

// EmitOnClose returns the stream with another way to send results: one for each
// key and session, when the session has closed, instead of one for each update. It
// has the time of the session's end and the headers of the record that closed it.
// Sessions that one record closes come in the order of their ends, then of their
// starts, then of the keys' bytes (KIP-825).
//
// Only a record of the same task moves stream time on: without further records a
// session stays open.
func (s *SessionWindowedStream[K, V]) EmitOnClose() *SessionWindowedStream[K, V] {
	s = s.valid()
	w := s.w
	w.onClose = true
	return &SessionWindowedStream[K, V]{g: s.g, w: w}
}

// Count counts the records of each key and session, those with a null value
// included.
func (s *SessionWindowedStream[K, V]) Count(st Stored[int64], options ...Option) *WindowedTable[K, int64] {
	return sessionAggregate(s, st, aggregation[K, V, int64]{
		method: "Count", prefix: "KSTREAM-AGGREGATE-", fold: op.Count[K, V],
	}, op.MergeCounts[K], options)
}

// Reduce combines the values of each key and session: f gets the result so far
// and the next value, or the results of two sessions, the earlier one first. A
// null value which is the first one leaves the session without a result. A nil
// result deletes the session.
func (s *SessionWindowedStream[K, V]) Reduce(f func(V, V) V, st Stored[V], options ...Option) *WindowedTable[K, V] {
	return sessionAggregate(s, st, reduction[K](f), func(n op.Node) op.Merge[K, V] { return op.MergeReduced[K](n, f) }, options)
}

// Aggregate combines the values of each key and session: zero makes an aggregate
// to start with, merge returns it with the aggregate of a session added, for each
// of the sessions that a record joins in the order of time, and add returns it
// with the record added. Both may change the aggregate that they add to in place,
// but merge must not change the other. A nil aggregate deletes the session.
func (s *SessionWindowedStream[K, V]) Aggregate[A any](zero func() A, add func(K, V, A) A, merge func(key K, agg, session A) A,
	st Stored[A], options ...Option) *WindowedTable[K, A] {
	a := addition(zero, add)
	a.noFunc = a.noFunc || merge == nil
	return sessionAggregate(s, st, a, func(n op.Node) op.Merge[K, A] { return op.MergeAggregates(n, zero, merge) }, options)
}

func sessionAggregate[K, V, A any](s *SessionWindowedStream[K, V], st Stored[A], a aggregation[K, V, A],
	merge func(op.Node) op.Merge[K, A], options []Option) *WindowedTable[K, A] {
	s = s.valid()
	shape := s.w.storedSessions()
	n := a.place(s.g, st, &shape, options)
	s.w.check(s.g.s.b, n.Name)
	table := windowedTable(s.g.s.b, n, st, sessionsOf(s.w, s.g.key), sessionRowsIn(st, s.g.key))
	link(n, func(t *graph.Task, at op.Node, out op.Func[Windowed[K], op.Change[A]]) (op.Func[K, V], error) {
		rows, err := openSessions(t, n, st, s.w, s.g.key, table.old, out)
		if err != nil {
			return nil, err
		}
		if s.w.onClose {
			return op.SessionsOnClose(rows, s.g.key, a.fold(at), merge(at)), nil
		}
		return op.SessionAggregate(rows, a.fold(at), merge(at)), nil
	})
	return table
}

// storedSessions is the store that sessions need.
func (s windowShape) storedSessions() storeShape {
	shape := storeShape{kind: statestore.SessionWindow, retention: s.retention, least: s.least}
	if s.onClose {
		// A session whose end is just the gap and the grace behind stream time is still
		// open. It must be there when the next record closes it.
		shape.extra = time.Millisecond
	}
	return shape
}

// openSessions returns the task's session store, as the operator of the node uses
// it, whose results go to out, with old values if they are asked for.
func openSessions[K, A any](t *graph.Task, n *graph.Node, st Stored[A], w windowShape, k serde.Serde[K], old bool,
	out op.Func[Windowed[K], op.Change[A]]) (rows op.SessionRows[K, A], err error) {
	raw, err := open(t, n.Name, st.name)
	if err != nil {
		return rows, err
	}
	store, err := statestore.NewSession(raw, k, st.value)
	if err != nil {
		return rows, storeError(n.Name, st.name, err)
	}
	rows = op.SessionRows[K, A]{
		Node: operator(t, n), Store: store, Clock: &op.Clock{Store: raw.StreamTime},
		Gap: w.size.Milliseconds(), Grace: w.grace.Milliseconds(), Late: w.late, Out: out, Old: old,
		KeysFirst: raw.Spec().InMemory, // as Kafka Streams' stores have them
	}
	return rows, holdSessions(t, n, st, w, &rows)
}
