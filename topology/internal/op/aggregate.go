package op

import "github.com/oncestream/oncestream/internal/plan"

// Fold adds a record to the aggregate of its key, which is old if it was found.
// It returns the row's change.
type Fold[K, V, A any] func(r *Record[K, V], old A, found bool) Change[A]

// Count counts records.
func Count[K, V any](Node) Fold[K, V, int64] {
	return func(_ *Record[K, V], old int64, _ bool) Change[int64] {
		return Change[int64]{New: old + 1, HasNew: true, Old: old, HasOld: true}
	}
}

// Add starts each key with zero's result, which is also the old value of the
// first change. A nil aggregate is none.
func Add[K, V, A any](n Node, zero func() A, add func(K, V, A) A) Fold[K, V, A] {
	aggs := nullsOf[A]()
	return func(r *Record[K, V], old A, found bool) Change[A] {
		n.enter()
		if !found {
			old = zero()
		}
		hasOld := !aggs.is(old)
		agg := add(r.Key, r.Value, old)
		n.leave()
		return Change[A]{New: agg, HasNew: !aggs.is(agg), Old: old, HasOld: hasOld}
	}
}

// Reduce starts each key with its first value. A nil result is none.
func Reduce[K, V any](n Node, f func(V, V) V) Fold[K, V, V] {
	vals := nullsOf[V]()
	return func(r *Record[K, V], old V, found bool) Change[V] {
		if !found {
			return Change[V]{New: r.Value, HasNew: !r.NullValue}
		}
		n.enter()
		v := f(old, r.Value)
		n.leave()
		return Change[V]{New: v, HasNew: !vals.is(v), Old: old, HasOld: true}
	}
}

// Aggregate keeps an aggregate of each key's records. The first one of a key has
// no old value: there was no row before it.
func Aggregate[K, V, A any](n Node, t Rows[K, A], fold Fold[K, V, A], out Func[K, Change[A]]) Func[K, V] {
	var (
		o      Record[K, Change[A]]
		shared = sharesMemory[A]()
	)
	return func(r *Record[K, V]) error {
		switch {
		case r.NullKey:
			return n.drop(plan.DropNullKey)
		case r.NullValue:
			return n.drop(plan.DropNullValue)
		}
		n.at()
		old, ts, found, err := t.get(r.Key)
		if err != nil {
			return n.fail(err)
		}
		c := fold(r, old, found)
		o = Record[K, Change[A]]{Key: r.Key, Timestamp: rowTime(r.Timestamp, ts, found), Headers: r.Headers}
		o.Value.New, o.Value.HasNew = c.New, c.HasNew
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

// rowTime returns the timestamp of a row with a record added.
func rowTime(record, row int64, found bool) int64 {
	if !found {
		return record
	}
	return max(record, row)
}
