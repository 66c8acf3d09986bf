package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// Merge adds a session's aggregate to the one so far, which is agg if it was
// found. It returns whether there is a result.
type Merge[K, A any] func(key K, agg A, found bool, session A) (A, bool)

// MergeCounts adds counts up.
func MergeCounts[K any](Node) Merge[K, int64] {
	return func(_ K, agg int64, _ bool, session int64) (int64, bool) { return agg + session, true }
}

// MergeReduced combines the results of sessions by the function that combines
// values.
func MergeReduced[K, V any](n Node, f func(V, V) V) Merge[K, V] {
	vals := nullsOf[V]()
	return func(_ K, agg V, found bool, session V) (V, bool) {
		if !found {
			return session, true
		}
		n.enter()
		v := f(agg, session)
		n.leave()
		return v, !vals.is(v)
	}
}

// MergeAggregates starts with zero's result. What the user's function returns
// goes to the one that adds the record even if it's nil.
func MergeAggregates[K, A any](n Node, zero func() A, merge func(K, A, A) A) Merge[K, A] {
	return func(key K, agg A, found bool, session A) (A, bool) {
		n.enter()
		if !found {
			agg = zero()
		}
		agg = merge(key, agg, session)
		n.leave()
		return agg, true
	}
}

// SessionAggregate keeps an aggregate of each key's records by session. The
// sessions that a record is within reach of become one.
func SessionAggregate[K, V, A any](rows SessionRows[K, A], fold Fold[K, V, A], merge Merge[K, A]) Func[K, V] {
	rows.again = rows.Old && sharesMemory[A]()
	s := &sessions[K, V, A]{SessionRows: rows, fold: fold, merge: merge}
	s.Clock.begin(s.Node)
	return s.process
}

type sessions[K, V, A any] struct {
	SessionRows[K, A]
	fold  Fold[K, V, A]
	merge Merge[K, A]
	// found are the sessions that the record at hand belongs to.
	found []statestore.SessionEntry[K, A]
}

func (s *sessions[K, V, A]) process(r *Record[K, V]) error {
	if r.NullKey {
		return s.Node.drop(plan.DropNullKey)
	}
	s.Node.at()
	s.headers = r.Headers
	merged, err := s.find(r)
	if err != nil {
		return err
	}
	if merged.End < s.closed(r.Timestamp) {
		return s.late(r.Timestamp, r.Headers, merged.Start, merged.End)
	}
	has := false
	for i := range s.found {
		merged.Value, has = s.merge(r.Key, merged.Value, has, s.found[i].Value)
	}
	if merged.Start != merged.End {
		for i := range s.found {
			if err := s.remove(&s.found[i], r.Timestamp); err != nil {
				return err
			}
		}
	}
	s.Node.at()
	c := s.fold(r, merged.Value, has)
	// What the session had before was passed on as deletions.
	return s.put(&merged, Change[A]{New: c.New, HasNew: c.HasNew}, r.Timestamp)
}

// find reads the sessions that the record belongs to and returns the bounds of
// the one they become.
func (s *sessions[K, V, A]) find(r *Record[K, V]) (merged statestore.SessionEntry[K, A], err error) {
	clear(s.found)
	s.found = s.found[:0]
	merged = statestore.SessionEntry[K, A]{Key: r.Key, Start: r.Timestamp, End: r.Timestamp}
	for e, err := range s.Store.FindSessions(r.Key, r.Timestamp-s.Gap, plus(r.Timestamp, s.Gap)) {
		if err != nil {
			return merged, s.Node.fail(err)
		}
		s.found = append(s.found, e)
		merged.Start, merged.End = min(merged.Start, e.Start), max(merged.End, e.End)
	}
	return merged, nil
}
