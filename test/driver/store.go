package driver

import (
	"fmt"
	"iter"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// Store returns a partition of a state store, with the writes of the open
// transaction. The views of package statestore, such as statestore.NewKeyValue,
// give types to it. After a crash or a rebalance it's closed, and has to be asked
// for again. That of a global store is partition 0, and can only be read.
func (d *Driver) Store(name string, partition int32) (*statestore.Store, error) {
	if d.err != nil {
		return nil, d.err
	}
	for _, t := range d.tasks {
		if t.ID().Partition != partition {
			continue
		}
		if s, err := t.Store(name); err == nil {
			return s, nil
		}
	}
	if partition == 0 && slices.ContainsFunc(d.layout.Globals(), func(g *plan.Global) bool { return g.Store.Name == name }) {
		return d.layout.GlobalReader(d.db, name)
	}
	return nil, fmt.Errorf("the topology has no store %q with a partition %d", name, partition)
}

// stores returns all partitions of a store.
func (d *Driver) stores(name string) ([]*statestore.Store, error) {
	var all []*statestore.Store
	for {
		s, err := d.Store(name, int32(len(all)))
		if err != nil && len(all) == 0 {
			return nil, err
		}
		if err != nil {
			return all, nil
		}
		all = append(all, s)
	}
}

// KeyValue shows the contents of a key-value store. A crash or a rebalance doesn't
// end it.
type KeyValue[K, V any] struct {
	codec[K, V]
	d    *Driver
	name string
}

// KeyValue returns a view of a key-value store with the writes of the open
// transaction.
func (d *Driver) KeyValue[K, V any](store string, k serde.Serde[K], v serde.Serde[V]) *KeyValue[K, V] {
	return &KeyValue[K, V]{codec: codec[K, V]{k, v}, d: d, name: store}
}

// Get returns the value of a key, in whatever partition it is; false where it has
// none.
func (s *KeyValue[K, V]) Get(key K) (v V, ok bool) {
	s.d.tb.Helper()
	s.d.look(s.name, func(st *statestore.Store) error {
		view, err := statestore.NewKeyValue(st, s.key, s.value)
		if err != nil || ok {
			return err
		}
		v, _, ok, err = view.Get(key)
		return err
	})
	return v, ok
}

// All returns all entries by partition, each in the order of the keys' bytes.
func (s *KeyValue[K, V]) All() []statestore.Entry[K, V] {
	s.d.tb.Helper()
	var all []statestore.Entry[K, V]
	s.d.look(s.name, func(st *statestore.Store) error {
		view, err := statestore.NewKeyValue(st, s.key, s.value)
		if err != nil {
			return err
		}
		all, err = appendAll(all, view.All())
		return err
	})
	return all
}

// Window shows the contents of a window store. A crash or a rebalance doesn't end
// it.
type Window[K, V any] struct {
	codec[K, V]
	d    *Driver
	name string
}

// Window returns a view of a window store with the writes of the open transaction.
func (d *Driver) Window[K, V any](store string, k serde.Serde[K], v serde.Serde[V]) *Window[K, V] {
	return &Window[K, V]{codec: codec[K, V]{k, v}, d: d, name: store}
}

// Get returns the value of a key's window, in whatever partition it is; false
// where it has none. The start is in milliseconds since the Unix epoch.
func (s *Window[K, V]) Get(key K, start int64) (v V, ok bool) {
	s.d.tb.Helper()
	s.d.look(s.name, func(st *statestore.Store) error {
		view, err := statestore.NewWindow(st, s.key, s.value)
		if err != nil || ok {
			return err
		}
		v, _, ok, err = view.Get(key, start)
		return err
	})
	return v, ok
}

// All returns all windows by partition, each in the order of the store's FetchAll.
func (s *Window[K, V]) All() []statestore.WindowEntry[K, V] {
	s.d.tb.Helper()
	var all []statestore.WindowEntry[K, V]
	s.d.look(s.name, func(st *statestore.Store) error {
		view, err := statestore.NewWindow(st, s.key, s.value)
		if err != nil {
			return err
		}
		all, err = appendAll(all, view.All())
		return err
	})
	return all
}

// look calls f with all partitions of a store.
func (d *Driver) look(name string, f func(*statestore.Store) error) {
	d.tb.Helper()
	if d.err != nil {
		return
	}
	stores, err := d.stores(name)
	for _, s := range stores {
		if err == nil {
			err = f(s)
		}
	}
	d.fail(err)
}

// appendAll appends what a store yields, up to its first error.
func appendAll[E any](to []E, entries iter.Seq2[E, error]) ([]E, error) {
	for e, err := range entries {
		if err != nil {
			return to, err
		}
		to = append(to, e)
	}
	return to, nil
}
