package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology/serde"
)

// TestVariants compares the ways to run topologies made by chance.
func TestVariants(t *testing.T) {
	seeds, first := number64(t, "ONCESTREAM_METAMORPHIC_TOPOLOGIES", 8), rand.Uint64()>>1
	if s := os.Getenv("ONCESTREAM_METAMORPHIC_SEED"); s != "" {
		seeds, first = 1, number64(t, "ONCESTREAM_METAMORPHIC_SEED", 0)
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			t.Logf("ONCESTREAM_METAMORPHIC_SEED=%d", seed)
			var want *outcome
			for i, v := range variants(rand.New(rand.NewPCG(seed, 4))) {
				got, m, err := runVariant(t, seed, v)
				if err != nil {
					t.Fatalf("%v\n%s", err, strings.Join(m.about, "\n"))
				}
				if i == 0 {
					want = got
					continue
				}
				if d := want.differences(got); len(d) > 0 {
					t.Fatalf("%+v differs:\n%s\nin the topology\n%s", v, strings.Join(d, "\n"), strings.Join(m.about, "\n"))
				}
			}
		})
	}
}

// TestFindsDifferences makes sure that what depends on the order is found: the last
// value of a key that comes from several partitions, and a count of a table's
// changes, of which a record cache passes fewer on.
func TestFindsDifferences(t *testing.T) {
	for name, step := range map[string]func(*maker){"last": last, "changes": countChanges} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				var want *outcome
				for i, v := range variants(rand.New(rand.NewPCG(seed, 4))) {
					got, _, err := runVariant(t, seed, v, step)
					if err != nil {
						t.Fatal(err)
					}
					if i == 0 {
						want = got
					} else if len(want.differences(got)) > 0 {
						return
					}
				}
			}
			t.Error("not found")
		})
	}
}

func last(m *maker) {
	key, _ := m.key()
	latest := m.streams[0].Merge(m.streams[1].stream).GroupBy(m.name("grouped"), key, serde.String, serde.Int64).
		Reduce(func(_, v int64) int64 { return v }, m.store("latest"))
	m.table(latest, 0, false, "latest")
}

func countChanges(m *maker) {
	changes := m.tables[0].ToStream().GroupByKey(serde.String, serde.Int64).Count(m.store("changes"))
	m.table(changes, 0, false, "changes")
}

func number64(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
