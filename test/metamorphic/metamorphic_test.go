package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestVariants compares the ways to run topologies made by chance.
func TestVariants(t *testing.T) {
	seeds, first := number64(t, "ONCESTREAM_METAMORPHIC_TOPOLOGIES", 12), rand.Uint64()>>1
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
