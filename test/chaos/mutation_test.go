//go:build unix && mutation

package chaos

import (
	"testing"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// attempts is how often a broken build may get through before the check fails.
// At which step of a commit a fault hits isn't in the hands of the test.
const attempts = 4

// TestMutation takes one safety measure out of the program at a time and
// requires that the auditor finds what comes of it. An audit that a broken
// program passes would show nothing.
func TestMutation(t *testing.T) {
	s := readSettings(t)
	kafkatest.Shared(t)
	bin := buildBench(t, "mutation")
	for _, m := range []struct {
		name     string
		workload string
		fault    func(r *run)
	}{
		// Two processes believe that they own the same partitions.
		{"fencing", "count", func(r *run) { r.freeze(r.procs[r.rnd.IntN(len(r.procs))]) }},
		// State of an aborted transaction is kept.
		{"overlay", "count", func(r *run) { r.doze(r.procs[r.rnd.IntN(len(r.procs))]) }},
		// Offsets are committed, and the output that belongs to them is aborted.
		{"offsets", "map", func(r *run) { r.killAll(s.kills) }},
	} {
		t.Run(m.name, func(t *testing.T) {
			for n := range attempts {
				s.seed += uint64(n)
				r := newRun(t, s, bin, m.workload, processes, "ONCESTREAM_MUTATION="+m.name)
				r.start()
				m.fault(r)
				r.stopInput()
				r.drain()
				r.stop()
				if r.audit().Total() > 0 {
					return
				}
				t.Logf("attempt %d: the fault hit a moment in which nothing came of it", n+1)
			}
			t.Errorf("the crash test passes without %s", m.name)
		})
	}
}
