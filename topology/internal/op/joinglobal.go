package op

import "github.com/oncestream/oncestream/internal/plan"

// JoinGlobal joins each record with the row that its key function names, and leaves
// out records without a row.
func JoinGlobal[K, V, J, V2, R any](n Node, key func(K, V) (J, bool), rows Lookup[J, V2], f func(V, V2) R, out Func[K, R]) Func[K, V] {
	var (
		o       Record[K, R]
		keys    = nullsOf[J]()
		results = nullsOf[R]()
	)
	return func(r *Record[K, V]) error {
		if r.NullValue {
			return n.drop(plan.DropNullValue)
		}
		n.enter()
		k, ok := key(r.Key, r.Value)
		n.leave()
		if !ok || keys.is(k) {
			return n.drop(plan.DropNullKey)
		}
		row, _, found, err := rows(k)
		if err != nil {
			return n.fail(err)
		}
		if !found {
			return nil
		}
		n.enter()
		v := f(r.Value, row)
		n.leave()
		o = Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: v, NullValue: results.is(v), Timestamp: r.Timestamp, Headers: r.Headers}
		return out(&o)
	}
}

// LeftJoinGlobal joins each record with the row that its key function names, or
// with nil.
func LeftJoinGlobal[K, V, J, V2, R any](n Node, key func(K, V) (J, bool), rows Lookup[J, V2], f func(V, *V2) R, out Func[K, R]) Func[K, V] {
	var (
		o       Record[K, R]
		row     V2 // what f's pointer refers to, for all records
		keys    = nullsOf[J]()
		results = nullsOf[R]()
	)
	return func(r *Record[K, V]) error {
		if r.NullValue {
			return n.drop(plan.DropNullValue)
		}
		n.enter()
		side := (*V2)(nil)
		k, ok := key(r.Key, r.Value)
		n.leave()
		if ok && !keys.is(k) {
			v2, _, found, err := rows(k)
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
		o = Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: v, NullValue: results.is(v), Timestamp: r.Timestamp, Headers: r.Headers}
		return out(&o)
	}
}
