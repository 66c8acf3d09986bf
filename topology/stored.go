package topology

import (
	"fmt"
	"maps"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/serde"
)

// Stored names a state store and says how its values are written.
type Stored[V any] struct {
	name    string
	value   serde.Serde[V]
	options []StoreOption
}

// StoreAs returns the description of a state store. The name must be unique in
// the topology and must not change while the application lives: the changelog
// topic is <application id>-<name>-changelog. By default the store is on disk,
// and its changelog brings it back when its task moves.
func StoreAs[V any](name string, v serde.Serde[V], options ...StoreOption) Stored[V] {
	return Stored[V]{name: name, value: v, options: options}
}

// StoreOption is an option of a state store.
type StoreOption interface{ setStore(*storeOptions) }

type storeOptions struct {
	spec      statestore.Spec
	retention bool
	ifNeeded  bool
}

type storeOption func(*storeOptions)

func (f storeOption) setStore(o *storeOptions) { f(o) }

// InMemory keeps the store in memory. After a restart it's restored from its
// changelog as a whole.
func InMemory() StoreOption {
	return storeOption(func(o *storeOptions) { o.spec.InMemory = true })
}

// WithoutLogging leaves out the changelog topic. The state is lost when the task
// moves to another process.
func WithoutLogging() StoreOption {
	return storeOption(func(o *storeOptions) { o.spec.LoggingDisabled = true })
}

// TopicConfig overrides configs of the changelog topic, such as
// min.compaction.lag.ms. It's used when the topic is created.
func TopicConfig(config map[string]string) StoreOption {
	config = maps.Clone(config)
	return storeOption(func(o *storeOptions) { o.spec.TopicConfig = config })
}

// WithRetention sets how long a window store keeps a window after stream time
// has passed its start. It must be at least the window's size and grace, which
// is the default.
func WithRetention(d time.Duration) StoreOption {
	return storeOption(func(o *storeOptions) { o.spec.Retention, o.retention = d, true })
}

// IfNeeded leaves the store of a table out where nothing in the topology reads the
// table's rows: no join with the table, no grouping, no operator that needs the
// values before a change. The default is to keep it always. For [Builder.Table]
// and [Stream.ToTable]; all other stores are needed anyway.
//
// Without a store no one knows what a row was before. A filter behind the table
// then sends a deletion for every row that doesn't pass.
func IfNeeded() StoreOption {
	return storeOption(func(o *storeOptions) { o.ifNeeded = true })
}

// resolve returns the options that were given.
func (st Stored[V]) resolve() storeOptions {
	o := storeOptions{spec: statestore.Spec{Name: st.name, Kind: statestore.TimestampedKeyValue}}
	present(st.options, func(s StoreOption) { s.setStore(&o) })
	return o
}

// declare adds the store to the graph as the node's.
func (st Stored[V]) declare(b *Builder, n *graph.Node, w *TimeWindows) {
	o := st.resolve()
	b.needSerde(n.Name, "store's value", st.value == nil)
	switch {
	case w != nil:
		o.spec.Kind = statestore.TimestampedWindow
		o.spec.WindowSize = w.size
		least := w.size + w.grace
		if !o.retention {
			o.spec.Retention = least
		} else if o.spec.Retention < least {
			b.g.Fail(n.Name, "store %q has a retention of %s: it must be at least the window's size and grace, %s", st.name, o.spec.Retention, least)
		}
	case o.retention:
		b.g.Fail(n.Name, "store %q isn't a window store: it takes no retention", st.name)
	}
	n.Stores = append(n.Stores, st.name)
	b.g.AddStore(o.spec, n)
}

// open returns the task's store, as the untyped thing that typed views are made
// of.
func open(t *graph.Task, node, name string) (*statestore.Store, error) {
	s, err := t.Env.Store(name)
	if err != nil {
		return nil, storeError(node, name, err)
	}
	return s, nil
}

func openKeyValue[K, V any](t *graph.Task, node, name string, k serde.Serde[K], v serde.Serde[V]) (*statestore.KeyValue[K, V], error) {
	s, err := open(t, node, name)
	if err != nil {
		return nil, err
	}
	kv, err := statestore.NewKeyValue(s, k, v)
	if err != nil {
		return nil, storeError(node, name, err)
	}
	return kv, nil
}

func storeError(node, name string, err error) error {
	return fmt.Errorf("%s: open store %s: %w", node, name, err)
}
