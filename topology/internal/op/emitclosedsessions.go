package op

import (
	"iter"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// SessionsOnClose is SessionAggregate that sends each row once, when its session
// has closed.
func SessionsOnClose[K, V, A any](rows SessionRows[K, A], k serde.Serde[K], fold Fold[K, V, A], merge Merge[K, A]) Func[K, V] {
	c := rows.onClose(k)
	return closeSessions(c, SessionAggregate(rows, fold, merge))
}

// closeSessions is before for sessions.
func closeSessions[K, V, A any](c *closingSessions[K, A], aggregate Func[K, V]) Func[K, V] {
	moves := func(r *Record[K, V]) bool {
		c.replaced.End = Never
		return !r.NullKey
	}
	return before(&c.closing, moves, aggregate)
}

// onClose takes the output of a table of sessions over, as that of WindowRows does.
func (s *SessionRows[K, A]) onClose(k serde.Serde[K]) *closingSessions[K, A] {
	c := &closingSessions[K, A]{store: s.Store}
	c.closing = closing[K, A]{node: s.Node, delay: s.Grace + s.Gap + 1, keysFirst: s.KeysFirst, clock: s.Clock, rows: c.byEnd, row: c.get}
	c.start(k, s.Out)
	s.Out, s.Old = c.updated, false
	return c
}

// closingSessions is closing for sessions. One that was extended isn't added again:
// what it was before leads to it.
type closingSessions[K, A any] struct {
	closing[K, A]
	store *statestore.Session[K, A]
	// replaced is the session that ends first of those that weren't sent and that the
	// record at hand has replaced by one. It ends never where there's none.
	replaced serde.Windowed[K]
}

func (s *closingSessions[K, A]) updated(r *Record[serde.Windowed[K], Change[A]]) error {
	switch now, was := &r.Key, &s.replaced; {
	case !r.Value.HasNew:
		if s.sent < now.End && now.End < was.End {
			*was = *now
		}
		return nil
	case was.End < now.End && now.End <= s.known, was.End == now.End && was.Start == now.Start:
		return nil
	default:
		return s.note(now)
	}
}

func (s *closingSessions[K, A]) byEnd(from int64) iter.Seq2[closedRow[K, A], error] {
	return func(yield func(closedRow[K, A], error) bool) {
		for e, err := range s.store.FetchByEnd(from, Never) {
			key := serde.Windowed[K]{Key: e.Key, Start: e.Start, End: e.End}
			if !yield(closedRow[K, A]{key, e.Value, e.End}, err) {
				return
			}
		}
	}
}

// get reads a session, or adds the one that it has become a part of.
func (s *closingSessions[K, A]) get(key serde.Windowed[K]) (row closedRow[K, A], ok bool, err error) {
	row.window, row.ts = key, key.End
	row.value, ok, err = s.store.Get(key.Key, key.Start, key.End)
	if err == nil && !ok {
		err = s.follow(key)
	}
	return row, ok, err
}

// follow adds what a session has become a part of, unless that has the same end: it
// was added when it came then.
func (s *closingSessions[K, A]) follow(was serde.Windowed[K]) error {
	for e, err := range s.store.FindSessions(was.Key, was.End, was.Start) {
		if err == nil && e.End > was.End {
			err = s.add(&serde.Windowed[K]{Key: e.Key, Start: e.Start, End: e.End})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
