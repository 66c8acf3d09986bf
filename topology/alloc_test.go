package topology_test

import (
	"iter"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// nowhere is an output that keeps nothing.
type nowhere struct{ records int }

func (*nowhere) Partitions() int32 { return 1 }

func (o *nowhere) Send(int32, []byte, []byte, int64, []record.Header) error {
	o.records++
	return nil
}

// The framework allocates nothing per record. Int64's serde doesn't either.
func TestNoAllocationPerRecord(t *testing.T) {
	b := topology.NewBuilder()
	pairs := func(yield func(int64, int64) bool) { _ = yield(1, 1) && yield(2, 2) }
	times := topology.EmbeddedTime(func(r topology.SourceRecord[int64, int64]) (int64, bool) { return r.Value, true })
	b.Stream("in", serde.Int64, serde.Int64, topology.WithTimestamps(times)).
		Filter(func(_, v int64) bool { return v > 0 }).
		MapValues(func(v int64) *int64 { return nil }).
		MapValuesWithKey(func(k int64, v *int64) *int64 { return v }).
		Map(func(k int64, v *int64) (int64, int64) { return k + 1, k }).
		FlatMap(func(_, _ int64) iter.Seq2[int64, int64] { return pairs }).
		SelectKey(func(_, v int64) int64 { return v }).
		Peek(func(_, _ int64) {}).
		To("out", serde.Int64, serde.Int64, topology.PartitionBy(func(int64, int64, int32) topology.Placement { return topology.InPartition(0) }))
	var out nowhere
	chain, err := build(t, b).Plan().SubTopologies[0].Build(&plan.Env{
		Output: func(string) (plan.Output, error) { return &out, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &record.Record{Key: []byte("12345678"), Value: []byte{0, 0, 0, 0, 0, 0, 0, 1}}
	in := chain.Inputs["in"]
	if n := testing.AllocsPerRun(100, func() {
		in.Timestamp(r, -1)
		if err := in.Process(r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per record", n)
	}
	if out.records != 2*101 {
		t.Errorf("%d records came out", out.records)
	}
}
