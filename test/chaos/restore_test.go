//go:build unix

package chaos

import (
	"os"
	"testing"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// TestRestoreTail shows that a kill costs a restore of what was written since
// the last flush of local state, not of the whole changelog; and, so that the
// metric is known to tell them apart, that a lost state directory costs just
// that.
func TestRestoreTail(t *testing.T) {
	s := readSettings(t)
	kafkatest.Shared(t)
	r := newRun(t, s, buildBench(t, ""), "count", 1)
	p := r.procs[0]
	// Most records have a key of their own, so the changelog is long.
	r.gen.keys = r.records

	// A graceful stop flushes, so the local state is that of this end.
	r.start()
	r.stopInput()
	r.drain()
	r.stopOne(p)
	flushed := sum(r.watch.ends(r.changelog()))

	p.start()
	r.startInput()
	r.working(p)
	if n := p.metric(metricRestored); n != 0 {
		t.Errorf("%.0f records restored after a graceful stop", n)
	}
	p.kill()
	tail := sum(r.watch.ends(r.changelog())) - flushed
	p.start()
	r.working(p)
	restored := p.metric(metricRestored)
	t.Logf("%.0f records restored; the changelog had %d offsets up to the flush and %d behind it", restored, flushed, tail)
	if restored > float64(tail) {
		t.Errorf("%.0f records restored after a kill, though only %d were written since local state was flushed", restored, tail)
	}
	if restored > float64(flushed)/2 {
		t.Errorf("%.0f records restored of a changelog with %d before the flush: too many to tell a tail from all", restored, flushed)
	}
	if n := p.metric(metricRebuilds); n != 0 {
		t.Errorf("%.0f stores were rebuilt from the start of their changelog", n)
	}
	r.stopInput()
	r.drain()
	r.stopOne(p)
	r.wiped(p, flushed)
	r.exactlyOnce()
}

// wiped removes the state directory and requires that the metric shows it: more
// is restored than the tail could be.
func (r *run) wiped(p *process, flushed int64) {
	r.Helper()
	if err := os.RemoveAll(p.stateDir); err != nil {
		r.Fatal(err)
	}
	p.start()
	r.until("the lost state to be restored", func() bool { return p.metric(metricRestored) > float64(flushed)/2 }, r.committed)
	r.stopOne(p)
}
