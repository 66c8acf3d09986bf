package topology_test

import (
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

// graceful joins a stream with a versioned table, with a grace of 10ms.
func graceful() *topology.Builder {
	b := topology.NewBuilder()
	tab := b.Table("tab", str, topology.StoreAs("ver", str, topology.Versioned(time.Second)))
	b.Stream("in", str, str).LeftJoinTable(tab, func(l string, r *string) string { return l + shown(r) },
		topology.BufferedFor(10*time.Millisecond, "j", str, str), topology.Named("j")).To("out", str, str)
	return b
}

func TestRecordsWaitForRows(t *testing.T) {
	h := newHarness(t, graceful())
	h.run(
		input{"in", "a", "1", 20}, input{"in", "a", "2", 15}, input{"in", "b", "3", 15}, input{"in", "a", "4", 15},
		input{"tab", "a", "x", 12}, input{"in", "a", "5", 25}, // sends 2, 4, 3
		input{"in", "a", "6", 14}, input{"in", "c", "7", 15}, // later than the grace; at its edge
		input{"in", null, "8", 99}, input{"in", "a", null, 99}, // don't wait, and don't count
		input{"tab", "a", "y", 18}, input{"in", "z", "9", 30},
	)
	h.want("out", "a=2x@15", "a=4x@15", "b=3nil@15", "a=6x@14", "c=7nil@15", "<null>=8nil@99", "a=1y@20")
	h.wantDropped("j null_value")
	if n := len(entries(t, h.stores["j-Buffer"])); n != 2 {
		t.Errorf("%d records wait, want those at 25 and 30", n)
	}
}

// entries returns the keys of a buffer.
func entries(t *testing.T, s *statestore.Store) []string {
	t.Helper()
	rows, err := statestore.NewKeyValue(s, str, str)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for e, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	return keys
}

// What waits, its order and stream time survive a restart, and no number is given
// twice to records that wait.
func TestRecordsWaitAcrossARestart(t *testing.T) {
	db := statestore.OpenMemory()
	h := newHarnessOn(t, graceful(), db)
	h.run(input{"in", "a", "1", 20}, input{"in", "a", "2", 15})
	h.close(db)
	h = newHarnessOn(t, graceful(), db)
	h.run(
		input{"tab", "a", "x", 1}, input{"in", "a", "3", 15}, input{"in", "a", "late", 9}, input{"in", "b", "4", 30},
	)
	h.want("out", "a=latex@9", "a=2x@15", "a=3x@15", "a=1x@20")
}
