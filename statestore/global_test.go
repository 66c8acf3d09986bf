package statestore

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestGlobalCrash kills the process of a global store at random moments, some
// right behind a wipe. What's left are rows and positions of one moment: as
// each commit writes its offset under the partition's number, they are equal.
func TestGlobalCrash(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	const partitions = 3
	fs, recovered := vfs.NewCrashableMem(), 0
	for range 30 {
		db := mustOpen(t, Options{fs: fs, MemTableBytes: 32 << 10, CacheBytes: 1 << 20})
		g, err := db.Global(kvSpec, partitions)
		must(t, err)
		rows, err := NewKeyValue[int64, int64](g.Rows(), number{}, number{})
		must(t, err)
		for p := range int32(partitions) {
			next, ok := g.Offset(p)
			row, _, found, err := rows.Get(int64(p))
			must(t, err)
			if found != ok || row != next {
				t.Fatalf("partition %d is at %d (%v), the row says %d (%v)", p, next, ok, row, found)
			}
			if ok {
				recovered++
			}
		}
		for range 1 + r.IntN(80) {
			p := r.Int32N(partitions)
			next, _ := g.Offset(p)
			must(t, rows.Put(int64(p), next+1, 0))
			must(t, g.Commit(p, next+1))
			switch r.IntN(40) {
			case 0:
				must(t, g.Wipe())
			case 1:
				must(t, db.Flush())
			case 2:
				must(t, db.FlushAsync())
			}
		}
		crash := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		must(t, db.Close())
		fs = crash
	}
	if recovered == 0 {
		t.Error("nothing was ever recovered")
	}
}
