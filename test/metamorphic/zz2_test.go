package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestYY(t *testing.T) {
	for n := 2; n < 8; n++ {
		for seed := range uint64(500) {
			b := topology.NewBuilder()
			l := b.Table("t0", serde.String, topology.StoreAs("l", serde.Int64))
			l.Join(l, both).
				Materialize(topology.StoreAs("out", serde.Int64)).ToStream().To("o", serde.String, serde.Int64)
			top, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			d := driver.ForTest(t, top, driver.WithCommitInterval(time.Hour), driver.WithRecordCache(1<<20))
			r := rand.New(rand.NewPCG(seed, 0))
			log := ""
			ls := map[string]int64{}
			for range n {
				k, v, null, ts := fmt.Sprint("k", r.IntN(2)), r.Int64N(10), r.IntN(3) == 0, r.Int64N(10)
				log += fmt.Sprintf("%s=%d null=%t @%d\n", k, v, null, ts)
				ls[k] = v
				if null {
					delete(ls, k)
				}
				d.Input("t0", serde.String, serde.Int64).PipeRecord(driver.Record[string, int64]{Key: k, Value: v, NullValue: null, Timestamp: ts})
				if r.IntN(3) == 0 {
					d.Commit()
					log += "commit\n"
				}
			}
			for range 10 {
				d.Commit()
			}
			want := map[string]int64{}
			for k, v := range ls {
				want[k] = both(v, v)
			}
			got := map[string]int64{}
			for _, e := range d.KeyValue("out", serde.String, serde.Int64).All() {
				got[e.Key] = e.Value
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("seed %d: got %v want %v\n%s", seed, got, want, log)
			}
			d.Close()
		}
	}
}
