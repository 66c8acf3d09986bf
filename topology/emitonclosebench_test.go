package topology_test

import (
	"encoding/binary"
	"strconv"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// What a record costs that closes a window while 30,000 others are in the store,
// without the store's commit. There's one record a millisecond, of 1000 keys. Of
// tumbling windows one record in a thousand closes a thousand.
func BenchmarkEmitOnClose(b *testing.B) {
	const grace, step = 30 * time.Second, 500 * time.Millisecond
	for name, count := range map[string]func(*topology.GroupedStream[string, int64]) *topology.WindowedTable[string, int64]{
		"sliding": func(g *topology.GroupedStream[string, int64]) *topology.WindowedTable[string, int64] {
			return g.WindowedBy(topology.Sliding(step).Grace(grace)).EmitOnClose().Count(topology.StoreAs("s", serde.Int64))
		},
		"sessions": func(g *topology.GroupedStream[string, int64]) *topology.WindowedTable[string, int64] {
			return g.SessionsBy(topology.Sessions(step).Grace(grace)).EmitOnClose().Count(topology.StoreAs("s", serde.Int64))
		},
		"tumbling": func(g *topology.GroupedStream[string, int64]) *topology.WindowedTable[string, int64] {
			return g.WindowedBy(topology.Tumbling(2 * step).Grace(grace)).EmitOnClose().Count(topology.StoreAs("s", serde.Int64))
		},
	} {
		b.Run(name, func(b *testing.B) {
			bl := topology.NewBuilder()
			count(bl.Stream("in", serde.String, serde.Int64).GroupByKey(serde.String, serde.Int64)).
				ToStream(topology.WithoutWindow).To("out", serde.String, serde.Int64)
			process := task(b, bl).Inputs["in"].Process
			r := &record.Record{Value: binary.BigEndian.AppendUint64(nil, 1)}
			send := func(i int) {
				r.Key, r.Timestamp = strconv.AppendInt(r.Key[:0], int64(i%1000), 10), int64(i)
				if err := process(r); err != nil {
					b.Fatal(err)
				}
			}
			n := 0
			for ; n < 30_600; n++ {
				send(n)
			}
			b.ReportAllocs()
			for ; b.Loop(); n++ {
				send(n)
			}
		})
	}
}
