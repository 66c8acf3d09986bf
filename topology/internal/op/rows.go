package op

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/cache"
	"github.com/oncestream/oncestream/topology/serde"
)

// Lookup reads the row of a key and its timestamp; ok is false where there's
// none.
type Lookup[K, V any] func(key K) (v V, ts int64, ok bool, err error)

// LookupAsOf reads the row of a key as it was at a time.
type LookupAsOf[K, V any] func(key K, at int64) (v V, ts int64, ok bool, err error)

// Rows is how an operator keeps the table that it makes.
type Rows[K, V any] struct {
	// Store holds the rows, or Versions where the table keeps their history too. Both
	// are nil for a table that isn't stored.
	Store    *statestore.KeyValue[K, V]
	Versions *statestore.Versioned[K, V]
	// Old says that something behind the operator makes use of old values. Where
	// nothing does, they aren't looked up.
	Old bool
	// Held holds the table's changes back, where it isn't nil. It has the old values
	// then.
	Held *Held[K, V]
	// OfVersions says that the table is made of a versioned one.
	OfVersions bool
}

// stored returns whether the table has a store.
func (t Rows[K, V]) stored() bool { return t.Store != nil || t.Versions != nil }

// get returns the row of a stored table.
func (t Rows[K, V]) get(key K) (v V, ts int64, ok bool, err error) {
	if t.Versions == nil {
		return t.Store.Get(key)
	}
	row, ok, err := t.Versions.Get(key)
	return row.Value, row.ValidFrom, ok, err
}

// old returns the row before a change, where it's asked for and stored.
func (t Rows[K, V]) old(key K) (v V, ok bool, err error) {
	if t.Held != nil {
		return v, false, nil
	}
	return t.current(key)
}

// current returns the row, where old values are asked for and stored.
func (t Rows[K, V]) current(key K) (v V, ok bool, err error) {
	if !t.Old || !t.stored() {
		return v, false, nil
	}
	v, _, ok, err = t.get(key)
	return v, ok, err
}

// keep stores the new row of a change, or deletes it. A change that isn't kept,
// because it's older than the history, must not be passed on. One of the history is
// marked so; without a store it stays as it is.
func (t Rows[K, V]) keep(key K, c *Change[V], ts int64) (kept bool, err error) {
	return t.replace(key, cache.Unknown, c, ts)
}

// pass keeps the change that a record has, and passes it on unless it isn't kept.
func (t Rows[K, V]) pass(n Node, r *Record[K, Change[V]], out Func[K, Change[V]]) error {
	kept, err := t.keep(r.Key, &r.Value, r.Timestamp)
	if err != nil {
		return n.fail(err)
	}
	if !kept {
		return nil
	}
	return out(r)
}

// replace is keep where something may be known of the row so far.
func (t Rows[K, V]) replace(key K, known cache.Known, c *Change[V], ts int64) (kept bool, err error) {
	if t.Held != nil {
		raw, err := t.Store.RowKey(key)
		if err == nil {
			err = t.Held.cache.Before(raw, known)
		}
		if err != nil {
			return false, err
		}
	}
	switch {
	case t.Versions != nil:
		return t.keepVersion(key, c, ts)
	case t.Store == nil:
		return true, nil
	case c.HasNew:
		err = t.Store.Put(key, c.New, ts)
	default:
		err = t.Store.Delete(key, ts)
	}
	c.Past = false
	return true, err
}

func (t Rows[K, V]) keepVersion(key K, c *Change[V], ts int64) (kept bool, err error) {
	var validTo int64
	if c.HasNew {
		validTo, kept, err = t.Versions.Put(key, c.New, ts)
	} else {
		validTo, kept, err = t.Versions.Delete(key, ts)
	}
	c.Past = validTo != statestore.EndOfTime
	return kept, err
}

// LatestRows reads the rows of a versioned store as they are.
func LatestRows[K, V any](store *statestore.Versioned[K, V]) Lookup[K, V] {
	return func(key K) (v V, ts int64, ok bool, err error) {
		row, ok, err := store.Get(key)
		return row.Value, row.ValidFrom, ok, err
	}
}

// RowsAsOf reads the rows of a versioned store as they were at a time, which is
// looked at when a row is read.
func RowsAsOf[K, V any](store *statestore.Versioned[K, V], at *int64) Lookup[K, V] {
	return func(key K) (v V, ts int64, ok bool, err error) {
		row, ok, err := store.GetAsOf(key, *at)
		return row.Value, row.ValidFrom, ok, err
	}
}

// RowsOfWindows reads the rows of a window store. Of the window, its start counts.
func RowsOfWindows[K, V any](store *statestore.Window[K, V]) Lookup[serde.Windowed[K], V] {
	return func(w serde.Windowed[K]) (v V, ts int64, ok bool, err error) { return store.Get(w.Key, w.Start) }
}

// RowsOfSessions reads the rows of a session store, whose timestamps are the ends
// of the sessions.
func RowsOfSessions[K, V any](store *statestore.Session[K, V]) Lookup[serde.Windowed[K], V] {
	return func(w serde.Windowed[K]) (v V, ts int64, ok bool, err error) {
		v, ok, err = store.Get(w.Key, w.Start, w.End)
		return v, w.End, ok, err
	}
}
