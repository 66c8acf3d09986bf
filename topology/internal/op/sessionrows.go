package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/cache"
	"github.com/oncestream/oncestream/topology/serde"
)

// SessionRows is a table of sessions that an operator keeps: its store, and where
// its changes go.
type SessionRows[K, A any] struct {
	Node  Node
	Store *statestore.Session[K, A]
	Clock *Clock
	// Gap and Grace are in milliseconds.
	Gap, Grace int64
	Late       Lateness
	// KeysFirst says in what order sessions that end at the same time are sent on
	// close: by keys, then starts, instead of by starts, then keys.
	KeysFirst bool
	Out       Func[serde.Windowed[K], Change[A]]
	// Held is as in Rows.
	Held *Held[serde.Windowed[K], A]
	// Old says that something behind the operator makes use of old values.
	Old bool

	// again says that old values must be read once more, because the user's function
	// may change them in place.
	again bool
	// headers are those of the record at hand.
	headers []record.Header
	o       Record[serde.Windowed[K], Change[A]]
}

// closed returns the time that sessions must not have ended before, once a record
// was seen.
func (s *SessionRows[K, A]) closed(record int64) int64 {
	return s.Clock.see(record) - s.Grace - s.Gap
}

// late drops a record for a closed session.
func (s *SessionRows[K, A]) late(timestamp int64, headers []record.Header, start, end int64) error {
	return s.Late.late(s.Node, timestamp, headers, plan.LateError{Start: start, End: end, StreamTime: s.Clock.see(timestamp)})
}

// remove deletes a session that a record is added to, and passes that on.
func (s *SessionRows[K, A]) remove(old *statestore.SessionEntry[K, A], record int64) error {
	c := Change[A]{Old: old.Value, HasOld: true}
	if s.again {
		var err error
		if c.Old, c.HasOld, err = s.Store.Get(old.Key, old.Start, old.End); err != nil {
			return s.Node.fail(err)
		}
	}
	err := s.hold(old, cache.Present)
	if err == nil {
		err = s.Store.Remove(old.Key, old.Start, old.End, record)
	}
	if err != nil {
		return s.Node.fail(err)
	}
	return s.send(old, c)
}

// put writes a session with its new aggregate, or deletes it where the change has
// none, and passes that on.
func (s *SessionRows[K, A]) put(e *statestore.SessionEntry[K, A], c Change[A], record int64) error {
	err := s.hold(e, cache.Unknown)
	switch {
	case err != nil:
	case c.HasNew:
		err = s.Store.Put(e.Key, e.Start, e.End, c.New, record)
	default:
		err = s.Store.Remove(e.Key, e.Start, e.End, record)
	}
	if err != nil {
		return s.Node.fail(err)
	}
	return s.send(e, c)
}

// send passes on a change at the time of the session's end. It's without headers:
// the session isn't the record's. A record cache keeps them all the same, as that
// of Kafka Streams does.
func (s *SessionRows[K, A]) send(e *statestore.SessionEntry[K, A], c Change[A]) error {
	s.o = Record[serde.Windowed[K], Change[A]]{
		Key:   serde.Windowed[K]{Key: e.Key, Start: e.Start, End: e.End},
		Value: c, Timestamp: e.End,
	}
	if s.Held != nil {
		s.o.Headers = s.headers
	}
	return s.Out(&s.o)
}

// hold takes note of a session that's about to be written.
func (s *SessionRows[K, A]) hold(e *statestore.SessionEntry[K, A], known cache.Known) error {
	if s.Held == nil {
		return nil
	}
	raw, err := s.Store.RowKey(e.Key, e.Start, e.End)
	if err != nil {
		return err
	}
	return s.Held.cache.Before(raw, known)
}
