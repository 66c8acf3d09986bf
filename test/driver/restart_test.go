package driver_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// Which record sends the results without a match depends on what has waited and
// found a match before. It's kept with the state, so a restart changes nothing.
func TestOuterJoinGoesOnAfterARestart(t *testing.T) {
	seed := rand.Uint64()
	restarts := map[string]func(*driver.Driver){
		"lost disk": func(d *driver.Driver) { d.Crash(driver.LoseDisk) },
		"kept disk": func(d *driver.Driver) { d.Crash(driver.KeepDisk) },
		"rebalance": func(d *driver.Driver) { d.Rebalance() },
	}
	for name, restart := range restarts {
		t.Run(name, func(t *testing.T) {
			lives, restarted := outerJoin(t), outerJoin(t)
			r := rand.New(rand.NewPCG(seed, 0))
			now := int64(0)
			for i := range 500 {
				now += r.Int64N(6)
				topic, key := []string{"left", "right"}[r.IntN(2)], string('a'+rune(r.IntN(4)))
				value, ts := fmt.Sprint(i), max(0, now-r.Int64N(20))
				for _, d := range []*driver.Driver{lives, restarted} {
					d.Input(topic, serde.String, serde.String).PipeAt(ts, key, value)
				}
				if r.IntN(3) == 0 {
					restart(restarted)
				}
				want := lives.Output("out", serde.String, serde.String).ReadAll()
				got := restarted.Output("out", serde.String, serde.String).ReadAll()
				if !slices.EqualFunc(got, want, func(a, b driver.Record[string, string]) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
					t.Fatalf("seed %d, record %d:\n got %v\nwant %v", seed, i, got, want)
				}
			}
		})
	}
}

// outerJoin runs a join whose sides reach differently far.
func outerJoin(t *testing.T) *driver.Driver {
	return driver.ForTest(t, build(t, func(b *topology.Builder) {
		b.Stream("left", serde.String, serde.String).
			OuterJoin(b.Stream("right", serde.String, serde.String), topology.Within(0).Before(ten/2).After(ten).Grace(ten/2),
				func(l, r *string) string { return text(l) + "+" + text(r) }, topology.JoinAs("j", serde.String, serde.String, serde.String)).
			To("out", serde.String, serde.String)
	}))
}
