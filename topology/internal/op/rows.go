package op

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/cache"
)

// Lookup reads the row of a key and its timestamp; ok is false where there's
// none.
type Lookup[K, V any] func(key K) (v V, ts int64, ok bool, err error)

// Rows is how an operator keeps the table that it makes.
type Rows[K, V any] struct {
	// Store holds the rows. It's nil for a table that isn't stored.
	Store *statestore.KeyValue[K, V]
	// Old says that something behind the operator makes use of old values. Where
	// nothing does, they aren't looked up.
	Old bool
	// Held holds the table's changes back, where it isn't nil. It has the old values
	// then.
	Held *Held[K, V]
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
	if !t.Old || t.Store == nil {
		return v, false, nil
	}
	v, _, ok, err = t.Store.Get(key)
	return v, ok, err
}

// keep stores a new row, or deletes it.
func (t Rows[K, V]) keep(key K, v V, exists bool, ts int64) error {
	return t.replace(key, cache.Unknown, v, exists, ts)
}

// replace is keep where something may be known of the row so far.
func (t Rows[K, V]) replace(key K, known cache.Known, v V, exists bool, ts int64) error {
	if t.Held != nil {
		raw, err := t.Store.RowKey(key)
		if err == nil {
			err = t.Held.cache.Before(raw, known)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case t.Store == nil:
		return nil
	case exists:
		return t.Store.Put(key, v, ts)
	}
	return t.Store.Delete(key, ts)
}
