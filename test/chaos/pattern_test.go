//go:build unix

package chaos

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// leaderDeaths are the points at which a leader dies that has to do with a new topic,
// in their order: see the table of topics of patterns in docs/design.md. The empty one
// is a death before there's the topic.
func leaderDeaths() []string {
	return []string{"", "pattern.discovered", "pattern.joining", "pattern.balanced", "assignment.revoked", "assignment.begun"}
}

// TestLeaderOfPatternDies lets the leader of a group that reads the topics of a pattern
// die over each new topic. Started again at once, as a static member, it goes on as the
// leader; else the other process has to take everything over.
func TestLeaderOfPatternDies(t *testing.T) {
	s := readSettings(t)
	s.session = 2 * time.Second
	kafkatest.Shared(t)
	bin := buildProgram(t, "failpoint", "test/chaos/app")
	t.Run("static, started again", func(t *testing.T) {
		t.Parallel()
		r := newPatternRun(t, s, bin)
		for _, point := range leaderDeaths() {
			dead := r.leaderDies(point)
			dead.start()
			r.settle()
		}
		r.exactCounts()
	})
	t.Run("static, taken over", func(t *testing.T) {
		t.Parallel()
		newPatternRun(t, s, bin).takenOver(leaderDeaths()...)
	})
	t.Run("dynamic, taken over", func(t *testing.T) {
		t.Parallel()
		newPatternRun(t, s, bin, "-dynamic").takenOver("pattern.discovered", "pattern.balanced")
	})
}

// patternRun is an application of two processes that count the records of each key in
// all topics of a pattern. The first of the processes leads the group.
type patternRun struct {
	*run
	prefix string
	topics []string
	// sent is how many records of each key there are.
	sent int
}

func newPatternRun(t *testing.T, s settings, bin string, more ...string) *patternRun {
	t.Helper()
	addr, app := kafkatest.Shared(t), kafkatest.Unique("chaos-pattern")
	r := &patternRun{prefix: app + "-in-", run: &run{
		T: t, settings: s, addr: addr, app: app, watch: newWatcher(t, addr, app), output: app + "-out", dir: t.TempDir(), bin: bin,
	}}
	kafkatest.CreateTopic(t, addr, r.output, patternPartitions, nil)
	r.topic()
	r.send(5)
	for _, name := range []string{"a", "b"} {
		p := r.newProcess(name)
		p.args = append([]string{"-topology", "pattern", "-brokers", addr, "-application-id", app, "-input", r.prefix + ".*",
			"-output", r.output, "-state-dir", p.stateDir, "-session-timeout", s.session.String(), "-discovery-interval", "50ms"}, more...)
		p.env = []string{"ONCESTREAM_KILL=@" + r.order(p)}
		r.procs = append(r.procs, p)
		p.start()
		// Who is alone in the group leads it.
		r.until("process "+name+" to join", func() bool { return r.watch.members() == len(r.procs) }, nil)
	}
	r.atRest()
	return r
}

const patternPartitions = 4

// order is the path of the file that tells a process where to die.
func (r *patternRun) order(p *process) string { return filepath.Join(r.dir, "kill-"+p.name) }

// topic creates the next topic of the pattern.
func (r *patternRun) topic() {
	r.Helper()
	name := fmt.Sprint(r.prefix, len(r.topics))
	kafkatest.CreateTopic(r, r.addr, name, patternPartitions, nil)
	r.topics = append(r.topics, name)
}

// send sends n records of each key to each topic.
func (r *patternRun) send(n int) {
	r.Helper()
	var rs []*kgo.Record
	for range n {
		for _, topic := range r.topics {
			for k := range 10 {
				rs = append(rs, &kgo.Record{Topic: topic, Key: key(k), Value: []byte("x")})
			}
			r.sent++
		}
	}
	kafkatest.Produce(r, r.addr, rs...)
}

// leaderDies has the leader die at a point, over a new topic with records, and returns
// it.
func (r *patternRun) leaderDies(point string) *process {
	r.Helper()
	leader := r.procs[0]
	leader.started = false
	if point == "" {
		leader.kill()
		r.topic()
		r.send(5)
		return leader
	}
	if err := os.WriteFile(r.order(leader), []byte(point), 0o600); err != nil {
		r.Fatal(err)
	}
	r.topic()
	r.send(5)
	r.until("process "+leader.name+" to come to "+point, func() bool { return !leader.running() || r.done() }, r.committed)
	if os.Remove(r.order(leader)) == nil {
		// On a slow machine it may have lost its session, and the group has come to the
		// topic without it: so the other one leads.
		leader.started = true
		slices.Reverse(r.procs)
		return r.leaderDies(point)
	}
	err := leader.gone()
	if status, ok := leader.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		r.Fatalf("process %s ended before it came to %s: %v", leader.name, point, err)
	}
	r.Logf("process %s died at %s", leader.name, point)
	return leader
}

// takenOver has leaders die at points. The other process has to go on alone, and leads
// when the dead one comes back.
func (r *patternRun) takenOver(points ...string) {
	r.Helper()
	for _, point := range points {
		dead := r.leaderDies(point)
		r.settle()
		slices.Reverse(r.procs)
		dead.start()
		r.atRest()
	}
	r.exactCounts()
}

// done returns whether the group has processed all topics.
func (r *patternRun) done() bool { return len(r.watch.lags(r.topics...)) == 0 }

// settle sends more records to all topics, and waits until everything is processed.
func (r *patternRun) settle() {
	r.Helper()
	r.send(5)
	r.until("the group to reach the end of its input", r.done, r.committed)
}

// atRest waits until both processes are members and have processed everything.
func (r *patternRun) atRest() {
	r.Helper()
	r.until("both processes to be members", func() bool { return r.watch.members() == len(r.procs) }, nil)
	r.settle()
}

// exactCounts stops the processes and requires that the counts of each key are 1, 2
// and so on up to the number of its records.
func (r *patternRun) exactCounts() {
	r.Helper()
	r.stop()
	counts := map[string]uint64{}
	for _, rec := range kafkatest.ConsumeAll(r, r.addr, r.output) {
		counts[string(rec.Key)]++
		if got := binary.BigEndian.Uint64(rec.Value); got != counts[string(rec.Key)] {
			r.Fatalf("the count %d of %s is %d", counts[string(rec.Key)], rec.Key, got)
		}
	}
	for k := range 10 {
		if got := counts[string(key(k))]; got != uint64(r.sent) {
			r.Errorf("the last count of %s is %d, want %d", key(k), got, r.sent)
		}
	}
}
