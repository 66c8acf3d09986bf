//go:build unix

package chaos

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/chaos/audit"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

func TestMain(m *testing.M) { kafkatest.Main(m) }

// eachWorkload runs f for every workload, one after the other.
func eachWorkload(t *testing.T, f func(r *run)) {
	s := readSettings(t)
	kafkatest.Shared(t) // skips before anything is built
	bin := buildBench(t, "")
	for _, w := range slices.Sorted(maps.Keys(audit.Workloads())) {
		t.Run(w, func(t *testing.T) { f(newRun(t, s, bin, w, processes)) })
	}
}

// finish lets the application come to the end of its input, stops it and
// requires that everything is right.
func (r *run) finish() {
	r.Helper()
	r.stopInput()
	r.drain()
	r.stop()
	r.exactlyOnce()
}

// exactlyOnce requires that what was written is what the input leads to.
func (r *run) exactlyOnce() {
	r.Helper()
	rep := r.audit()
	if rep.Expected == 0 {
		r.Error("the input leads to no results: nothing was shown")
	}
	if rep.Total() > 0 {
		r.Errorf("not exactly once: %d violations", rep.Total())
	}
}

// TestKill kills every process of every workload with SIGKILL while the input
// flows, and starts it again.
func TestKill(t *testing.T) {
	eachWorkload(t, func(r *run) {
		r.start()
		r.killAll(r.kills)
		r.finish()
	})
}

// TestFreeze stops processes at work and lets them go on: for longer than the
// session timeout, so that others have taken over what the zombie believes to
// own, and for just as long as makes the broker abort the transaction.
func TestFreeze(t *testing.T) {
	eachWorkload(t, func(r *run) {
		r.start()
		for i, n := range r.rnd.Perm(len(r.procs))[:2] {
			if i == 0 {
				r.freeze(r.procs[n])
			} else {
				r.doze(r.procs[n])
			}
		}
		r.finish()
	})
}

// TestTwin runs two processes with one identity. The older one must end with an
// error; it must not go on as somebody else.
func TestTwin(t *testing.T) {
	s := readSettings(t)
	// Long enough that nothing but the twin ends the membership, or the
	// transaction, of the older process.
	s.session = 20 * time.Second
	kafkatest.Shared(t)
	r := newRun(t, s, buildBench(t, ""), "rekey", processes)
	r.start()
	older := r.twin(r.procs[r.rnd.IntN(len(r.procs))])
	if older.gone() == nil {
		t.Errorf("the older process has ended without an error")
	}
	t.Logf("the older process:\n%s", older.tail())
	r.working(r.procs[0])
	r.finish()
}

// TestKillPoint lets processes die between any two steps of a commit.
func TestKillPoint(t *testing.T) {
	s := readSettings(t)
	kafkatest.Shared(t)
	r := newRun(t, s, buildBench(t, "failpoint"), "rekey", processes)
	r.start()
	for _, point := range commitPoints() {
		r.killAt(r.procs[r.rnd.IntN(len(r.procs))], point)
	}
	r.finish()
}

// commitPoints are the failpoints of a commit, in its order.
func commitPoints() []string {
	return []string{"commit.changelogs-written", "commit.flushed", "commit.offsets-sent", "commit.ended", "commit.applied"}
}
