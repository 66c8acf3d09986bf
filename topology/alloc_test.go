package topology_test

import (
	"iter"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
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

// Processors get and forward records without an allocation, also with a store and a
// schedule that isn't due.
func TestNoAllocationPerProcessedRecord(t *testing.T) {
	b := topology.NewBuilder()
	sums := b.KeyValueStore("sums", serde.Int64, serde.Int64)
	s := b.Stream("in", serde.Int64, serde.Int64).
		Process(func() topology.Processor[int64, int64, int64, int64] { return &summing{handle: sums} }, sums, topology.Named("sum")).
		ProcessValues(func() topology.FixedKeyProcessor[int64, int64, int64] { return passing{} })
	s.To("out", serde.Int64, serde.Int64, topology.Named("sink"))
	var out nowhere
	store, err := statestore.OpenMemory().Store(statestore.Spec{Name: "sums", Kind: statestore.PlainKeyValue}, 0)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := build(t, b).Plan().SubTopologies[0].Build(&plan.Env{
		Output:     func(string) (plan.Output, error) { return &out, nil },
		Store:      func(string) (*statestore.Store, error) { return store, nil },
		StreamTime: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &record.Record{Key: []byte("12345678"), Value: []byte{0, 0, 0, 0, 0, 0, 0, 1}, Timestamp: 5}
	if n := testing.AllocsPerRun(100, func() {
		if err := chain.Inputs["in"].Process(r); err != nil {
			t.Fatal(err)
		}
		if chain.Due(plan.StreamClock) < 5 {
			t.Fatal("due")
		}
	}); n != 0 {
		t.Errorf("%v allocations per record", n)
	}
	if out.records != 2*101 {
		t.Errorf("%d records came out", out.records)
	}
}

type summing struct {
	handle topology.StoreHandle[*statestore.KeyValue[int64, int64]]
	sums   *statestore.KeyValue[int64, int64]
}

func (p *summing) Init(c *topology.Context[int64, int64]) (err error) {
	if p.sums, err = c.Open(p.handle); err != nil {
		return err
	}
	_, err = c.ScheduleFrom(time.UnixMilli(1000), time.Second, topology.ByStreamTime, func(int64) error { return nil })
	return err
}

func (p *summing) Process(c *topology.Context[int64, int64], r topology.Record[int64, int64]) error {
	sum, _, _, err := p.sums.Get(r.Key)
	if err != nil {
		return err
	}
	r.Value += sum
	if err := p.sums.Put(r.Key, r.Value, r.Timestamp); err != nil {
		return err
	}
	return c.Forward(r)
}

type passing struct{}

func (passing) Process(c *topology.FixedKeyContext[int64, int64], r topology.FixedKeyRecord[int64, int64]) error {
	if err := c.Forward(r); err != nil {
		return err
	}
	return c.ForwardTo("sink", r)
}
