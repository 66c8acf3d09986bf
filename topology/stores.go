package topology

import (
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/serde"
)

// KeyValueStore declares a state store for processors: a map from keys to values.
// The timestamp that goes with a value becomes that of the changelog record, which
// has nothing else of it (Kafka Streams' keyValueStoreBuilder).
//
// As all stores of this kind it belongs to the processors whose Process,
// ProcessValues or Transform gets the handle, which may be several: they share it,
// and thus a sub-topology. The name must be unique in the topology and must not
// change while the application lives: the changelog topic is
// <application id>-<name>-changelog. By default the store is on disk.
func (b *Builder) KeyValueStore[K, V any](name string, k serde.Serde[K], v serde.Serde[V], options ...StoreOption) StoreHandle[*statestore.KeyValue[K, V]] {
	return declareTyped(b, statestore.Spec{Name: name, Kind: statestore.PlainKeyValue}, options, k, v, statestore.NewKeyValue[K, V])
}

// TimestampedStore declares a state store for processors: a map from keys to values
// with their timestamps, as tables have (Kafka Streams'
// timestampedKeyValueStoreBuilder). Otherwise it's as [Builder.KeyValueStore].
func (b *Builder) TimestampedStore[K, V any](name string, k serde.Serde[K], v serde.Serde[V], options ...StoreOption) StoreHandle[*statestore.KeyValue[K, V]] {
	return declareTyped(b, statestore.Spec{Name: name, Kind: statestore.TimestampedKeyValue}, options, k, v, statestore.NewKeyValue[K, V])
}

// VersionedStore declares a state store for processors: a map from keys to all
// values of the time called history, each with the time it's valid for (KIP-889).
// Otherwise it's as [Builder.KeyValueStore].
func (b *Builder) VersionedStore[K, V any](name string, k serde.Serde[K], v serde.Serde[V], history time.Duration, options ...StoreOption) StoreHandle[*statestore.Versioned[K, V]] {
	spec := statestore.Spec{Name: name, Kind: statestore.VersionedKeyValue, Retention: history}
	return declareTyped(b, spec, options, k, v, statestore.NewVersioned[K, V])
}

// WindowStore declares a state store for processors: a map from keys and window
// starts to values with their timestamps. A window is gone when its start lies the
// retention or more before the latest start. Otherwise it's as
// [Builder.KeyValueStore].
func (b *Builder) WindowStore[K, V any](name string, k serde.Serde[K], v serde.Serde[V], size, retention time.Duration, options ...StoreOption) StoreHandle[*statestore.Window[K, V]] {
	spec := statestore.Spec{Name: name, Kind: statestore.TimestampedWindow, WindowSize: size, Retention: retention}
	return declareTyped(b, spec, options, k, v, statestore.NewWindow[K, V])
}

// SessionStore declares a state store for processors: a map from keys and the bounds
// of sessions to values. A session is gone when its end lies the retention or more
// before the latest end. Otherwise it's as [Builder.KeyValueStore].
func (b *Builder) SessionStore[K, V any](name string, k serde.Serde[K], v serde.Serde[V], retention time.Duration, options ...StoreOption) StoreHandle[*statestore.Session[K, V]] {
	spec := statestore.Spec{Name: name, Kind: statestore.SessionWindow, Retention: retention}
	return declareTyped(b, spec, options, k, v, statestore.NewSession[K, V])
}

// ListStore declares a state store for processors: a list of values for each key and
// timestamp, to which values are added (Kafka Streams' window store that retains
// duplicates). A value is gone when its timestamp lies the retention or more before
// the latest one. Otherwise it's as [Builder.KeyValueStore].
func (b *Builder) ListStore[K, V any](name string, k serde.Serde[K], v serde.Serde[V], retention time.Duration, options ...StoreOption) StoreHandle[*statestore.JoinWindow[K, V]] {
	spec := statestore.Spec{Name: name, Kind: statestore.DuplicateWindow, Retention: retention}
	return declareTyped(b, spec, options, k, v, statestore.NewJoinWindow[K, V])
}

// StoreOf declares a state store of a kind of one's own: a queue, a filter, an
// index. open makes it of a task's plain key-value store, through which it must
// read and write what it keeps, with [statestore.NewKeyValue]: so its writes belong
// to the transaction, go to the changelog, and are restored.
//
// What it keeps in memory besides, open makes of the store's entries. It's called
// once each time a task starts, also after a transaction that failed; the nodes of
// the task share what it returns. Where handlers may take records back, it must be a
// [Reloader], or it keeps in memory what the store has no more. Otherwise it's as
// [Builder.KeyValueStore].
func (b *Builder) StoreOf[S any](name string, open func(*statestore.Store) (S, error), options ...StoreOption) StoreHandle[S] {
	b = b.valid()
	b.needFunc("store "+name, "StoreOf", open == nil)
	return declare(b, statestore.Spec{Name: name, Kind: statestore.PlainKeyValue}, options, open)
}

// Reloader is a store of [Builder.StoreOf] that keeps something in memory and can
// make it again.
type Reloader interface {
	// Reload makes what's in memory anew of the store's entries. It's called when a
	// record was taken back as a whole.
	Reload() error
}

// remember has the task reload a store that can be.
func remember(t *graph.Task, store any) {
	if r, ok := store.(Reloader); ok && t.Env.Remember != nil {
		t.Env.Remember(plan.Memory{Mark: func() {}, Undo: r.Reload})
	}
}

func declareTyped[K, V, S any](b *Builder, spec statestore.Spec, options []StoreOption, k serde.Serde[K], v serde.Serde[V],
	view func(*statestore.Store, serde.Serde[K], serde.Serde[V]) (S, error)) StoreHandle[S] {
	b = b.valid()
	b.needSerde("store "+spec.Name, "key", k == nil)
	b.needSerde("store "+spec.Name, "value", v == nil)
	h := declare(b, spec, options, func(s *statestore.Store) (S, error) { return view(s, k, v) })
	b.g.NoteSerdes(spec.Name, k, v)
	return h
}

// declare adds a store of the options to the graph.
func declare[S any](b *Builder, spec statestore.Spec, options []StoreOption, view func(*statestore.Store) (S, error)) StoreHandle[S] {
	o := storeOptions{spec: spec}
	present(options, func(s StoreOption) { s.setStore(&o) })
	at := "store " + spec.Name
	if o.retention {
		b.g.Fail(at, "WithRetention is for the stores of tables and windows: the store's own arguments say what it keeps")
	}
	if o.ifNeeded {
		b.g.Fail(at, "IfNeeded is for the stores of tables: leave a store out that no processor needs")
	}
	if o.versioned {
		b.g.Fail(at, "Versioned is for the stores of tables: declare it with VersionedStore")
	}
	if o.reuse {
		b.g.Fail(at, "ReuseSourceTopic is for the stores of tables: a store for processors has a changelog of its own")
	}
	o.spec.Retention = spec.Retention
	b.g.Declare(o.spec)
	h := &handle{b: b, name: "store " + spec.Name, spec: o.spec, stores: func(*graph.Node) []string { return []string{spec.Name} }}
	return StoreHandle[S]{handle: h, open: func(t *graph.Task, node string) (store S, err error) {
		shared, err := graph.Share(t, h, func() (*S, error) {
			s, err := open(t, node, spec.Name)
			if err != nil {
				return nil, err
			}
			made, err := view(s)
			if err != nil {
				return nil, storeError(node, spec.Name, err)
			}
			remember(t, made)
			return &made, nil
		})
		if err != nil {
			return store, err
		}
		return *shared, nil
	}}
}
