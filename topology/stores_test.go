package topology_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

type (
	strStore    = statestore.KeyValue[string, string]
	numberStore = statestore.KeyValue[string, int64]
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// stateful adds a processor that works on a store. f gets the store and returns what
// is forwarded as the value.
func stateful[S any](s *strStream, h topology.StoreHandle[S], f func(store S, r madeRecord) (string, error)) *strStream {
	return s.Process(doing(func(c *strContext, r madeRecord) error {
		store, err := c.Open(h)
		if err != nil {
			return err
		}
		v, err := f(store, r)
		if err != nil {
			return err
		}
		return c.Forward(r.WithValue(v))
	}), h)
}

// Each kind of store works in a processor, has the kind that Kafka Streams' store
// of the name has, and survives the loss of the disk.
func TestStoresOfProcessors(t *testing.T) {
	for name, c := range map[string]struct {
		kind statestore.Kind
		add  func(s *strStream, b *builder) *strStream
		want []string
	}{
		"key-value": {statestore.PlainKeyValue, func(s *strStream, b *builder) *strStream {
			return stateful(s, b.KeyValueStore("s", str, str), latest)
		}, []string{"false", "a at 1 true", "b at 2 true"}},
		"timestamped": {statestore.TimestampedKeyValue, func(s *strStream, b *builder) *strStream {
			return stateful(s, b.TimestampedStore("s", str, str), latest)
		}, []string{"false", "a at 1 true", "b at 2 true"}},
		"versioned": {statestore.VersionedKeyValue, func(s *strStream, b *builder) *strStream {
			return stateful(s, b.VersionedStore("s", str, str, time.Hour), func(store *statestore.Versioned[string, string], r madeRecord) (string, error) {
				if _, _, err := store.Put(r.Key, r.Value, r.Timestamp); err != nil {
					return "", err
				}
				v, ok, err := store.GetAsOf(r.Key, 1)
				return fmt.Sprintf("%s %v %v", v.Value, v.ValidTo == 2, ok), err
			})
		}, []string{"a false true", "a true true", "a true true"}},
		"window": {statestore.TimestampedWindow, func(s *strStream, b *builder) *strStream {
			return stateful(s, b.WindowStore("s", str, str, time.Second, time.Hour), func(store *statestore.Window[string, string], r madeRecord) (string, error) {
				if err := store.Put(r.Key, r.Timestamp, r.Value, r.Timestamp); err != nil {
					return "", err
				}
				v, _, ok, err := store.Get(r.Key, 2)
				return fmt.Sprint(v, ok), err
			})
		}, []string{"false", "btrue", "btrue"}},
		"session": {statestore.SessionWindow, func(s *strStream, b *builder) *strStream {
			return stateful(s, b.SessionStore("s", str, str, time.Hour), func(store *statestore.Session[string, string], r madeRecord) (string, error) {
				if err := store.Put(r.Key, 0, r.Timestamp, r.Value, r.Timestamp); err != nil {
					return "", err
				}
				v, ok, err := store.Get(r.Key, 0, 1)
				return fmt.Sprint(v, ok), err
			})
		}, []string{"atrue", "atrue", "atrue"}},
		"list": {statestore.DuplicateWindow, func(s *strStream, b *builder) *strStream {
			return stateful(s, b.ListStore("s", str, str, time.Hour), func(store *statestore.JoinWindow[string, string], r madeRecord) (string, error) {
				if err := store.Put(r.Key, 1, r.Value); err != nil {
					return "", err
				}
				all := ""
				for e, err := range store.Fetch(r.Key, 0, 10) {
					if err != nil {
						return "", err
					}
					all += e.Value
				}
				return all, nil
			})
		}, []string{"a", "ab", "abc"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			c.add(b.Stream("in", str, str), b).MapValues(func(v string) string { return v }).To("out", str, str)
			top := build(t, b)
			if got := top.Plan().SubTopologies[0].Stores[0].Kind; got != c.kind {
				t.Errorf("it's a %v, want %v", got, c.kind)
			}
			d := drive(t, b)
			var got []string
			for i, v := range []string{"a", "b", "c"} {
				d.Input("in", str, str).PipeAt(int64(i+1), "k", v)
				d.Crash(driver.LoseDisk)
			}
			for _, r := range d.Output("out", str, str).ReadAll() {
				got = append(got, r.Value)
			}
			if err := d.Err(); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q, error %v", got, c.want, err)
			}
		})
	}
}

// latest returns the value before and stores the next one.
func latest(store *strStore, r madeRecord) (string, error) {
	v, ts, ok, err := store.Get(r.Key)
	if err != nil {
		return "", err
	}
	if !ok {
		return "false", store.Put(r.Key, r.Value, r.Timestamp)
	}
	return fmt.Sprintf("%s at %d %v", v, ts, ok), store.Put(r.Key, r.Value, r.Timestamp)
}

