//go:build unix

package chaos

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// What every run has in common.
const (
	partitions = 8
	processes  = 3
	// patience is how long nothing at all may move before a run fails.
	patience = 60 * time.Second
)

// settings are the size and the seed of a run.
type settings struct {
	records int
	// kills is how often each process is killed.
	kills int
	seed  uint64
	// session is the group's session timeout.
	session time.Duration
}

// readSettings reads the environment. The defaults are for runs beside all other
// tests; the full size is 1,000,000 records and 5 kills.
func readSettings(t *testing.T) settings {
	t.Helper()
	s := settings{
		records: int(number(t, "ONCESTREAM_CHAOS_RECORDS", 60_000)),
		kills:   int(number(t, "ONCESTREAM_CHAOS_KILLS", 2)),
		seed:    number(t, "ONCESTREAM_CHAOS_SEED", rand.Uint64()>>1),
		// Short, so that a frozen process is soon given up.
		session: 4 * time.Second,
	}
	t.Logf("ONCESTREAM_CHAOS_SEED=%d ONCESTREAM_CHAOS_RECORDS=%d ONCESTREAM_CHAOS_KILLS=%d", s.seed, s.records, s.kills)
	return s
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 63)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
