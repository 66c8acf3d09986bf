package driver

import (
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// Versioned shows the contents of a versioned store. A crash or a rebalance doesn't
// end it.
type Versioned[K, V any] struct {
	codec[K, V]
	d    *Driver
	name string
}

// Versioned returns a view of a versioned store with the writes of the open
// transaction.
func (d *Driver) Versioned[K, V any](store string, k serde.Serde[K], v serde.Serde[V]) *Versioned[K, V] {
	return &Versioned[K, V]{codec: codec[K, V]{k, v}, d: d, name: store}
}

// Get returns the latest version of a key, in whatever partition it is; false where
// it has none.
func (s *Versioned[K, V]) Get(key K) (v statestore.Version[V], ok bool) {
	s.d.tb.Helper()
	return s.GetAsOf(key, statestore.EndOfTime)
}

// GetAsOf returns the version of a key that was valid at a time, in milliseconds
// since the Unix epoch; false where there was none.
func (s *Versioned[K, V]) GetAsOf(key K, at int64) (v statestore.Version[V], ok bool) {
	s.d.tb.Helper()
	s.d.look(s.name, func(st *statestore.Store) error {
		view, err := statestore.NewVersioned(st, s.key, s.value)
		if err != nil || ok {
			return err
		}
		v, ok, err = view.GetAsOf(key, at)
		return err
	})
	return v, ok
}
