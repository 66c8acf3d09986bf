package op

import "github.com/oncestream/oncestream/internal/plan"

// JoinTable joins each record with the row of its key as it was at the record's
// time, and leaves out records without a row.
func JoinTable[K, V, V2, R any](n Node, rows LookupAsOf[K, V2], f func(V, V2) R, out Func[K, R]) Func[K, V] {
	var (
		o       Record[K, R]
		results = nullsOf[R]()
	)
	return func(r *Record[K, V]) error {
		switch {
		case r.NullKey:
			return n.drop(plan.DropNullKey)
		case r.NullValue:
			return n.drop(plan.DropNullValue)
		}
		n.at()
		row, _, found, err := rows(r.Key, r.Timestamp)
		if err != nil {
			return n.fail(err)
		}
		if !found {
			return nil
		}
		n.enter() // to read a row may have called functions of other nodes
		v := f(r.Value, row)
		n.leave()
		o = Record[K, R]{Key: r.Key, Value: v, NullValue: results.is(v), Timestamp: r.Timestamp, Headers: r.Headers}
		return out(&o)
	}
}

// LeftJoinTable joins each record with the row of its key as it was at the record's
// time, or with nil.
func LeftJoinTable[K, V, V2, R any](n Node, rows LookupAsOf[K, V2], f func(V, *V2) R, out Func[K, R]) Func[K, V] {
	var (
		o       Record[K, R]
		row     V2 // what f's pointer refers to, for all records
		results = nullsOf[R]()
	)
	return func(r *Record[K, V]) error {
		if r.NullValue {
			return n.drop(plan.DropNullValue)
		}
		n.at()
		side := (*V2)(nil)
		if !r.NullKey {
			v2, _, found, err := rows(r.Key, r.Timestamp)
			if err != nil {
				return n.fail(err)
			}
			if found {
				row, side = v2, &row
			}
		}
		n.enter()
		v := f(r.Value, side)
		n.leave()
		o = Record[K, R]{
			Key: r.Key, NullKey: r.NullKey, Value: v, NullValue: results.is(v),
			Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(&o)
	}
}
