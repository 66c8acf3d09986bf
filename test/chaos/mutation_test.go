//go:build unix && mutation

package chaos

import (
	"testing"
	"time"

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
	s.session = 20 * time.Second
	kafkatest.Shared(t)
	bin := buildBench(t, "mutation,failpoint")
	for _, m := range []struct {
		name     string
		workload string
		fault    func(r *run)
	}{
		{"fencing", "count", zombie},
		{"overlay", "count", func(r *run) { r.killAll(1) }},
		{"offsets", "map", func(r *run) { r.killAt(r.procs[0], "commit.offsets-sent") }},
	} {
		t.Run(m.name, func(t *testing.T) {
			for n := range attempts {
				s.seed += uint64(n)
				if broken(newRun(t, s, bin, m.workload, processes, "ONCESTREAM_MUTATION="+m.name), m.fault) {
					return
				}
				t.Logf("attempt %d: the fault hit a moment in which nothing came of it", n+1)
			}
			t.Errorf("the crash test passes without %s", m.name)
		})
	}
}

// zombie has a process go on that has a twin by now, and lets it do what it
// does for a while.
func zombie(r *run) {
	older := r.twin(r.procs[r.rnd.IntN(len(r.procs))])
	enough := r.gen.produced.Load() + int64(r.gen.rate)
	r.until("a second's worth of input", func() bool { return r.gen.produced.Load() >= enough }, r.gen.produced.Load)
	older.end()
}

// broken reports whether the auditor finds a violation.
func broken(r *run, fault func(*run)) bool {
	r.Helper()
	r.start()
	fault(r)
	r.stopInput()
	r.drain()
	r.stop()
	return r.audit().Total() > 0
}
