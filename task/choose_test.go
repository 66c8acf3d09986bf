package task

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/record"
)

// idleRig is a task of two topics with a clock set by hand.
type idleRig struct {
	*Task
	t   *testing.T
	now time.Time
	got []string
}

func newIdleRig(t *testing.T, maxIdle time.Duration) *idleRig {
	g := &idleRig{t: t, now: time.Unix(100, 0)}
	g.Task = newTestTask(t, func(topic string, r *record.Record) error {
		g.got = append(g.got, fmt.Sprint(topic, r.Offset))
		return nil
	}, "a", "b")
	g.maxIdle, g.env.Now = maxIdle, func() time.Time { return g.now }
	return g
}

// expect runs the task, and then checks all that was processed.
func (g *idleRig) expect(want ...string) {
	g.t.Helper()
	if _, err := g.Run(10); err != nil {
		g.t.Fatal(err)
	}
	if !slices.Equal(g.got, want) {
		g.t.Fatalf("processed %v, want %v", g.got, want)
	}
}

func TestTaskIdles(t *testing.T) {
	g := newIdleRig(t, 50*time.Millisecond)
	a, b := g.queues[0], g.queues[1]
	b.push(batchOf(0), 0, 0) // b is known to be empty
	g.now = g.now.Add(time.Hour)
	g.expect()
	a.push(batchOf(0, 0, 1), 2, 2)
	g.expect() // the wait begins now: nothing has waited for b before
	if want := g.now.Add(50 * time.Millisecond); !g.idleUntil.Equal(want) {
		t.Fatalf("idles until %s, want %s", g.idleUntil, want)
	}
	g.now = g.now.Add(49 * time.Millisecond)
	g.expect()
	b.push(batchOf(5, 0), 1, 1)
	g.expect("a0", "b0") // and then it waits for b again, with a1
	g.now = g.now.Add(49 * time.Millisecond)
	g.expect("a0", "b0")
	g.now = g.now.Add(time.Millisecond)
	g.expect("a0", "b0", "a1")
	if !g.idleUntil.IsZero() {
		t.Error("a task without records idles")
	}
	a.push(batchOf(0, 2), 3, 3)
	g.expect("a0", "b0", "a1", "a2") // the wait for b was over, and b had nothing since
}

// Idle time doesn't pass while a partition is known to have records.
func TestTaskIdlesBehindLag(t *testing.T) {
	g := newIdleRig(t, 50*time.Millisecond)
	a, b := g.queues[0], g.queues[1]
	a.push(batchOf(0, 0), 1, 1)
	b.push(batchOf(0), 0, 0)
	g.expect()
	b.push(batchOf(0), 0, 1) // a record that can't be read yet
	g.now = g.now.Add(time.Hour)
	g.expect()
	if !g.idleUntil.IsZero() {
		t.Error("a task idles that waits for a record")
	}
	b.push(batchOf(0), 1, 1) // which was aborted
	g.expect()
	g.now = g.now.Add(50 * time.Millisecond)
	g.expect("a0")
}

func TestTaskNeverIdles(t *testing.T) {
	g := newIdleRig(t, -1)
	g.queues[0].push(batchOf(0, 0), 1, 1)
	g.expect("a0") // though b's end isn't known
	g.queues[1].push(batchOf(0), 0, 9)
	g.queues[0].push(batchOf(0, 1), 2, 2)
	g.expect("a0", "a1") // though b lags
}
