package metamorphic

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	seed := number64(t, "ONCESTREAM_METAMORPHIC_SEED", 0)
	want, _, _ := runVariant(t, seed, variant{partitions: 1})
	for _, s := range strings.Split(os.Getenv("ZZ"), ";") {
		var v variant
		var iv int64
		fmt.Sscanf(s, "%d,%d,%d,%d,%t", &v.partitions, &v.cache, &iv, &v.faults, &v.inMemory)
		v.interval = time.Duration(iv) * time.Millisecond
		got, _, err := runVariant(t, seed, v)
		t.Log(v, err, strings.Join(want.differences(got), "\n"))
	}
}
