package task

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

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
	// confirmed are the positions of the inputs' ends by their topics, and until when
	// brokers have confirmed them; nil where it needs none.
	confirmed map[string]confirmation
}

type confirmation struct {
	position int64
	at       time.Time
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
	task, err := newTask(plan.TaskID{}, sub, nil, inputs, Edges{Now: func() time.Time { return g.now }, Confirmed: g.confirmedAt})
	if err != nil {
		t.Fatal(err)
	}
	g.Task = task
	return g
}

func (g *timeoutRig) confirmedAt(tp record.TopicPartition, position int64) time.Time {
	if g.confirmed == nil {
		return g.now
	}
	if c := g.confirmed[tp.Topic]; c.position == position {
		return c.at
	}
	return time.Time{}
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

// The time moves as far as brokers have confirmed that no input had anything to read,
// and the worker doesn't spin until they do.
func TestIdleTimeoutNeedsConfirmation(t *testing.T) {
	g := newTimeoutRig(t, "")
	a, b := g.queues[0], g.queues[1]
	a.push(batchOf(0, 0, 1), 2, 2) // at 10
	b.push(batchOf(0, 0), 1, 1)
	g.confirmed = map[string]confirmation{}
	g.due = 20
	g.pass(50 * time.Millisecond)
	idle := g.now.Add(-50 * time.Millisecond)
	g.wakes(confirmWait, true) // nothing is known
	g.confirmed["a"] = confirmation{2, idle.Add(time.Hour)}
	g.pass(confirmWait) // nor of b
	g.wakes(confirmWait, true)
	g.confirmed["b"] = confirmation{0, idle.Add(time.Hour)}
	g.pass(confirmWait) // whose last record may not be the last
	g.confirmed["b"] = confirmation{1, idle.Add(50*time.Millisecond - 1)}
	g.pass(confirmWait) // which was before the timeout was over
	g.wakes(confirmWait, true)
	g.confirmed["b"] = confirmation{1, idle.Add(70 * time.Millisecond)}
	g.pass(confirmWait - 1) // it isn't looked at yet
	g.wakes(1, true)
	g.pass(1, 10+70)
	g.wakes(0, false)
	g.due = 100
	g.stir()
	g.pass(0, 80)
	g.wakes(confirmWait, true) // 90 ms after it fell silent wasn't confirmed
	g.confirmed["b"] = confirmation{1, g.now.Add(2 * confirmWait)}
	g.pass(confirmWait, 80, 10+g.now.Add(confirmWait).Sub(idle).Milliseconds()) // the clock is a bound, too
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
	if pt, _ := kafka.PartitionTime(metadata); len(offsets) != 1 || pt != 10 || kafka.IdleTime(metadata, "a") != 60 {
		t.Errorf("committed %+v", offsets)
	}
	g.applied()
	if g.uncommitted() {
		t.Error("it's committed again")
	}
	// Kafka Streams would have written the entry beside the offset of b as well.
	again := newTimeoutRig(t, metadata)
	if again.queues[1].moved != -1 || again.env.MovedTo("of b") != -1 {
		t.Errorf("the other input begins with %d and %d", again.queues[1].moved, again.env.MovedTo("of b"))
	}
	if again.queues[0].moved != 60 || again.env.MovedTo("of a") != 60 || again.env.StreamTime != 60 || again.uncommitted() {
		t.Errorf("the next task begins with %d, %d and %d", again.queues[0].moved, again.env.MovedTo("of a"), again.env.StreamTime)
	}
}

// A worker's tasks ask its fetcher, for which a partition isn't silent while its
// fetches fail.
func TestIdleTimeoutWithoutLeader(t *testing.T) {
	g := newRig(t, 1)
	w := g.opened()
	task := w.tasks[0]
	g.until(w, func() bool { return !task.queues[0].lagging() })
	failed := make(chan struct{}, 1)
	g.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		g.KeepControl()
		select {
		case failed <- struct{}{}:
		default:
		}
		return nil, errors.New("closed by the test"), true
	})
	began := time.Now()
	<-failed // whatever came before has been taken in
	certain := task.certain(time.Now())
	for range 3 {
		<-failed
	}
	if again := task.certain(time.Now()); !again.Equal(certain) || certain.IsZero() || certain.After(began) {
		t.Errorf("silent until %v, and until %v when fetches had failed since %v", certain, again, began)
	}
}
