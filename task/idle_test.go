package task

import (
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// timeoutRig is a task of the topics a, with an idle timeout of 50 ms, and b, and a
// clock set by hand.
type timeoutRig struct {
	*Task
	t   *testing.T
	now time.Time
	// due is when something behind a is due; moved are the times that a was moved to.
	due   int64
	moved []int64
}

func newTimeoutRig(t *testing.T, metadata string) *timeoutRig {
	g := &timeoutRig{t: t, now: time.Unix(100, 0), due: plan.Never}
	var inputs []input
	for _, source := range []*plan.Source{{Node: "of a", Topic: "a", Idle: 50 * time.Millisecond}, {Node: "of b", Topic: "b"}} {
		inputs = append(inputs, input{source: source, tp: record.TopicPartition{Topic: source.Topic}, committed: kafka.Offset{Metadata: metadata}})
	}
	process := func(*record.Record) error { return nil }
	sub := &plan.SubTopology{Build: func(*plan.Env) (*plan.Chain, error) {
		return &plan.Chain{Inputs: map[string]plan.Input{
			"a": {Process: process, Due: func() int64 { return g.due }, Advance: g.advanced},
			"b": {Process: process},
		}}, nil
	}}
	task, err := newTask(plan.TaskID{}, sub, nil, inputs, Edges{Now: func() time.Time { return g.now }})
	if err != nil {
		t.Fatal(err)
	}
	g.Task = task
	return g
}

func (g *timeoutRig) advanced(to int64) error {
	g.moved, g.due = append(g.moved, to), plan.Never
	return nil
}

// pass lets the clock go on as a worker does, and then checks where a was moved to.
func (g *timeoutRig) pass(d time.Duration, want ...int64) {
	g.t.Helper()
	if _, err := g.Run(10); err != nil {
		g.t.Fatal(err)
	}
	g.now = g.now.Add(d)
	if _, err := g.Run(10); err != nil {
		g.t.Fatal(err)
	}
	if err := g.Punctuate(); err != nil {
		g.t.Fatal(err)
	}
	if !slices.Equal(g.moved, want) {
		g.t.Fatalf("moved to %v, want %v", g.moved, want)
	}
}

// wakes checks when the worker wakes up.
func (g *timeoutRig) wakes(in time.Duration, want bool) {
	g.t.Helper()
	at, ok := g.Due()
	if ok != want || ok && !at.Equal(g.now.Add(in)) {
		g.t.Fatalf("it wakes at %v (%v), want in %v (%v)", at, ok, in, want)
	}
}

func TestIdleTimeoutMoves(t *testing.T) {
	g := newTimeoutRig(t, "")
	a, b := g.queues[0], g.queues[1]
	g.due = 0
	g.pass(time.Hour) // the ends aren't known
	a.push(batchOf(0), 0, 0)
	b.push(batchOf(0), 0, 0)
	g.pass(time.Hour) // a has no time to go on from
	a.push(batchOf(0, 0, 1), 2, 2)
	g.due = plan.Never
	g.pass(time.Hour) // nothing is due
	g.wakes(0, false)
	a.push(batchOf(0, 2), 3, 3) // at 20
	g.due = 100
	g.pass(50 * time.Millisecond) // the timeout is over, but it's only 70
	g.wakes(30*time.Millisecond, true)
	b.push(batchOf(0), 0, 9) // a record that can't be read yet
	g.wakes(0, false)
	g.pass(time.Hour)
	b.push(batchOf(0), 9, 9) // which was aborted
	g.wakes(-time.Hour+30*time.Millisecond, true)
	want := 20 + 50 + time.Hour.Milliseconds()
	g.pass(0, want)
	g.wakes(0, false)
	if g.env.StreamTime != want {
		t.Errorf("stream time is %d, want %d", g.env.StreamTime, want)
	}
	g.due = 30 // which a record makes due
	a.push(batchOf(0, 3), 4, 4)
	g.pass(49*time.Millisecond, want)
	g.pass(time.Millisecond, want, 30+50)
	if a.moved != want {
		t.Errorf("%d is committed, which is before %d", a.moved, want)
	}
}

// The time is committed without a record, once.
func TestIdleTimeoutIsCommitted(t *testing.T) {
	g := newTimeoutRig(t, "")
	a := g.queues[0]
	a.push(batchOf(0, 1), 2, 2)
	g.queues[1].push(batchOf(0), 0, 0)
	g.pass(0)
	g.applied()
	g.due = 20
	g.stir()
	g.pass(50*time.Millisecond, 60)
	if !g.uncommitted() {
		t.Fatal("there's nothing to commit")
	}
	offsets := map[record.TopicPartition]kafka.Offset{}
	g.offsets(offsets)
	metadata := offsets[a.tp].Metadata
	if pt, _ := kafka.PartitionTime(metadata); len(offsets) != 1 || pt != 10 || kafka.IdleTime(metadata) != 60 {
		t.Errorf("committed %+v", offsets)
	}
	g.applied()
	if g.uncommitted() {
		t.Error("it's committed again")
	}
	if again := newTimeoutRig(t, metadata); again.queues[0].moved != 60 || again.env.MovedTo("of a") != 60 || again.env.StreamTime != 60 || again.uncommitted() {
		t.Errorf("the next task begins with %d, %d and %d", again.queues[0].moved, again.env.MovedTo("of a"), again.env.StreamTime)
	}
}
