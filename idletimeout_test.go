package oncestream_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// The workers wake up by themselves for windows that no record closes, and a
// restart sends none again.
func TestIdleTimeout(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		names := topics(t, addr, 2, "lines", "counts")
		in, out := names[0], names[1]
		b := topology.NewBuilder()
		b.Stream(in, serde.String, serde.String, topology.WithIdleTimeout(50*time.Millisecond)).
			FlatMapValues(strings.Fields).
			GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
			WindowedBy(topology.Tumbling(time.Second)).
			EmitOnClose().
			Count(topology.StoreAs("counts", serde.Int64)).
			ToStream(func(w topology.Windowed[string]) string { return fmt.Sprint(w.Key, "/", w.Start) }).
			To(out, serde.String, serde.Int64)
		top := build(t, b)
		cfg := oncestream.Config{
			ApplicationID: kafkatest.Unique("idle"), Brokers: strings.Split(addr, ","), StateDir: t.TempDir(), CommitInterval: commitSoon, Logger: logger(t),
		}
		r := newReader(t, addr, out)
		closed := map[string]int64{} // by word and window
		for range 3 {
			p := start(t, top, cfg)
			p.await(oncestream.Running)
			kafkatest.ProduceTo(t, addr, lines(in, "a")...)
			for _, record := range r.take(1) {
				n, err := serde.Int64.Decode(record.Value)
				if err != nil {
					t.Fatal(err)
				}
				closed[string(record.Key)] += n
			}
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
		}
		// A window that was sent twice would stand in for a later one.
		total := int64(0)
		for n := range maps.Values(closed) {
			total += n
		}
		if total != 3 || len(closed) != 3 {
			t.Errorf("closed windows %v, want three of one record each", closed)
		}
	})
}
