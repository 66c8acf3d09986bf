//go:build unix

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream/test/chaos/audit"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// run is one application of several processes, with its topics.
type run struct {
	*testing.T
	settings
	addr                  string
	name                  string // of the workload
	workload              audit.Workload
	app                   string
	input, input2, output string
	watch                 *watcher
	dir                   string // of logs and state
	bin                   string
	env                   []string
	procs                 []*process
	gen                   *generator
	rnd                   *rand.Rand
	// stopGen ends the flow; flowed tells how it went.
	stopGen context.CancelFunc
	flowed  chan error
}

// newRun makes the topics, the table and the processes of a workload, and
// starts nothing yet.
func newRun(t *testing.T, s settings, bin, workload string, n int, env ...string) *run {
	t.Helper()
	w, err := audit.Lookup(workload)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{
		T: t, settings: s, addr: kafkatest.Shared(t), name: workload, workload: w, bin: bin, env: env,
		app: kafkatest.Unique("chaos-" + workload),
		rnd: rand.New(rand.NewPCG(s.seed, 2)),
	}
	r.watch = newWatcher(t, r.addr, r.app)
	r.input, r.output = r.app+"-in", r.app+"-out"
	kafkatest.CreateTopic(t, r.addr, r.input, partitions, nil)
	kafkatest.CreateTopic(t, r.addr, r.output, partitions, nil)
	r.gen = newGenerator(kafkatest.Client(t, r.addr, kgo.ProducerLinger(5*time.Millisecond)), r.input, workload, s)
	if w.Table {
		r.input2 = r.app + "-table"
		kafkatest.CreateTopic(t, r.addr, r.input2, partitions, nil)
		kafkatest.Produce(t, r.addr, r.gen.table(r.input2)...)
	}
	r.dir = t.TempDir()
	for i := range n {
		r.procs = append(r.procs, r.newProcess(fmt.Sprint(i)))
	}
	return r
}

// newProcess makes a process with a state directory of its own.
func (r *run) newProcess(name string) *process {
	state := filepath.Join(r.dir, "state-"+name)
	p := &process{t: r.T, name: name, bin: r.bin, env: r.env, dir: r.dir, stateDir: state, args: r.args(state)}
	r.Cleanup(p.end)
	return p
}

// args is the command line of a process.
func (r *run) args(stateDir string) []string {
	args := []string{"run", "-workload", r.name, "-brokers", r.addr, "-application-id", r.app,
		"-input", r.input, "-output", r.output, "-state-dir", stateDir, "-workers", "1", "-commit-interval", "100ms",
		"-guarantee", "exactly_once_v2", "-session-timeout", r.session.String(), "-metrics-addr", "127.0.0.1:0", "-log", "info"}
	if r.input2 != "" {
		args = append(args, "-input2", r.input2)
	}
	return args
}

// start starts all processes and the input.
func (r *run) start() {
	r.Helper()
	for _, p := range r.procs {
		p.start()
	}
	r.startInput()
}

// startInput lets the input flow until stopInput.
func (r *run) startInput() {
	ctx, cancel := context.WithCancel(r.Context())
	flowed := make(chan error, 1)
	r.stopGen, r.flowed = cancel, flowed
	go func() { flowed <- r.gen.flow(ctx, r.records) }()
	r.Cleanup(cancel)
}

// stopInput ends the flow and waits until all of it is in the topic.
func (r *run) stopInput() {
	r.Helper()
	r.stopGen()
	if err := <-r.flowed; err != nil {
		r.Fatal(err)
	}
}

// flowing fails the test if the input has ended: a fault without input proves
// nothing.
func (r *run) flowing() {
	r.Helper()
	select {
	case err := <-r.flowed:
		r.Fatalf("the input has ended before the faults: %v", err)
	default:
	}
}

// until waits for a condition. What moves is a number that changes as long as
// there's hope; the test fails when it stands still for too long, or when a
// process is gone that nobody has killed. With a nil moves the condition itself
// must come true within that time.
func (r *run) until(what string, ok func() bool, moves func() int64) {
	r.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	idle := time.NewTimer(patience)
	defer idle.Stop()
	if moves == nil {
		moves = func() int64 { return 0 }
	}
	last := moves()
	for !ok() {
		r.alive()
		if now := moves(); now != last {
			last = now
			idle.Reset(patience)
		}
		select {
		case <-tick.C:
		case <-idle.C:
			r.Fatalf("waited for %s, and nothing has moved for %s (at %d)", what, patience, last)
		}
	}
}

// alive fails the test if a process has ended by itself.
func (r *run) alive() {
	r.Helper()
	for _, p := range r.procs {
		if p.started && !p.running() {
			r.Fatalf("process %s has ended by itself: %v", p.name, p.exit)
		}
	}
}

// committed returns the sum of the group's committed offsets.
func (r *run) committed() int64 { return sum(r.watch.committed()) }

// inputs returns the topics that the group commits offsets of.
func (r *run) inputs() []string {
	topics := []string{r.input}
	if r.input2 != "" {
		topics = append(topics, r.input2)
	}
	if r.workload.Repartition != "" {
		topics = append(topics, r.app+"-"+r.workload.Repartition)
	}
	return topics
}

// drain waits until the group has committed the ends of all its topics.
func (r *run) drain() {
	r.Helper()
	r.until("the group to reach the end of its input", func() bool { return len(r.watch.lags(r.inputs()...)) == 0 }, r.committed)
}

// stop ends all processes gracefully.
func (r *run) stop() {
	r.Helper()
	for _, p := range r.procs {
		r.stopOne(p)
	}
}

func (r *run) stopOne(p *process) {
	r.Helper()
	r.alive()
	p.signal(syscall.SIGTERM)
	if err := p.gone(); err != nil {
		r.Fatalf("process %s after SIGTERM: %v", p.name, err)
	}
}

// audit compares everything that was written with the input.
func (r *run) audit() *audit.Report {
	r.Helper()
	if open := kafkatest.OpenProducers(r, r.addr, r.written()...); len(open) > 0 {
		r.Errorf("transactions were left open: %+v", open)
	}
	if left := r.watch.lags(r.inputs()...); len(left) > 0 {
		r.Errorf("the group isn't at the end of its input:\n%s", strings.Join(left, "\n"))
	}
	m := r.workload.New()
	if r.input2 != "" {
		r.read(r.input2, m.Table)
	}
	r.read(r.input, m.Input)
	r.read(r.output, accept(m.Output))
	if r.workload.Store != "" {
		r.read(r.changelog(), accept(m.Changelog))
	}
	rep := m.Report()
	r.Logf("%s: %s", r.name, rep)
	return rep
}

// written returns the topics that the application writes to.
func (r *run) written() []string {
	topics := []string{r.output}
	if r.workload.Store != "" {
		topics = append(topics, r.changelog())
	}
	if r.workload.Repartition != "" {
		topics = append(topics, r.app+"-"+r.workload.Repartition)
	}
	return topics
}

func (r *run) changelog() string { return r.app + "-" + r.workload.Store + "-changelog" }

// read hands a topic's committed records to the model.
func (r *run) read(topic string, each func(audit.Record) error) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 2*patience)
	defer cancel()
	if err := audit.Read(ctx, strings.Split(r.addr, ","), topic, each); err != nil {
		r.Fatal(err)
	}
}

func accept(f func(audit.Record)) func(audit.Record) error {
	return func(rec audit.Record) error {
		f(rec)
		return nil
	}
}
