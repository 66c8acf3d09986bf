package op

import (
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// SlidingAggregate keeps an aggregate of each set of a key's records within a
// time difference (KIP-450).
//
// The windows that hold a record are those that end between it and one difference
// later. Which windows there are follows from the records: one ends at each
// record (its left window), and one starts just after each record (its right
// window) if that holds a record. A left window that would start before time 0
// starts there.
//
// A record changes the windows that there are, and may make up to three: its left
// window, its right window, and the right window of the record before it. All
// that's needed to fill them is in the other windows: the one before the left
// window holds the records that both have in common, and the latest one that
// holds the record holds those after it.
func SlidingAggregate[K, V, A any](rows WindowRows[K, A], difference int64, fold Fold[K, V, A]) Func[K, V] {
	rows.prepare()
	s := &sliding[K, V, A]{WindowRows: rows, difference: difference, fold: fold}
	s.Clock.begin(s.Node)
	return s.process
}

// sliding is the operator and what it knows of the record at hand.
type sliding[K, V, A any] struct {
	WindowRows[K, A]
	difference int64
	fold       Fold[K, V, A]
	o          Record[serde.Windowed[K], Change[A]]

	// found are the windows from two differences before the record until just after
	// it, in the order of their starts.
	found []statestore.WindowEntry[K, A]
	// closed is the time that windows that are updated don't end before.
	closed int64
	// previous is the timestamp of the record before this one, where its right window
	// may be missing.
	previous    int64
	hasPrevious bool
	// common is the window that shares the records before this one with its left
	// window.
	common    statestore.WindowEntry[K, A]
	hasCommon bool
	// old is the common window's aggregate once more, where old values must be made so.
	old A
	// leftIsThere and rightIsThere say that the record's own windows exist.
	leftIsThere, rightIsThere bool
	// repeats says that there was a record of the key and the timestamp already, which has
	// made all windows: one that's missing was deleted by a nil aggregate.
	repeats bool
	// rightIsNew says that the record's right window was made.
	rightIsNew bool
}

func (s *sliding[K, V, A]) process(r *Record[K, V]) error {
	switch {
	case r.NullKey:
		return s.Node.drop(plan.DropNullKey)
	case r.NullValue:
		return s.Node.drop(plan.DropNullValue)
	}
	s.closed = s.WindowRows.closed(r.Timestamp)
	if plus(r.Timestamp, s.difference) < s.closed {
		return s.late(r.Timestamp, r.Headers, max(0, r.Timestamp-s.difference), plus(max(0, r.Timestamp-s.difference), s.difference))
	}
	if err := s.find(r); err != nil {
		return err
	}
	if r.Timestamp < s.difference {
		return s.early(r)
	}
	return s.usual(r)
}

// find reads the windows around the record. They are kept apart from the store
// because writing them changes what a scan sees.
func (s *sliding[K, V, A]) find(r *Record[K, V]) error {
	clear(s.found)
	s.found = s.found[:0]
	s.hasPrevious, s.hasCommon = false, false
	s.leftIsThere, s.rightIsThere, s.rightIsNew, s.repeats = false, false, false, false
	for e, err := range s.Store.Fetch(r.Key, max(0, r.Timestamp-2*s.difference), plus(r.Timestamp, 1)) {
		if err != nil {
			return s.Node.fail(err)
		}
		s.found = append(s.found, e)
	}
	return s.keepOld(r)
}

// keepOld reads the aggregate of the common window as an old value, ahead of all writes:
// a window that's made may be so late that the store drops this one.
func (s *sliding[K, V, A]) keepOld(r *Record[K, V]) (err error) {
	if !s.again {
		return nil
	}
	for i := len(s.found) - 1; i >= 0; i-- {
		if w := &s.found[i]; w.Start+s.difference < r.Timestamp {
			if s.old, _, _, err = s.Store.Get(r.Key, w.Start); err != nil {
				err = s.Node.fail(err)
			}
			return err
		}
	}
	return nil
}

// usual updates the windows of a record that's at least one difference after time
// 0: those that there are, latest first, and then the missing ones.
func (s *sliding[K, V, A]) usual(r *Record[K, V]) error {
	s.repeats = slices.ContainsFunc(s.found, func(w statestore.WindowEntry[K, A]) bool {
		return w.Start+s.difference == r.Timestamp && w.Timestamp == r.Timestamp
	})
	if err := s.updateFound(r); err != nil || s.repeats {
		return err
	}
	if s.hasPrevious && s.previous+1+s.difference >= r.Timestamp && !s.exists(s.previous+1) {
		if err := s.create(r, s.previous+1); err != nil {
			return err
		}
	}
	if !s.leftIsThere {
		if err := s.createLeft(r); err != nil {
			return err
		}
	}
	return s.sendRight(r)
}

// updateFound adds the record to the windows that hold it, and looks at the one
// before them.
func (s *sliding[K, V, A]) updateFound(r *Record[K, V]) error {
	latest := true // no window that goes on after the record was met
	for i := len(s.found) - 1; i >= 0; i-- {
		w := &s.found[i]
		end := w.Start + s.difference
		switch {
		case w.Start > r.Timestamp:
			s.rightIsThere = true
			continue
		case end > r.Timestamp:
			if latest {
				if err := s.createRight(r, w); err != nil {
					return err
				}
			}
			latest = false
		case end == r.Timestamp:
			s.leftIsThere = true
			s.follows(r, w)
		default:
			s.common, s.hasCommon = *w, true
			s.previous, s.hasPrevious = w.Timestamp, true
			return nil
		}
		if err := s.update(r, w); err != nil {
			return err
		}
	}
	return nil
}

// early updates the windows of a record within one difference after time 0. The
// window that starts at 0 holds all records up to there, so no left windows are
// kept; it's updated last.
func (s *sliding[K, V, A]) early(r *Record[K, V]) error {
	var whole, latest *statestore.WindowEntry[K, A]
	for i := range s.found {
		switch w := &s.found[i]; {
		case w.Start == 0:
			whole = w
			s.follows(r, w)
		case w.Start <= r.Timestamp:
			latest = w
		default:
			s.rightIsThere = true
		}
	}
	// Without a window in between, all records of the whole window that are later
	// than this one fall into its right window, and no earlier ones do.
	if latest == nil {
		latest = whole
	}
	if latest != nil {
		if err := s.createRight(r, latest); err != nil {
			return err
		}
	}
	return s.updateEarly(r, whole)
}

func (s *sliding[K, V, A]) updateEarly(r *Record[K, V], whole *statestore.WindowEntry[K, A]) error {
	for i := range s.found {
		if w := &s.found[i]; w.Start != 0 && w.Start <= r.Timestamp {
			if err := s.update(r, w); err != nil {
				return err
			}
		}
	}
	if err := s.sendRight(r); err != nil {
		return err
	}
	if s.hasPrevious && !s.exists(s.previous+1) {
		if err := s.create(r, s.previous+1); err != nil {
			return err
		}
	}
	if whole == nil {
		return s.create(r, 0)
	}
	return s.update(r, whole)
}

// follows notes the record before this one, if it's the last of the window.
// Otherwise the record after it has made its right window already.
func (s *sliding[K, V, A]) follows(r *Record[K, V], w *statestore.WindowEntry[K, A]) {
	if w.Timestamp < r.Timestamp {
		s.previous, s.hasPrevious = w.Timestamp, true
	}
}

// exists returns whether a window was found that starts at start.
func (s *sliding[K, V, A]) exists(start int64) bool {
	return slices.ContainsFunc(s.found, func(w statestore.WindowEntry[K, A]) bool { return w.Start == start })
}

// update adds the record to a window that there is.
func (s *sliding[K, V, A]) update(r *Record[K, V], w *statestore.WindowEntry[K, A]) error {
	return s.add(r, w.Start, w)
}

// create makes a window with the record alone.
func (s *sliding[K, V, A]) create(r *Record[K, V], start int64) error {
	return s.add(r, start, nil)
}

// createLeft makes the record's left window, with the records before it.
func (s *sliding[K, V, A]) createLeft(r *Record[K, V]) error {
	start := r.Timestamp - s.difference
	if s.hasCommon && s.previous >= start {
		return s.add(r, start, &s.common)
	}
	return s.create(r, start)
}

// createRight makes the record's right window, which holds what the latest window
// that holds the record has of later records. It's written before that window is
// updated: the user's function may change its aggregate in place.
func (s *sliding[K, V, A]) createRight(r *Record[K, V], latest *statestore.WindowEntry[K, A]) error {
	if s.rightIsThere || s.repeats || latest.Timestamp <= r.Timestamp {
		return nil
	}
	s.rightIsNew = true
	if err := s.Store.Put(r.Key, r.Timestamp+1, latest.Value, latest.Timestamp); err != nil {
		return s.Node.fail(err)
	}
	return nil
}

// sendRight passes on the record's right window, if it was made.
func (s *sliding[K, V, A]) sendRight(r *Record[K, V]) error {
	if !s.rightIsNew {
		return nil
	}
	start := r.Timestamp + 1
	agg, ts, found, err := s.Store.Get(r.Key, start)
	if err != nil {
		return s.Node.fail(err)
	}
	return s.send(r, start, Change[A]{New: agg, HasNew: found}, ts)
}

// add adds the record to the aggregate of a window, nil for none, and writes it as
// that of the window that starts at start, unless that one is closed.
func (s *sliding[K, V, A]) add(r *Record[K, V], start int64, to *statestore.WindowEntry[K, A]) error {
	if plus(start, s.difference) < s.closed {
		return s.late(r.Timestamp, r.Headers, start, plus(start, s.difference))
	}
	s.Node.at()
	var base statestore.WindowEntry[K, A]
	if to != nil {
		base = *to
	}
	c := s.fold(r, base.Value, to != nil)
	c.Unsent = to == nil || to.Start != start
	if s.again && to == &s.common {
		c.Old, c.HasOld = s.old, true
	} else if err := s.before(r.Key, base.Start, to != nil, &c); err != nil {
		return s.Node.fail(err)
	}
	ts := rowTime(r.Timestamp, base.Timestamp, to != nil)
	if err := s.put(r.Key, start, &c, ts, r.Timestamp); err != nil {
		return err
	}
	return s.send(r, start, c, ts)
}

func (s *sliding[K, V, A]) send(r *Record[K, V], start int64, c Change[A], ts int64) error {
	s.o = Record[serde.Windowed[K], Change[A]]{
		Key:   serde.Windowed[K]{Key: r.Key, Start: start, End: plus(start, s.difference)},
		Value: c, Timestamp: ts, Headers: r.Headers,
	}
	return s.Out(&s.o)
}
