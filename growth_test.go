package oncestream_test

import (
	"testing"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// grow adds partitions to a topic of the pattern.
func (r *patternRig) grow(topic string, by int) {
	r.t.Helper()
	got, err := kafkatest.Admin(r.t, r.addr).CreatePartitions(r.t.Context(), by, r.prefix+topic)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// TestPartitionsAreAdded adds partitions to a topic that's read by its name, where
// there's no state, while two processes run, and while one of them is away. What's
// counted behind a repartition topic goes on, as that keeps its partitions.
func TestPartitionsAreAdded(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		r := newPatternRig(t, addr, "by")
		b := topology.NewBuilder()
		b.Stream(r.prefix+"1", serde.String, serde.String).
			GroupBy("by", func(k, _ string) string { return k }, serde.String, serde.String).
			Count(topology.StoreAs("counts", serde.Int64)).
			ToStream().
			To(r.out, serde.String, serde.Int64)
		r.top = build(t, b)
		keys := []string{"a", "b", "c", "d", "e", "f", "g"}
		r.create("1", 2)
		first, second := r.start(), r.start()
		r.send(3, "1", keys...)
		r.settle()
		r.grow("1", 2)
		r.send(3, "1", keys...)
		r.settle()

		// Who comes back lays out more than the others know.
		if err := first.halt(); err != nil {
			t.Fatal(err)
		}
		r.grow("1", 1)
		third := r.start()
		r.send(3, "1", keys...)
		r.settle()
		for _, p := range []*process{second, third} {
			if p.State() == oncestream.Failed {
				t.Error(p.wait())
			}
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
