package topology_test

import (
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// A row that's in the store and its cache costs no allocation, with a cache or
// without.
func TestNoAllocationPerCachedRecord(t *testing.T) {
	for _, room := range []int64{0, 1 << 20} {
		b := topology.NewBuilder()
		b.Stream("in", serde.Int64, serde.Int64).GroupByKey(serde.Int64, serde.Int64).
			Count(topology.StoreAs("rows", serde.Int64)).
			ToStream().To("out", serde.Int64, serde.Int64)
		db := statestore.OpenMemory()
		sub := build(t, b).Plan().SubTopologies[0]
		store, err := db.Store(sub.Stores[0], 0)
		if err != nil {
			t.Fatal(err)
		}
		var out nowhere
		chain, err := sub.Build(&plan.Env{
			Store:  func(string) (*statestore.Store, error) { return store, nil },
			Output: func(string) (plan.Output, error) { return &out, nil },
			Cache:  plan.NewCacheBudget(room).Share(),
		})
		if err != nil {
			t.Fatal(err)
		}
		r := &record.Record{Topic: "in", Key: []byte("12345678"), Value: []byte("12345678")}
		in := chain.Inputs["in"]
		if n := testing.AllocsPerRun(100, func() {
			if err := in.Process(r); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d bytes of cache: %v allocations per record", room, n)
		}
		want := 101
		if room > 0 {
			if err := chain.Flush(); err != nil {
				t.Fatal(err)
			}
			want = 1
		}
		if out.records != want {
			t.Errorf("%d bytes of cache: %d records came out, want %d", room, out.records, want)
		}
	}
}
