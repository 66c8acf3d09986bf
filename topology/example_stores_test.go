package topology_test

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// with answers each record of a stream with what f makes of it and a store.
func with[S any](b *topology.Builder, store topology.StoreHandle[S], f func(S, topology.Record[string, string]) (string, error)) *driver.Driver {
	b.Stream("in", serde.String, serde.String).
		Process(func() topology.Processor[string, string, string, string] {
			return topology.ProcessorFunc[string, string, string, string](func(c *topology.Context[string, string], r topology.Record[string, string]) error {
				s, err := c.Open(store)
				if err != nil {
					return err
				}
				answer, err := f(s, r)
				if err != nil {
					return err
				}
				return c.Forward(r.WithValue(answer))
			})
		}, store).
		To("out", serde.String, serde.String)
	return start(b)
}

// The timestamps of values are kept as a table keeps them.
func ExampleBuilder_TimestampedStore() {
	b := topology.NewBuilder()
	latest := b.TimestampedStore("latest", serde.String, serde.String)
	d := with(b, latest, func(s *statestore.KeyValue[string, string], r topology.Record[string, string]) (string, error) {
		v, ts, ok, err := s.Get(r.Key)
		if err != nil || ok && ts > r.Timestamp {
			return "late: " + v, err
		}
		return "new", s.Put(r.Key, r.Value, r.Timestamp)
	})
	d.Input("in", serde.String, serde.String).PipeAt(20, "a", "x")
	d.Input("in", serde.String, serde.String).PipeAt(10, "a", "y")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=new@20
	// a=late: x@10
}

// What a key's value was at a time in the past is still known.
func ExampleBuilder_VersionedStore() {
	b := topology.NewBuilder()
	prices := b.VersionedStore("prices", serde.String, serde.String, time.Hour)
	d := with(b, prices, func(s *statestore.Versioned[string, string], r topology.Record[string, string]) (string, error) {
		if _, _, err := s.Put(r.Key, r.Value, r.Timestamp); err != nil {
			return "", err
		}
		v, _, err := s.GetAsOf(r.Key, 15)
		return v.Value, err
	})
	d.Input("in", serde.String, serde.String).PipeAt(10, "a", "cheap")
	d.Input("in", serde.String, serde.String).PipeAt(20, "a", "dear")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=cheap@10
	// a=cheap@20
}

// The windows of a key that start in some time are read in their order.
func ExampleBuilder_WindowStore() {
	b := topology.NewBuilder()
	recent := b.WindowStore("recent", serde.String, serde.String, time.Second, time.Minute)
	d := with(b, recent, func(s *statestore.Window[string, string], r topology.Record[string, string]) (string, error) {
		if err := s.Put(r.Key, r.Timestamp/1000*1000, r.Value, r.Timestamp); err != nil {
			return "", err
		}
		all := ""
		for w, err := range s.Fetch(r.Key, 0, r.Timestamp) {
			if err != nil {
				return "", err
			}
			all += fmt.Sprintf(" %d:%s", w.Start, w.Value)
		}
		return all, nil
	})
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(100, "a", "x")
	in.PipeAt(900, "a", "y")
	in.PipeAt(1500, "a", "z")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a= 0:x@100
	// a= 0:y@900
	// a= 0:y 1000:z@1500
}

// The sessions that a time belongs to are found by their bounds.
func ExampleBuilder_SessionStore() {
	b := topology.NewBuilder()
	visits := b.SessionStore("visits", serde.String, serde.String, time.Hour)
	d := with(b, visits, func(s *statestore.Session[string, string], r topology.Record[string, string]) (string, error) {
		for v, err := range s.FindSessions(r.Key, r.Timestamp, r.Timestamp) {
			if err == nil {
				return "during " + v.Value, nil
			}
			return "", err
		}
		return "a new visit", s.Put(r.Key, r.Timestamp, r.Timestamp+1000, r.Value, r.Timestamp)
	})
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(100, "a", "breakfast")
	in.PipeAt(900, "a", "")
	in.PipeAt(1500, "a", "lunch")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=a new visit@100
	// a=during breakfast@900
	// a=a new visit@1500
}

// All values of a key are kept, those of one timestamp too.
func ExampleBuilder_ListStore() {
	b := topology.NewBuilder()
	log := b.ListStore("log", serde.String, serde.String, time.Hour)
	d := with(b, log, func(s *statestore.JoinWindow[string, string], r topology.Record[string, string]) (string, error) {
		if err := s.Put(r.Key, r.Timestamp, r.Value); err != nil {
			return "", err
		}
		all := ""
		for e, err := range s.Fetch(r.Key, 0, r.Timestamp) {
			if err != nil {
				return "", err
			}
			all += e.Value
		}
		return all, nil
	})
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(1, "a", "x")
	in.PipeAt(1, "a", "x")
	in.PipeAt(2, "a", "y")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=x@1
	// a=xx@1
	// a=xxy@2
}

// A Bloom filter says which values can't have been there before. What it keeps is in
// the store, so it outlives the loss of the disk.
func ExampleBuilder_StoreOf() {
	b := topology.NewBuilder()
	filter := b.StoreOf("filter", newBloom)
	d := with(b, filter, func(s *bloom, r topology.Record[string, string]) (string, error) {
		seen, err := s.add(r.Value, r.Timestamp)
		return fmt.Sprint(r.Value, " ", seen), err
	})
	in := d.Input("in", serde.String, serde.String)
	in.Pipe("a", "apple")
	in.Pipe("b", "pear")
	d.Crash(driver.LoseDisk)
	in.Pipe("c", "apple")
	show(d, d.Output("out", serde.String, serde.String))
	// Output:
	// a=apple false@0
	// b=pear false@0
	// c=apple true@0
}

// bloom is a Bloom filter whose bits are the entries of a store.
type bloom struct {
	bits *statestore.KeyValue[int64, []byte]
}

func newBloom(s *statestore.Store) (*bloom, error) {
	bits, err := statestore.NewKeyValue(s, serde.Int64, serde.Bytes)
	return &bloom{bits: bits}, err
}

// add adds a value, and returns whether it may have been there before.
func (f *bloom) add(value string, at int64) (seen bool, err error) {
	seen = true
	for i := range int64(3) {
		bit := int64(fnv(value, i) % 1_000_003)
		_, _, has, err := f.bits.Get(bit)
		if err != nil {
			return false, err
		}
		if seen = seen && has; has {
			continue
		}
		if err := f.bits.Put(bit, nil, at); err != nil {
			return false, err
		}
	}
	return seen, nil
}

// fnv is a hash that is the same in every process.
func fnv(s string, seed int64) uint64 {
	h := uint64(14695981039346656037) + uint64(seed)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
