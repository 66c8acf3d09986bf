//go:build unix

package chaos

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
)

// working waits until process p is at work in a random moment: it goes through
// records, commits succeed, and the input flows. A fault that hits an idle
// process proves nothing.
func (r *run) working(p *process) {
	r.Helper()
	r.until("process "+p.name+" to process records", func() bool { return p.metric(metricIn) > 0 }, r.committed)
	before := r.committed()
	r.until("commits to go on", func() bool { return r.committed() > before }, r.committed)
	// Up to two seconds' worth of input from here, counted in records.
	moment := r.gen.produced.Load() + r.rnd.Int64N(int64(2*r.gen.rate))
	r.until("a random moment", func() bool { return r.gen.produced.Load() >= moment }, r.gen.produced.Load)
	in := p.metric(metricIn)
	r.until("process "+p.name+" to be at work", func() bool { return p.metric(metricIn) > in }, r.committed)
	r.flowing()
}

// killAll kills each process the given number of times, in a random order, each
// time at work, and starts it again.
func (r *run) killAll(times int) {
	r.Helper()
	var victims []*process
	for range times {
		victims = append(victims, r.procs...)
	}
	r.rnd.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
	for i, p := range victims {
		r.working(p)
		behind := len(r.watch.lags(r.inputs()...))
		p.kill()
		r.Logf("fault %d: killed process %s after %d records, %d partitions behind", i+1, p.name, r.gen.produced.Load(), behind)
		p.start()
	}
	for _, p := range r.procs {
		r.working(p)
	}
}

// killAt lets process p die at a point of the commit, and starts it again. The
// program must be built with the tag failpoint.
func (r *run) killAt(p *process, point string) {
	r.Helper()
	r.working(p)
	p.kill()
	nth := 3 + r.rnd.IntN(10)
	p.start(fmt.Sprintf("ONCESTREAM_KILL=%s:%d", point, nth))
	err := p.gone()
	r.flowing()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		r.Fatalf("process %s ended before it came to %s: %v", p.name, point, err)
	}
	r.Logf("process %s died at %s, commit %d, after %d records", p.name, point, nth, r.gen.produced.Load())
	p.start()
	r.working(p)
}

// freeze stops process p for longer than the group waits for it, lets the
// others take over its work, and lets it go on: it believes that nothing
// happened.
func (r *run) freeze(p *process) {
	r.Helper()
	r.working(p)
	p.signal(syscall.SIGSTOP)
	r.until("the group to give the frozen process up", func() bool { return r.watch.members() == len(r.procs)-1 }, nil)
	at := r.watch.committed()[r.input]
	r.until("the others to take over all partitions", func() bool {
		return ahead(r.watch.committed()[r.input], at)
	}, r.committed)
	r.flowing()
	r.Logf("froze process %s, and let it go on after %d records", p.name, r.gen.produced.Load())
	p.signal(syscall.SIGCONT)
	r.until("the process to come back", func() bool { return r.watch.members() == len(r.procs) }, nil)
	r.working(p)
}

// ahead reports whether every partition of a topic is at a higher offset than
// before.
func ahead(now, before map[int32]kadm.Offset) bool {
	if len(now) < partitions {
		return false
	}
	for p, o := range now {
		if o.At <= before[p].At {
			return false
		}
	}
	return true
}

// doze stops process p until the broker has aborted its transaction, but not
// for as long as it takes to lose its membership: when it goes on, its tasks
// are still its own, and nothing but the answer to its next request tells it
// that its transaction is void.
func (r *run) doze(p *process) {
	r.Helper()
	r.working(p)
	p.signal(syscall.SIGSTOP)
	open := r.watch.transactions()
	r.until("the broker to abort the transaction of the stopped process", func() bool {
		now := r.watch.transactions()
		for id, start := range open {
			if now[id] == start {
				return false
			}
		}
		return true
	}, nil)
	r.flowing()
	r.Logf("stopped process %s for a moment, until %d records", p.name, r.gen.produced.Load())
	p.signal(syscall.SIGCONT)
	r.working(p)
}

// twin stops process p and starts another on a copy of its state directory, as
// an orchestrator does that has lost sight of a machine. When the first goes on
// there are two with one identity, and it's the older one that must not write
// any more.
func (r *run) twin(p *process) (older *process) {
	r.Helper()
	r.working(p)
	p.signal(syscall.SIGSTOP)
	p.started = false
	younger := r.newProcess(p.name + "-twin")
	if err := os.CopyFS(younger.stateDir, os.DirFS(p.stateDir)); err != nil {
		r.Fatal(err)
	}
	r.procs[slices.Index(r.procs, p)] = younger
	younger.start()
	r.working(younger)
	r.Logf("process %s has a twin, and goes on after %d records", p.name, r.gen.produced.Load())
	p.signal(syscall.SIGCONT)
	return p
}
