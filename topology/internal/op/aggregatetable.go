package op

import "github.com/oncestream/oncestream/internal/plan"

// GroupFold takes a change of a group's members into the group's aggregate, which
// is agg if has is set. The answer is not ok where the group has no aggregate.
type GroupFold[K, V, A any] func(key K, c *Change[V], agg A, has bool) (result A, ok bool)

// CountRows counts the members of each group. A count that comes down to 0 stays.
func CountRows[K, V any](Node) GroupFold[K, V, int64] {
	return func(_ K, c *Change[V], agg int64, has bool) (int64, bool) {
		if has && c.HasOld {
			agg--
		}
		if c.HasNew {
			agg, has = agg+1, true
		}
		return agg, has
	}
}

// ReduceRows starts each group with the value of its first member. A nil result
// is none.
func ReduceRows[K, V any](_ Node, add, sub func(V, V) V) GroupFold[K, V, V] {
	vals := nullsOf[V]()
	return func(_ K, c *Change[V], agg V, has bool) (V, bool) {
		if has && c.HasOld {
			agg = sub(agg, c.Old)
			has = !vals.is(agg)
		}
		switch {
		case !c.HasNew:
			return agg, has
		case !has:
			return c.New, true
		}
		agg = add(agg, c.New)
		return agg, !vals.is(agg)
	}
}

// FoldRows starts each group with zero's result. A nil aggregate is none.
func FoldRows[K, V, A any](_ Node, zero func() A, add, sub func(K, V, A) A) GroupFold[K, V, A] {
	aggs := nullsOf[A]()
	return func(key K, c *Change[V], agg A, has bool) (A, bool) {
		if has && c.HasOld {
			agg = sub(key, c.Old, agg)
			has = !aggs.is(agg)
		}
		if !c.HasNew {
			return agg, has
		}
		if !has {
			agg = zero()
		}
		agg = add(key, c.New, agg)
		return agg, !aggs.is(agg)
	}
}

// AggregateTable keeps an aggregate of each group's members: the old value of a
// changed one is taken out of it first, where there's an aggregate, then the new
// one is put in.
func AggregateTable[K, V, A any](n Node, t Rows[K, A], fold GroupFold[K, V, A], out Func[K, Change[A]]) Func[K, Change[V]] {
	var (
		o      Record[K, Change[A]]
		shared = sharesMemory[A]()
	)
	return func(r *Record[K, Change[V]]) error {
		if r.NullKey {
			return n.drop(plan.DropNullKey)
		}
		n.at()
		old, ts, found, err := t.get(r.Key)
		if err != nil {
			return n.fail(err)
		}
		o = Record[K, Change[A]]{Key: r.Key, Timestamp: rowTime(r.Timestamp, ts, found), Headers: r.Headers}
		n.enter()
		o.Value.New, o.Value.HasNew = fold(r.Key, &r.Value, old, found)
		n.leave()
		if err := t.setOld(&o, old, found, shared); err != nil {
			return n.fail(err)
		}
		kept, err := t.keepAggregate(&o, found, r.Timestamp)
		if err != nil {
			return n.fail(err)
		}
		if !kept {
			return nil
		}
		return out(&o)
	}
}

// setOld sets the old value of an aggregate's change, where it's asked for. An
// aggregate that shares memory may have been changed in place by the function
// that added to it, so it's read once more.
func (t Rows[K, A]) setOld(o *Record[K, Change[A]], old A, found, shared bool) error {
	if !t.Old || !found || t.Held != nil {
		return nil
	}
	if shared {
		var err error
		if old, _, found, err = t.get(o.Key); err != nil {
			return err
		}
	}
	o.Value.Old, o.Value.HasOld = old, found
	return nil
}

// keepAggregate stores an aggregate. The tombstone of a deleted one has the time
// of the record that deleted it, though the change downstream has the row's. In a
// versioned table it's the row's too, which ends there.
func (t Rows[K, A]) keepAggregate(o *Record[K, Change[A]], found bool, recordTime int64) (kept bool, err error) {
	ts := o.Timestamp
	if !o.Value.HasNew && t.Versions == nil {
		ts = recordTime
	}
	return t.replace(o.Key, known(found), &o.Value, ts)
}
