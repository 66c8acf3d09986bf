package op

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/cache"
	"github.com/oncestream/oncestream/topology/serde"
)

// Held holds the changes of a stored table back, so that of several changes of a
// row the last one is passed on, when the worker commits or the cache has no room
// left (KIP-63). What was changed is in the store at once.
type Held[K, V any] struct {
	node  Node
	cache *cache.Cache
	rows  heldRows[K, V]
	out   Func[K, Change[V]]
	o     Record[K, Change[V]]
}

// heldRows reads the bytes of rows.
type heldRows[K, V any] struct {
	// last is the key of the row that the operator has used last.
	last func() []byte
	key  func([]byte) (K, error)
	row  func([]byte) (V, int64, error)
	// time is the timestamp of a change.
	time func(key K, row int64) int64
}

func newHeld[K, V any](n Node, c *cache.Cache, rows heldRows[K, V], out Func[K, Change[V]]) *Held[K, V] {
	h := &Held[K, V]{node: n, cache: c, rows: rows, out: out}
	// Operators that share a store send to the same operator.
	c.Send = h.send
	return h
}

// take takes the place of the function that takes the operator's changes. The row
// of the change is the one that the operator has used last.
func (h *Held[K, V]) take(r *Record[K, Change[V]]) error {
	if err := h.cache.Changed(h.rows.last(), r.Headers, h.node.Env.From); err != nil {
		return h.node.fail(err)
	}
	return nil
}

// send passes a change on as one of the record that caused it, which isn't the one
// at hand.
func (h *Held[K, V]) send(u *cache.Update) error {
	h.node.at()
	if err := h.read(u); err != nil {
		return h.node.fail(err)
	}
	from := h.node.Env.From
	h.node.Env.From = u.From
	err := sendDue(h.node, h.out, &h.o)
	h.node.Env.From = from
	return err
}

// read makes a record of a change.
func (h *Held[K, V]) read(u *cache.Update) (err error) {
	h.o = Record[K, Change[V]]{Headers: u.Headers}
	c := &h.o.Value
	if h.o.Key, err = h.rows.key(u.Key); err != nil {
		return err
	}
	if u.Old != nil {
		if c.Old, _, err = h.rows.row(u.Old); err != nil {
			return err
		}
		c.HasOld = true
	}
	if u.Deleted {
		h.o.Timestamp = h.rows.time(h.o.Key, statestore.RowTime(u.Row))
		return nil
	}
	var ts int64
	c.New, ts, err = h.rows.row(u.Row)
	c.HasNew, h.o.Timestamp = err == nil, h.rows.time(h.o.Key, ts)
	return err
}

func rowTimestamp[K any](_ K, row int64) int64 { return row }

// Hold has the table's changes held back in the cache, and returns what takes them
// from its operator.
func (t *Rows[K, V]) Hold(n Node, c *cache.Cache, out Func[K, Change[V]]) Func[K, Change[V]] {
	t.Held = newHeld(n, c, heldRows[K, V]{
		last: t.Store.LastKey, key: t.Store.DecodeKey, row: t.Store.DecodeRow, time: rowTimestamp[K],
	}, out)
	return t.Held.take
}

// Hold has the changes of windows held back in the cache; end says where a window
// ends. It's called when all else is set.
func (w *WindowRows[K, A]) Hold(c *cache.Cache, end func(start int64) int64) {
	w.Held = newHeld(w.Node, c, heldRows[serde.Windowed[K], A]{
		last: w.Store.LastKey,
		key: func(b []byte) (serde.Windowed[K], error) {
			key, start, err := w.Store.DecodeKey(b)
			return serde.Windowed[K]{Key: key, Start: start, End: end(start)}, err
		},
		row: w.Store.DecodeRow, time: rowTimestamp[serde.Windowed[K]],
	}, w.Out)
	w.Out = w.Held.take
}

// Hold has the changes of sessions held back in the cache. It's called when all
// else is set. They are sent with the headers of the records that caused them.
func (s *SessionRows[K, A]) Hold(c *cache.Cache) {
	s.Held = newHeld(s.Node, c, heldRows[serde.Windowed[K], A]{
		last: s.Store.LastKey,
		key: func(b []byte) (serde.Windowed[K], error) {
			key, start, end, err := s.Store.DecodeKey(b)
			return serde.Windowed[K]{Key: key, Start: start, End: end}, err
		},
		row:  s.Store.DecodeRow,
		time: func(key serde.Windowed[K], _ int64) int64 { return key.End },
	}, s.Out)
	s.Out = s.Held.take
}

// known is what an operator knows of a row that it has read.
func known(found bool) cache.Known {
	if found {
		return cache.Present
	}
	return cache.Absent
}
