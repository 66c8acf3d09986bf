package op

import "github.com/oncestream/oncestream/internal/plan"

// Joiner makes the row of a join from the rows of one key in both tables. The
// answer is not ok where the join has no row of them.
type Joiner[V, V2, R any] func(v V, hasV bool, v2 V2, hasV2 bool) (r R, ok bool)

// InnerJoiner needs both rows.
func InnerJoiner[V, V2, R any](f func(V, V2) R) Joiner[V, V2, R] {
	results := nullsOf[R]()
	return func(v V, hasV bool, v2 V2, hasV2 bool) (r R, ok bool) {
		if !hasV || !hasV2 {
			return r, false
		}
		r = f(v, v2)
		return r, !results.is(r)
	}
}

// LeftJoiner needs the left row. What f's pointer refers to is reused by the next
// call.
func LeftJoiner[V, V2, R any](f func(V, *V2) R) Joiner[V, V2, R] {
	var right side[V2]
	results := nullsOf[R]()
	return func(v V, hasV bool, v2 V2, hasV2 bool) (r R, ok bool) {
		if !hasV {
			return r, false
		}
		r = f(v, right.of(v2, hasV2))
		return r, !results.is(r)
	}
}

// OuterJoiner needs one of the rows. What f's pointers refer to is reused by the
// next call.
func OuterJoiner[V, V2, R any](f func(*V, *V2) R) Joiner[V, V2, R] {
	var (
		left    side[V]
		right   side[V2]
		results = nullsOf[R]()
	)
	return func(v V, hasV bool, v2 V2, hasV2 bool) (r R, ok bool) {
		if !hasV && !hasV2 {
			return r, false
		}
		r = f(left.of(v, hasV), right.of(v2, hasV2))
		return r, !results.is(r)
	}
}

// Flip is the joiner as the right table sees it.
func (j Joiner[V, V2, R]) Flip() Joiner[V2, V, R] {
	return func(v2 V2, hasV2 bool, v V, hasV bool) (R, bool) { return j(v, hasV, v2, hasV2) }
}

// side holds the optional argument of a join's function, so that a pointer to it
// costs no allocation per record.
type side[V any] struct{ v V }

func (s *side[V]) of(v V, has bool) *V {
	if !has {
		return nil
	}
	s.v = v
	return &s.v
}

// Partner is the other table, as one side of a join of tables sees it.
type Partner[K, V any] struct {
	Rows Lookup[K, V]
	// Needed says that nothing comes of a change where the other table has no row.
	Needed bool
	// Gone returns whether a row that isn't there may have been there when the result
	// was last changed. It's nil where rows never go unseen.
	Gone func(key K) (bool, error)
}

// gone returns whether a change is one of two deletions of a result's rows, of which
// neither sees the other's row any more. One of them has to delete the result.
func (p Partner[K, V]) gone(key K, exists bool) (bool, error) {
	if exists || p.Gone == nil {
		return false, nil
	}
	return p.Gone(key)
}

// JoinTables takes the changes of one table and joins them with the row of the
// other.
//
// A deletion is passed on whether or not there was a result before: only one
// side's old row is known here. A change of a versioned table's history is dropped.
func JoinTables[K, V, V2, R any](n Node, other Partner[K, V2], join Joiner[V, V2, R], old bool, out Func[K, Change[R]]) Func[K, Change[V]] {
	var o Record[K, Change[R]]
	return func(r *Record[K, Change[V]]) error {
		c := &r.Value
		if c.Past {
			return n.drop(plan.DropOutOfOrder)
		}
		n.at()
		row, ts, found, err := other.Rows(r.Key)
		if err != nil {
			return n.fail(err)
		}
		if !found && other.Needed {
			gone, err := other.gone(r.Key, c.HasNew)
			if err != nil {
				return n.fail(err)
			}
			if !gone {
				return nil
			}
		} else if !found && !c.HasNew && !c.HasOld {
			return nil
		}
		n.enter()
		o = Record[K, Change[R]]{Key: r.Key, Timestamp: rowTime(r.Timestamp, ts, found), Headers: r.Headers}
		o.Value.New, o.Value.HasNew = join(c.New, c.HasNew, row, found)
		if old {
			o.Value.Old, o.Value.HasOld = join(c.Old, c.hadRow(), row, found)
		}
		n.leave()
		return out(&o)
	}
}

// JoinRows reads the rows of a join that isn't stored.
func JoinRows[K, V, V2, R any](n Node, left Lookup[K, V], right Lookup[K, V2], join Joiner[V, V2, R]) Lookup[K, R] {
	return func(key K) (r R, ts int64, ok bool, err error) {
		v, ts, hasV, err := left(key)
		if err != nil {
			return r, 0, false, err
		}
		v2, ts2, hasV2, err := right(key)
		if err != nil {
			return r, 0, false, err
		}
		switch {
		case hasV && hasV2:
			ts = max(ts, ts2)
		case hasV2:
			ts = ts2
		}
		n.enter()
		r, ok = join(v, hasV, v2, hasV2)
		n.leave()
		return r, ts, ok, nil
	}
}

// KeepJoin stores the rows of a join, whose changes come from both sides with the
// old values that are asked for. Where the rows are stored it's known what they were,
// also if both sides have changed before they were seen here.
func KeepJoin[K, R any](n Node, t Rows[K, R], out Func[K, Change[R]]) Func[K, Change[R]] {
	return func(r *Record[K, Change[R]]) error {
		n.at()
		if t.stored() {
			var err error
			if r.Value.Old, r.Value.HasOld, err = t.old(r.Key); err != nil {
				return n.fail(err)
			}
		}
		return t.pass(n, r, out)
	}
}
