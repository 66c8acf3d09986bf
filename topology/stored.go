package topology

import (
	"fmt"
	"maps"
	"math"
	"strconv"
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
	// source says that it's the store of a table that is read from a topic.
	source bool
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
	uncached  bool
	versioned bool
	// history and segments are those of a versioned store.
	history, segments time.Duration
	// reuse says that the topic of the table is to be its changelog.
	reuse bool
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

// WithCaching has the changes of the store's table go through the worker's record
// cache where one is configured, which is the default. It takes WithoutCaching
// back.
func WithCaching() StoreOption { return storeOption(func(o *storeOptions) { o.uncached = false }) }

// WithoutCaching passes each change of the store's table on at once, also where a
// record cache is configured. Without a cache that's what happens anyway.
//
// It makes no difference for tables that are never cached: those whose windows are
// sent when they close, and versioned ones.
func WithoutCaching() StoreOption { return storeOption(func(o *storeOptions) { o.uncached = true }) }

// TopicConfig overrides configs of the changelog topic, such as
// min.compaction.lag.ms. It's used when the topic is created.
func TopicConfig(config map[string]string) StoreOption {
	config = maps.Clone(config)
	return storeOption(func(o *storeOptions) { o.spec.TopicConfig = config })
}

// WithRetention sets how long a window store keeps a window after stream time
// has passed its start. It must be at least what late records need, which is the
// default: the size and the grace of time windows, twice the difference and the
// grace of sliding windows, the gap and the grace of sessions (by their ends).
func WithRetention(d time.Duration) StoreOption {
	return storeOption(func(o *storeOptions) { o.spec.Retention, o.retention = d, true })
}

// Versioned makes the store keep the history of its rows: the values that they had
// up to the given time before the latest timestamp that the store has seen, 0 for
// the latest ones alone. The latest value of a row is kept for ever. History is in
// whole milliseconds and not negative. It's for the stores of tables, not for
// those of windows (KIP-889).
//
// A versioned table isn't changed by a record that comes out of order: the record
// becomes part of the history. [Table.ToStream] passes it on, but groupings and
// joins of tables, which follow the rows as they are, leave it out; joins count it
// as dropped. A record older than the history is dropped and counted. All that
// holds for tables that Filter and MapValues make of a versioned one, as long as
// they aren't stored. Joins of a stream with such a table look up the row as it was
// at the time of the stream's record (KIP-914).
func Versioned(history time.Duration) StoreOption {
	return storeOption(func(o *storeOptions) { o.versioned, o.history = true, history })
}

// WithSegments sets the length of the parts in which a versioned store drops its
// history, in whole milliseconds. Long ones are read faster, short ones hold less
// that isn't needed any more. The default is half the history, at least a minute.
// It's that of the store's first use: a change has no effect on a store on disk.
func WithSegments(d time.Duration) StoreOption {
	return storeOption(func(o *storeOptions) { o.segments = d })
}

// storeShape is what an operator needs of its store.
type storeShape struct {
	kind statestore.Kind
	// format is that of the values, where the changelog says so.
	format byte
	// size and retention are those of windows.
	size, retention time.Duration
	// least says what the retention is for.
	least string
	// extra is how much longer the store keeps its rows than its changelog topic is
	// told.
	extra time.Duration
}

// keep applies the extra retention. The topic's own follows from that without it,
// so that it's the one of Kafka Streams for the same windows.
func (w storeShape) keep(spec *statestore.Spec) {
	if w.extra == 0 || spec.Retention > math.MaxInt64-changelogSlack {
		return
	}
	config := map[string]string{"retention.ms": strconv.FormatInt((spec.Retention + changelogSlack).Milliseconds(), 10)}
	maps.Copy(config, spec.TopicConfig)
	spec.TopicConfig = config
	spec.Retention += w.extra
}

// changelogSlack is what changelog topics keep windows for in addition to their
// stores.
const changelogSlack = 24 * time.Hour

// IfNeeded leaves the store of a table out where nothing in the topology reads the
// table's rows: no join with the table, no grouping, no operator that needs the
// values before a change. The default is to keep it always. For [Builder.Table],
// [Stream.ToTable] and [Table.Materialize]; all other stores are needed anyway.
//
// Without a store no one knows what a row was before. A filter behind the table
// then sends a deletion for every row that doesn't pass.
func IfNeeded() StoreOption {
	return storeOption(func(o *storeOptions) { o.ifNeeded = true })
}

// ReuseSourceTopic makes the topic that a table is read from its changelog too: the
// store has no changelog topic of its own, and is restored from that topic up to the
// committed offset. For [Builder.Table]; [Optimize] does it for all tables that can.
//
// The topic must keep the latest record of each key for as long as the application
// lives, so its cleanup.policy must be compact. Reading must begin with [Earliest],
// and timestamps must not be those of [WallClockTime], which the topic hasn't got. The
// store must not be [Versioned], whose history compaction would take away. A record
// that couldn't be deserialized when it was processed can't be either when the store
// is restored: the handler is asked again, and unless it fails, the record is
// skipped.
func ReuseSourceTopic() StoreOption {
	return storeOption(func(o *storeOptions) { o.reuse = true })
}

// resolve returns the options that were given.
func (st Stored[V]) resolve() storeOptions {
	o := storeOptions{spec: statestore.Spec{Name: st.name, Kind: statestore.TimestampedKeyValue}}
	present(st.options, func(s StoreOption) { s.setStore(&o) })
	if o.versioned {
		o.spec.Kind = statestore.VersionedKeyValue
		o.spec.SegmentInterval = o.segments
	}
	return o
}

// isVersioned returns whether the store keeps the history of its rows.
func (st Stored[V]) isVersioned() bool { return st.resolve().versioned }

// checkVersions notes what's wrong with the options of the named store's history.
// Only stores of tables have any.
func (o storeOptions) checkVersions(b *Builder, node, store string, table bool) {
	var s windowShape
	switch {
	case o.versioned && !table:
		b.g.Fail(node, "store %q can't be versioned: only the rows of a table have a history", store)
	case o.versioned && o.retention:
		b.g.Fail(node, "store %q is versioned: it takes no retention, its history says how long values are kept", store)
	case o.versioned:
		s.notNegative("history of a versioned store", o.history)
	}
	switch {
	case o.segments != 0 && !o.versioned:
		b.g.Fail(node, "store %q isn't versioned: it takes no segments", store)
	case o.segments != 0:
		s.positive("segments of a versioned store", o.segments)
	}
	s.check(b, node)
}

// declare adds the store to the graph as the node's. Without a shape it's a
// key-value store.
func (st Stored[V]) declare(b *Builder, n *graph.Node, w *storeShape) {
	o := st.resolve()
	b.needSerde(n.Name, "store's value", st.value == nil)
	o.checkVersions(b, n.Name, st.name, w == nil)
	if o.reuse && !st.source {
		b.g.Fail(n.Name, "store %q: ReuseSourceTopic is for the stores of Builder.Table, which have a topic to be restored from", st.name)
	}
	switch {
	case o.versioned:
		o.spec.Retention = o.history
	case w != nil && w.kind == statestore.PlainKeyValue && !o.retention:
		o.spec.Kind, o.spec.ValueFormat = w.kind, w.format
	case w != nil && w.kind != statestore.PlainKeyValue:
		o.spec.Kind, o.spec.WindowSize = w.kind, w.size
		if !o.retention {
			o.spec.Retention = w.retention
		} else if o.spec.Retention < w.retention {
			b.g.Fail(n.Name, "store %q has a retention of %s: it must be at least %s, %s", st.name, o.spec.Retention, w.least, w.retention)
		}
		w.keep(&o.spec)
	case o.retention:
		b.g.Fail(n.Name, "store %q isn't a window store: it takes no retention", st.name)
	}
	n.Stores = append(n.Stores, st.name)
	b.g.AddStore(o.spec, n)
	b.g.NoteSerdes(st.name, nil, st.value)
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

func openVersioned[K, V any](t *graph.Task, node, name string, k serde.Serde[K], v serde.Serde[V]) (*statestore.Versioned[K, V], error) {
	s, err := open(t, node, name)
	if err != nil {
		return nil, err
	}
	versions, err := statestore.NewVersioned(s, k, v)
	if err != nil {
		return nil, storeError(node, name, err)
	}
	return versions, nil
}

func storeError(node, name string, err error) error {
	return fmt.Errorf("%s: open store %s: %w", node, name, err)
}
