package op

import (
	"bytes"
	"fmt"

	"github.com/oncestream/oncestream/topology/serde"
)

// GroupTable gives the rows of a table new keys and values. Rows for which f
// answers a nil key or value belong to no group.
//
// A row that stays in its group is one record with both its values. One that
// moves is two: first it leaves its old group, then it enters the new one. A change
// of a versioned table's history changes no group.
func GroupTable[K, V, J, W any](n Node, f func(K, V) (J, W), k serde.Serde[J], out Func[J, Change[W]]) Func[K, Change[V]] {
	g := grouper[K, V, J, W]{
		f: f, keys: nullsOf[J](), vals: nullsOf[W](),
		oldKey: newScratch(k), newKey: newScratch(k),
	}
	return func(r *Record[K, Change[V]]) error {
		if r.Value.Past {
			return nil
		}
		n.enter()
		from := g.member(r.Key, r.Value.Old, r.Value.hadRow())
		to := g.member(r.Key, r.Value.New, r.Value.HasNew)
		n.leave()
		o := &g.out
		*o = Record[J, Change[W]]{Timestamp: r.Timestamp, Headers: r.Headers}
		if from.ok && to.ok {
			same, err := g.same(from.key, to.key)
			if err != nil {
				return n.fail(err)
			}
			if same {
				o.Key, o.Value = to.key, Change[W]{New: to.value, HasNew: true, Old: from.value, HasOld: true}
				return out(o)
			}
		}
		if from.ok {
			o.Key, o.Value = from.key, Change[W]{Old: from.value, HasOld: true}
			if err := out(o); err != nil {
				return err
			}
		}
		if !to.ok {
			return nil
		}
		// What takes records may have changed this one.
		*o = Record[J, Change[W]]{
			Key: to.key, Value: Change[W]{New: to.value, HasNew: true}, Timestamp: r.Timestamp, Headers: r.Headers,
		}
		return out(o)
	}
}

// grouper is what GroupTable works with.
type grouper[K, V, J, W any] struct {
	f              func(K, V) (J, W)
	keys           nulls[J]
	vals           nulls[W]
	oldKey, newKey *scratch[J]
	out            Record[J, Change[W]]
}

// member is a row as a member of a group; it's not ok if it belongs to none.
type member[J, W any] struct {
	key   J
	value W
	ok    bool
}

func (g *grouper[K, V, J, W]) member(key K, v V, exists bool) (m member[J, W]) {
	if !exists {
		return m
	}
	m.key, m.value = g.f(key, v)
	m.ok = !g.keys.is(m.key) && !g.vals.is(m.value)
	return m
}

// same compares keys by their bytes, which is what places them.
func (g *grouper[K, V, J, W]) same(a, b J) (bool, error) {
	ab, err := g.oldKey.bytes(a, false)
	if err != nil {
		return false, fmt.Errorf("serialize the old key: %w", err)
	}
	bb, err := g.newKey.bytes(b, false)
	if err != nil {
		return false, fmt.Errorf("serialize the new key: %w", err)
	}
	return bytes.Equal(ab, bb), nil
}