func TestStoreOptionsOfProcessors(t *testing.T) {
	b := topology.NewBuilder()
	h := b.KeyValueStore("s", str, str, topology.InMemory(), topology.WithoutLogging(), topology.TopicConfig(map[string]string{"a": "b"}), nil)
	stateful(b.Stream("in", str, str), h, latest)
	spec := build(t, b).Plan().SubTopologies[0].Stores[0]
	if !spec.InMemory || !spec.LoggingDisabled || spec.TopicConfig["a"] != "b" {
		t.Errorf("got %+v", spec)
	}
	if got := h.String(); got != "store s" {
		t.Errorf("it's called %q", got)
	}
}

// Streams whose processors share a store are one sub-topology; a table's rows are
// such a store.
func TestSharedStoresUniteSubTopologies(t *testing.T) {
	b := topology.NewBuilder()
	h := b.KeyValueStore("s", str, str)
	stateful(b.Stream("a", str, str), h, latest).To("out", str, str)
	stateful(b.Stream("b", str, str), h, latest).To("out", str, str)
	rows := b.Table("t", str, topology.StoreAs("t", str)).Rows()
	stateful(b.Stream("c", str, str), rows, func(rows *topology.TableRows[string, string], r madeRecord) (string, error) {
		v, ts, ok, err := rows.Get(r.Key)
		return fmt.Sprint(v, ts, ok), err
	}).To("rows", str, str)
	if n := len(build(t, b).Plan().SubTopologies); n != 2 {
		t.Fatalf("%d sub-topologies, want 2", n)
	}
	d := drive(t, b)
	d.Input("a", str, str).PipeAt(1, "k", "x")
	d.Input("b", str, str).PipeAt(2, "k", "y")
	wantRecords(t, d, "out", "k=false@1", "k=x at 1 true@2")
	d.Input("c", str, str).PipeAt(3, "k", "?")
	d.Input("t", str, str).PipeAt(4, "k", "row")
	d.Input("c", str, str).PipeAt(5, "k", "?")
	wantRecords(t, d, "rows", "k=0 false@3", "k=row4 true@5")
}

// Rows that are made of another table's are read one by one.
func TestRowsOfDerivedTables(t *testing.T) {
	b := topology.NewBuilder()
	read := func(rows *topology.TableRows[string, string], r madeRecord) (string, error) {
		v, _, ok, err := rows.Get(r.Key)
		if err != nil {
			return "", err
		}
		for e, err := range rows.All() {
			if err != nil {
				return "", fmt.Errorf("%s, %v: %w", v, ok, err)
			}
			v += "," + e.Key
		}
		return fmt.Sprint(v, ok), nil
	}
	table := b.Table("t", str, topology.StoreAs("t", str, topology.IfNeeded()))
	stateful(b.Stream("in", str, str), table.MapValues(func(v string) string { return v + "!" }).Rows(), read)
	stateful(b.Stream("in2", str, str), table.Rows(), read).To("out", str, str)
	d := drive(t, b)
	d.Input("t", str, str).Pipe("k", "v")
	d.Input("in2", str, str).Pipe("k", "")
	wantRecords(t, d, "out", "k=v,ktrue@0")
	d.Input("in", str, str).Pipe("k", "")
	wantError(t, d.Err(), "v!, true: the table has no store of its own", "call Materialize")
}

func TestStoresMustBeConnected(t *testing.T) {
	b := topology.NewBuilder()
	mine, other := b.KeyValueStore("mine", str, str), b.KeyValueStore("other", str, str)
	s := b.Stream("in", str, str)
	stateful(s, other, latest)
	s.Process(watch(watched{init: func(c *strContext) error {
		if _, err := c.Open(mine); err != nil {
			return err
		}
		if _, err := c.Open(topology.StoreHandle[*strStore]{}); err == nil {
			return errors.New("opened an empty handle")
		}
		_, err := c.Open(other)
		return err
	}}), mine, topology.Named("p"))
	_, err := driver.New(build(t, b))
	wantError(t, err, "p: Init: p: Open: store other isn't connected to this node: give its handle to the method that adds the node")
}

// What a store of one's own keeps in memory is made once for each task, and its nodes
// share it.
func TestStoreOf(t *testing.T) {
	opened := 0
	bad := errors.New("bad")
	for _, fail := range []error{nil, bad} {
		b := topology.NewBuilder()
		h := b.StoreOf("s", func(s *statestore.Store) (*int, error) {
			opened++
			return new(int), fail
		})
		count := func(n *int, _ madeRecord) (string, error) { *n++; return fmt.Sprint(*n), nil }
		s := b.Stream("in", str, str)
		stateful(s, h, count).To("out", str, str)
		stateful(s, h, count).To("out", str, str)
		d := drive(t, b)
		d.Input("in", str, str).Pipe("k", "v")
		if fail != nil {
			wantError(t, d.Err(), "open store s: bad")
			continue
		}
		d.Input("in", str, str).Pipe("k", "v")
		wantRecords(t, d, "out", "k=1@0", "k=2@0", "k=3@0", "k=4@0")
	}
	if opened != 2 {
		t.Errorf("opened %d times", opened)
	}
}
