package topology_test

import (
	"strconv"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// task builds one task of the topology's only sub-topology, with its stores in
// memory and an output that keeps nothing.
func task(b *testing.B, bl *builder) *plan.Chain {
	b.Helper()
	top, err := bl.Build()
	if err != nil {
		b.Fatal(err)
	}
	sub := top.Plan().SubTopologies[0]
	db := statestore.OpenMemory()
	chain, err := sub.Build(&plan.Env{
		Output: func(string) (plan.Output, error) { return &nowhere{}, nil },
		Store:  func(string) (*statestore.Store, error) { return db.Store(sub.Stores[0], 0) },
	})
	if err != nil {
		b.Fatal(err)
	}
	return chain
}

// What a record costs on its way through a source, two operators and a sink.
func BenchmarkStateless(b *testing.B) {
	bl := topology.NewBuilder()
	bl.Stream("in", serde.Int64, serde.Int64).
		Filter(func(_, v int64) bool { return v > 0 }).
		MapValues(func(v int64) int64 { return v + 1 }).
		To("out", serde.Int64, serde.Int64)
	process := task(b, bl).Inputs["in"].Process
	r := &record.Record{Key: []byte("12345678"), Value: []byte("12345678")}
	b.ReportAllocs()
	for b.Loop() {
		if err := process(r); err != nil {
			b.Fatal(err)
		}
	}
}

// What a record costs that is counted by one of 1000 keys, without the store's
// commit. The allocations are those of the serdes for key and value.
func BenchmarkCount(b *testing.B) {
	bl := topology.NewBuilder()
	bl.Stream("in", serde.String, serde.Bytes).
		GroupByKey(serde.String, serde.Bytes).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To("out", serde.String, serde.Int64)
	process := task(b, bl).Inputs["in"].Process
	keys := make([][]byte, 1000)
	for i := range keys {
		keys[i] = []byte("key" + strconv.Itoa(i))
	}
	r := &record.Record{Value: make([]byte, 100)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Key = keys[i%len(keys)]
		if err := process(r); err != nil {
			b.Fatal(err)
		}
	}
}
